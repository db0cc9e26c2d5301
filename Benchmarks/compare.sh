#!/bin/bash
# Drives two builds of the gateway with the same load, in alternating rounds, and prints the CPU per payment of each and
# their ratio: the only comparison of two commits that a shared machine permits.
# Usage: compare.sh OLD-BINARY NEW-BINARY
# Environment: RATE (5000/s), DURATION (10s), ROUNDS (6), CONNECTIONS (8), LOOPS (1)
set -euo pipefail
old=$(realpath "$1")
new=$(realpath "$2")
rate=${RATE:-5000}
duration=${DURATION:-10s}
rounds=${ROUNDS:-6}

# shellcheck source=Benchmarks/processes.sh
source "$(dirname "$0")/processes.sh"

start() { # NAME BINARY: starts a gateway with a simulator of its own
    "$2" certs --out "$work/$1-certs" >/dev/null
    "$2" demo --data "$work/$1" --certs "$work/$1-certs" --port 0 --admin-port 0 --psp-port 0 --loops "${LOOPS:-1}" \
        >"$work/$1.log" 2>&1 &
    local pid=$!
    pids+=("$pid")
    until_file "$work/$1/demo.json" "$pid" "$work/$1.log"
}
start old "$old"
start new "$new"

load() { # NAME ROUND: the load generator is the new build's in both cases
    "$new" load --scenario bench-payments --demo "$work/$1/demo.json" --rate "$rate" --duration "$duration" \
        --connections "${CONNECTIONS:-8}" --report "$work/$1-round-$2" >"$work/$1-round-$2.txt" 2>&1 \
        || { echo "compare: $1 failed in round $2" >&2; tail -15 "$work/$1-round-$2.txt" >&2; exit 1; }
}
# One round of each that does not count: the first fills caches and connections.
for name in old new; do load "$name" warm; done
for round in $(seq "$rounds"); do
    # Who is first alternates, too.
    if [ $((round % 2)) = 0 ]; then order="old new"; else order="new old"; fi
    for name in $order; do load "$name" "$round"; done
done

python3 - "$work" "$rounds" <<'PYTHON'
import json, pathlib, statistics, sys

work, rounds = pathlib.Path(sys.argv[1]), int(sys.argv[2])


def cpu(name, number):
    report = json.loads((work / f"{name}-round-{number}" / "report.json").read_text())
    return next(e["microseconds_per_request"] for e in report["cpu"] if e["process"] == "gateway")


old = [cpu("old", n) for n in range(1, rounds + 1)]
new = [cpu("new", n) for n in range(1, rounds + 1)]
print("CPU in us per payment (user and system, from the OS), round by round")
for name, values in (("old", old), ("new", new)):
    print(f"{name}: {' '.join(f'{v:.1f}' for v in values)}  median {statistics.median(values):.1f}")
ratios = sorted(n / o for o, n in zip(old, new))
print(f"new / old: median of the rounds' ratios {statistics.median(ratios):.3f} (from {ratios[0]:.3f} to {ratios[-1]:.3f})")
PYTHON
