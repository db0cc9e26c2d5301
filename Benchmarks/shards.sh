#!/bin/bash
# Drives one build of the gateway with one shard and with many (of one log for each loop), with the same load, in alternating rounds,
# and prints CPU and flushes per payment of each and their ratios: what more shards cost.
# Usage: shards.sh BINARY
# Environment: MANY (16 shards), RATE (5000/s), DURATION (10s), ROUNDS (6), CONNECTIONS (8), LOOPS (1)
set -euo pipefail
binary=$(realpath "$1")
many=${MANY:-16}
rate=${RATE:-5000}
duration=${DURATION:-10s}
rounds=${ROUNDS:-6}

# shellcheck source=Benchmarks/processes.sh
source "$(dirname "$0")/processes.sh"

start() { # NAME SHARDS: starts a gateway with a simulator of its own
    "$binary" certs --out "$work/$1-certs" >/dev/null
    "$binary" demo --data "$work/$1" --certs "$work/$1-certs" --port 0 --admin-port 0 --psp-port 0 \
        --loops "${LOOPS:-1}" --shards "$2" >"$work/$1.log" 2>&1 &
    local pid=$!
    pids+=("$pid")
    until_file "$work/$1/demo.json" "$pid" "$work/$1.log"
}
start one 1
start many "$many"

metrics() { # NAME FILE: what the gateway counts now
    local admin
    admin=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["admin_url"])' "$work/$1/demo.json")
    curl --silent --show-error --fail "$admin/metrics" >"$2"
}

load() { # NAME ROUND
    metrics "$1" "$work/$1-before-$2"
    "$binary" load --scenario bench-payments --demo "$work/$1/demo.json" --rate "$rate" --duration "$duration" \
        --connections "${CONNECTIONS:-8}" --report "$work/$1-round-$2" >"$work/$1-round-$2.txt" 2>&1 \
        || { echo "shards: $1 failed in round $2" >&2; tail -15 "$work/$1-round-$2.txt" >&2; exit 1; }
    metrics "$1" "$work/$1-after-$2"
}
# One round of each that does not count: the first fills caches and connections.
for name in one many; do load "$name" warm; done
for round in $(seq "$rounds"); do
    # Who is first alternates, too.
    if [ $((round % 2)) = 0 ]; then order="one many"; else order="many one"; fi
    for name in $order; do load "$name" "$round"; done
done

python3 - "$work" "$rounds" "$many" <<'PYTHON'
import json, pathlib, statistics, sys

work, rounds, many = pathlib.Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]


def total(path, metric):
    lines = (line for line in path.read_text().splitlines() if line.startswith((metric + "{", metric + " ")))
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines)


def grown(name, number, metric):
    return total(work / f"{name}-after-{number}", metric) - total(work / f"{name}-before-{number}", metric)


def cpu(name, number):
    report = json.loads((work / f"{name}-round-{number}" / "report.json").read_text())
    return next(e["microseconds_per_request"] for e in report["cpu"] if e["process"] == "gateway")


def flushes(name, number):
    return grown(name, number, "millrace_journal_flushes_total") / grown(name, number, "millrace_payments_created_total")


for title, figure in (("CPU in us per payment (user and system, from the OS)", cpu), ("flushes per payment", flushes)):
    print(f"{title}, round by round")
    values = {name: [figure(name, n) for n in range(1, rounds + 1)] for name in ("one", "many")}
    for name, shards in (("one", "1"), ("many", many)):
        text = " ".join(f"{value:.3g}" for value in values[name])
        print(f"{shards} shards: {text}  median {statistics.median(values[name]):.4g}")
    ratios = sorted(m / o for o, m in zip(values["one"], values["many"]))
    print(f"{many} / 1: median of the rounds' ratios {statistics.median(ratios):.3f} (from {ratios[0]:.3f} to {ratios[-1]:.3f})")
PYTHON
