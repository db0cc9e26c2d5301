#!/bin/sh
# Writes docs/openapi.yaml into Sources/API/OpenAPIText.swift, so that the binary carries the document it serves.
set -eu
cd "$(dirname "$0")/.."
{
    echo '// Made from docs/openapi.yaml by docs/embed-openapi.sh; a test holds the two equal.'
    echo '// swift-format-ignore-file'
    echo 'extension OpenAPIDocument {'
    echo '    /// The text of docs/openapi.yaml.'
    echo '    package static let text = #"""'
    cat docs/openapi.yaml
    echo
    echo '"""#'
    echo '}'
} > Sources/API/OpenAPIText.swift
