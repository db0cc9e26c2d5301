#!/bin/bash
# What payments take in memory: fills a gateway of its own and prints what its process and its tables have grown by.
# Usage: memory.sh BINARY      (of a release build; `make bench` runs it, too)
# Environment: PAYMENTS (1000000, at most the shard's idempotency.capacity_per_shard), RATE (10000/s)
set -euo pipefail
binary=$(realpath "${1:-.build/release/millrace}")
cd "$(dirname "$0")/.."
payments=${PAYMENTS:-1000000}
rate=${RATE:-10000}
warm_up=3 # seconds, of the scenario

work=$(mktemp -d "${TMPDIR:-/tmp}/millrace-memory.XXXXXX")
demo=
stop() {
    [ -z "$demo" ] || kill -TERM "$demo" 2>/dev/null || true
    wait || true
    rm -rf "$work"
}
trap stop EXIT
"$binary" demo --data "$work" --port 0 --admin-port 0 --psp-port 0 --loops 1 >"$work/demo.log" 2>&1 &
demo=$!
until [ -s "$work/demo.json" ]; do
    kill -0 "$demo" 2>/dev/null || { cat "$work/demo.log" >&2; demo=; exit 69; }
    sleep 0.1
done
admin=$(python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["admin_url"])' "$work/demo.json")
gateway=$(python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["gateway_pid"])' "$work/demo.json")
resident() { awk '/^VmRSS/ {print $2 * 1024}' "/proc/$gateway/status"; }
metric() { curl -sf "$admin/metrics" | awk -v name="$1" '$1 == name || index($1, name "{") == 1 {sum += $2} END {printf "%.0f", sum}'; }

before=$(resident)
reserved=$(metric millrace_shard_reserved_bytes)
"$binary" load --demo "$work/demo.json" --scenario bench-payments --rate "$rate" \
    --duration "$((payments / rate - warm_up))s" --no-audit >"$work/load.log" 2>&1 || { tail -15 "$work/load.log" >&2; exit 1; }
python3 - "$(metric millrace_payments)" "$(metric millrace_idempotency_keys)" "$before" "$(resident)" "$reserved" \
    "$(metric millrace_shard_reserved_bytes)" <<'TEXT'
import sys
payments, keys, before, after, empty, full = (int(float(text)) for text in sys.argv[1:])
print(f"{payments:,} payments and {keys:,} idempotency keys")
print(f"resident memory of the gateway: {before / 1e6:,.0f} MB before, {after / 1e6:,.0f} MB after: {(after - before) / payments:,.0f} bytes a payment")
print(f"its tables (payments, keys, details): {empty / 1e6:,.0f} MB reserved before, {full / 1e6:,.0f} MB after: {(full - empty) / payments:,.0f} bytes a payment")
TEXT
