# Sourced by the benchmarks that start processes of their own: `work` is their directory, `pids` are who they started.
# shellcheck shell=bash
work=$(mktemp -d "${TMPDIR:-/tmp}/millrace-bench.XXXXXX")
pids=()

stop() {
    for pid in "${pids[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
    wait || true
    rm -rf "$work"
}
trap stop EXIT

until_file() { # FILE PID LOG: waits until the file is there
    until [ -s "$1" ]; do
        kill -0 "$2" 2>/dev/null || { cat "$3" >&2; exit 69; }
        sleep 0.1
    done
}
