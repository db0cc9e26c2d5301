#!/bin/bash
# What the journal costs: bytes, syncs and CPU per payment, replay, the chain, encryption. Prints Markdown.
# Usage: journal.sh [DIRECTORY] [quick]      (a directory on the disk to be measured; default: a temporary one in .build)
set -euo pipefail
cd "$(dirname "$0")/.."
flags=(-c release --product journal-benchmark)
swift build "${flags[@]}" >&2
directory=${1:-.build/journal-benchmark}
mkdir -p "$directory"
exec "$(swift build "${flags[@]}" --show-bin-path)/journal-benchmark" "$directory" "${@:2}"
