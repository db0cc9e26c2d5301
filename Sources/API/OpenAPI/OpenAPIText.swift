// Made from docs/openapi.yaml by docs/embed-openapi.sh; a test holds the two equal.
// swift-format-ignore-file
extension OpenAPIDocument {
    /// The text of docs/openapi.yaml.
    package static let text = part1 + part2 + part3 + part4
}
