#!/bin/bash
# Runs a demo of its own on free ports, puts it under load, audits it, and stops it. The exit status is the harness's.
# Usage: load.sh BINARY SCENARIO [ARGUMENTS OF millrace load ...]
set -euo pipefail
binary=$1
scenario=$2
shift 2
data=$(mktemp -d "${TMPDIR:-/tmp}/millrace-load.XXXXXX")
report=loadtest/results/$(date -u +%Y%m%dT%H%M%SZ)-$(basename "$scenario" .yaml)
demo=
stop() {
    if [ -n "$demo" ]; then
        kill -TERM "$demo" 2>/dev/null || true
        wait "$demo" || true
    fi
    rm -rf "$data"
}
trap stop EXIT

# shellcheck disable=SC2086 # arguments
"$binary" demo --data "$data" --port 0 --admin-port 0 --psp-port 0 ${DEMO:-} >"$data/demo.log" 2>&1 &
demo=$!
until [ -f "$data/demo.json" ]; do
    kill -0 "$demo" 2>/dev/null || { cat "$data/demo.log" >&2; demo=; exit 69; }
    sleep 0.1
done
"$binary" load --demo "$data/demo.json" --scenario "$scenario" --report "$report" "$@"
