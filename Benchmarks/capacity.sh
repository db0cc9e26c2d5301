#!/bin/bash
# The figures of docs/capacity.md: the pause of a snapshot, a start from it, replay, memory with payments warm and cold.
# Usage: capacity.sh [PAYMENTS]      (default 10000000: 6 GB of memory, 8 GB of disk, some minutes)
set -euo pipefail
cd "$(dirname "$0")/.."
payments=${1:-10000000}
flags=(-c release --product snapshot-benchmark)
swift build "${flags[@]}"
work=$(mktemp -d "${TMPDIR:-/tmp}/millrace-capacity.XXXXXX")
trap 'rm -rf "$work"' EXIT
"$(swift build "${flags[@]}" --show-bin-path)/snapshot-benchmark" "$work" "$payments"
