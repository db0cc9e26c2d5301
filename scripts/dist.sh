#!/bin/sh
# A release binary without symbols, and its symbols in a file beside it.
# Usage: dist.sh BINARY DIRECTORY
set -eu

binary=$1
out=$2
name=$(basename "$binary")
mkdir -p "$out"
cp "$binary" "$out/$name.whole"
objcopy --only-keep-debug "$out/$name.whole" "$out/$name.debug"
objcopy --strip-all "$out/$name.whole" "$out/$name"
# The link names the symbols by file name and checksum: backtraces find them in the binary's own directory.
(cd "$out" && objcopy --add-gnu-debuglink="$name.debug" "$name")
rm "$out/$name.whole"
"$out/$name" --version
(cd "$out" && ls -l "$name" "$name.debug")
