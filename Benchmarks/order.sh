#!/bin/bash
# Writes Sources/millrace/functions.order anew: the order in which the linker lays out the functions of the gateway
# (docs/performance.md). It counts the calls of a gateway under load with callgrind.
# Usage: order.sh BINARY        (a release build)
# Environment: RATE (300/s; callgrind is some fifty times as slow as the processor), SECONDS_COUNTED (8)
# Needs valgrind, and the ports 8443, 9464 and 9090.
set -euo pipefail
binary=$(realpath "$1")
rate=${RATE:-300}
here=$(realpath "$(dirname "$0")")
order=$here/../Sources/millrace/functions.order
command -v valgrind >/dev/null || { echo "order: valgrind is missing" >&2; exit 69; }

# shellcheck source=Benchmarks/processes.sh
source "$here/processes.sh"

# Without debug information: valgrind would read all of it.
strip --strip-debug -o "$work/millrace" "$binary"
"$binary" certs --out "$work/certs" >/dev/null
"$binary" demo --data "$work/demo" --certs "$work/certs" --loops 1 >"$work/demo.log" 2>&1 &
demo=$!
pids+=("$demo")
until_file "$work/demo/demo.json" "$demo" "$work/demo.log"
kill -INT "$demo"
wait "$demo" || true
rm -f "$work"/demo/*.ready.json

"$binary" psp --port 9090 --seed 1 --profile clean --ready-file "$work/demo/psp.ready.json" >"$work/psp.log" 2>&1 &
pids+=($!)
until_file "$work/demo/psp.ready.json" $! "$work/psp.log"
valgrind --tool=callgrind --instr-atstart=no --demangle=no --compress-strings=yes --callgrind-out-file="$work/calls" \
    "$work/millrace" serve --config "$work/demo/millrace.yaml" --ready-file "$work/demo/gateway.ready.json" \
    >"$work/gateway.log" 2>&1 &
gateway=$!
pids+=("$gateway")
until_file "$work/demo/gateway.ready.json" "$gateway" "$work/gateway.log"
"$binary" load --scenario bench-payments --demo "$work/demo/demo.json" --rate "$rate" --connections 8 \
    --duration "$((${SECONDS_COUNTED:-8} + 8))s" --report "$work/report" >"$work/load.txt" 2>&1 &
load=$!
sleep 6
callgrind_control -i on "$gateway" >/dev/null
sleep "${SECONDS_COUNTED:-8}"
callgrind_control -i off "$gateway" >/dev/null
# The report says nothing here: a gateway under callgrind is slow.
wait "$load" || true
kill -INT "$gateway"
wait "$gateway" || true
python3 "$here/order.py" "$work/calls" "$binary" >"$work/order"
mv "$work/order" "$order"
wc -l "$order"
