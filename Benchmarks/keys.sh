#!/bin/bash
# The figures of docs/capacity.md, "Idempotency keys": memory and disk of a key in runs, building, merging, look-ups, restart.
# Usage: keys.sh [MILLIONS] [SHARDS]      (default 200 4: 1 GB of memory, 15 GB of disk, some minutes)
# The files are made below TMPDIR and removed at the end. Never pass a directory with data in TMPDIR.
set -euo pipefail
cd "$(dirname "$0")/.."
millions=${1:-200}
shards=${2:-4}
flags=(-c release --static-swift-stdlib --product key-benchmark)
swift build "${flags[@]}"
work=$(mktemp -d "${TMPDIR:-/tmp}/millrace-keys.XXXXXX")
trap 'rm -rf "$work"' EXIT
nice -n 19 "$(swift build "${flags[@]}" --show-bin-path)/key-benchmark" "$work" "$millions" "$shards"
