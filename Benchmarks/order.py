"""Orders functions so that those which call each other often stand side by side: call-chain clustering, as in Ottoni and
Maher, "Optimizing Function Placement for Large-Scale Data-Center Applications" (CGO 2017).
Usage: order.py CALLGRIND-OUTPUT BINARY; prints one symbol a line."""

import re
import subprocess
import sys
from collections import Counter

# A cluster larger than this gains nothing: it is many pages anyhow.
MAXIMUM_BYTES = 1 << 20
# The busiest function (a retain or a release) is called about a thousand times a payment.
MOST_CALLS_A_PAYMENT = 1_000
# A function that is called once in more payments than this is not ordered.
RARELY = 50


def read_calls(path):
    """Calls by (caller, callee), from callgrind's format: names are given once and numbered from then on."""
    names, calls = {}, Counter()
    caller = callee = None

    def name(text):
        number, rest = re.match(r"\((\d+)\)(?: (.*))?$", text).groups()
        if rest:
            names[number] = re.sub(r"'\d+$", "", rest)
        return names[number]

    with open(path) as lines:
        for line in lines:
            if line.startswith("fn="):
                caller = name(line[3:].rstrip("\n"))
            elif line.startswith("cfn="):
                callee = name(line[4:].rstrip("\n"))
            elif line.startswith("calls="):
                calls[caller, callee] += int(line[6:].split()[0])
    return calls


def read_sizes(binary):
    lines = subprocess.run(["nm", "--print-size", binary], capture_output=True, text=True, check=True).stdout.splitlines()
    parts = (line.split() for line in lines)
    return {part[3]: int(part[1], 16) for part in parts if len(part) == 4 and part[2] in "tTwW"}


def clusters(calls, sizes):
    """Appends each function, the most called first, to the cluster of whoever calls it most."""
    weights, callers = Counter(), {}
    for (caller, callee), count in calls.items():
        if callee not in sizes:
            continue
        weights[callee] += count
        if caller in sizes and caller != callee and count > callers.get(callee, (0, None))[0]:
            callers[callee] = (count, caller)
    least = max(weights.values(), default=0) / MOST_CALLS_A_PAYMENT / RARELY
    members = {function: [function] for function, weight in weights.items() if weight >= least}
    home = {function: function for function in members}
    bytes_of = {function: sizes[function] for function in members}
    for function in sorted(members, key=lambda f: (-weights[f], f)):
        caller = callers.get(function, (0, None))[1]
        if caller not in home or home[caller] == home[function]:
            continue
        into, moved = home[caller], home[function]
        if bytes_of[into] + bytes_of[moved] > MAXIMUM_BYTES:
            continue
        for member in members[moved]:
            home[member] = into
        members[into] += members.pop(moved)
        bytes_of[into] += bytes_of.pop(moved)
    density = {name: sum(weights[m] for m in group) / max(1, bytes_of[name]) for name, group in members.items()}
    return [members[name] for name in sorted(members, key=lambda name: (-density[name], name))]


def main():
    calls = read_calls(sys.argv[1])
    for group in clusters(calls, read_sizes(sys.argv[2])):
        print("\n".join(group))


main()
