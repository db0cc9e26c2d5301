#!/bin/bash
# Drives the baseline proxies and the gateway with the same load, round by round, and prints what each costs: CPU per
# request from the OS (/proc/PID/stat, user and system), medians over the rounds, as ratios to the bare-frame proxy.
# Usage: run.sh BINARY      (of a release build; `make bench` makes it)
# Environment: RATE (5000/s), DURATION (10s), ROUNDS (3), CONNECTIONS (8), LOOPS (the gateway's, 1 as the proxies have)
set -euo pipefail
binary=$(realpath "${1:-.build/release/millrace}")
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
rate=${RATE:-5000}
duration=${DURATION:-10s}
rounds=${ROUNDS:-3}
connections=${CONNECTIONS:-8}
loops=${LOOPS:-1}

say() { echo "bench: $*" >&2; }
# shellcheck source=Benchmarks/processes.sh
source Benchmarks/processes.sh

say "building the baselines"
swift build -c release --static-swift-stdlib --package-path Benchmarks >&2
proxies=$(swift build -c release --static-swift-stdlib --package-path Benchmarks --show-bin-path)

say "starting the simulator, the proxies, and the gateway with a simulator of its own"
"$binary" certs --out "$work/certs" >/dev/null
"$binary" psp --port 0 --ready-file "$work/psp.json" >"$work/psp.log" 2>&1 &
psp=$!
pids+=("$psp")
until_file "$work/psp.json" "$psp" "$work/psp.log"
psp_port=$(python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["port"])' "$work/psp.json")

proxy() { # NAME: starts it; sets port and pid
    # The proxies print their port when they are ready.
    "$proxies/$1" --listen 0 --upstream-port "$psp_port" --certificate "$work/certs/server.pem" \
        --private-key "$work/certs/server.key" --connections 4 >"$work/$1.out" 2>"$work/$1.log" &
    pid=$!
    pids+=("$pid")
    until_file "$work/$1.out" "$pid" "$work/$1.log"
    port=$(sed -n 's/^ready //p' "$work/$1.out")
}
proxy bare-frame-proxy; bare_pid=$pid; bare_port=$port
proxy per-stream-proxy; stream_pid=$pid; stream_port=$port

gateway=
if "$binary" demo --help >/dev/null 2>&1; then
    "$binary" demo --data "$work/demo" --certs "$work/certs" --port 0 --admin-port 0 --psp-port 0 --loops "$loops" \
        >"$work/demo.log" 2>&1 &
    gateway=$!
    pids+=("$gateway")
    until_file "$work/demo/demo.json" "$gateway" "$work/demo.log"
fi

results=Benchmarks/results/$(date -u +%Y%m%dT%H%M%SZ)
mkdir -p "$results"
load() { # TARGET ROUND ARGUMENTS...
    local name=$1 round=$2
    shift 2
    say "round $round: $name"
    "$binary" load "$@" --rate "$rate" --duration "$duration" --connections "$connections" \
        --report "$results/$name-$round" >"$results/$name-$round.txt" 2>&1 \
        || { say "$name failed in round $round:"; tail -15 "$results/$name-$round.txt" >&2; }
}
for round in $(seq "$rounds"); do
    load bare-frame-proxy "$round" --scenario raw-charges --target "https://localhost:$bare_port" \
        --ca "$work/certs/ca.pem" --process "server=$bare_pid" --process "simulator=$psp"
    load per-stream-proxy "$round" --scenario raw-charges --target "https://localhost:$stream_port" \
        --ca "$work/certs/ca.pem" --process "server=$stream_pid" --process "simulator=$psp"
    [ -z "$gateway" ] || load gateway "$round" --scenario bench-payments --demo "$work/demo/demo.json"
done
python3 Benchmarks/table.py "$results" | tee "$results/table.txt"
