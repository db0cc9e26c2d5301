// Made from docs/openapi.yaml by Scripts/embed-openapi.sh; a test holds the two equal.
extension OpenAPIDocument {
    package static let text = #"""
        openapi: 3.1.0

        """#
}
