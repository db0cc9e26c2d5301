#!/bin/sh
# Prints the commit of this clone, "-dirty" behind it if tracked files were changed; nothing where there is no clone.
cd "$(dirname "$0")/.." || exit 1
[ -e .git ] || exit 0
git describe --always --abbrev=12 --dirty --exclude='*' 2>/dev/null
