#!/bin/sh
# Writes docs/openapi.yaml into Sources/API/OpenAPI/OpenAPIText*.swift, so that the binary carries the document it serves. In parts, as no
# file of the project has more than 500 lines.
set -eu
cd "$(dirname "$0")/.."
target=Sources/API/OpenAPI/OpenAPIText
rm -f "$target"*.swift
parts=$(mktemp -d)
trap 'rm -rf "$parts"' EXIT
split -l 400 -a 1 --numeric-suffixes=1 docs/openapi.yaml "$parts/"
head='// Made from docs/openapi.yaml by docs/embed-openapi.sh; a test holds the two equal.
// swift-format-ignore-file
extension OpenAPIDocument {'
sum=
for part in "$parts"/*; do
    number=${part##*/}
    sum="${sum:+$sum + }part$number"
    {
        echo "$head"
        echo "    static let part$number = #\"\"\""
        cat "$part"
        echo
        echo '"""#'
        echo '}'
    } > "$target$number.swift"
done
{
    echo "$head"
    echo '    /// The text of docs/openapi.yaml.'
    echo "    package static let text = $sum"
    echo '}'
} > "$target.swift"
