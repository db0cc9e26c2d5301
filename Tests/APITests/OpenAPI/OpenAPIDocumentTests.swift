import Testing
import Yams

@testable import API

@Suite struct OpenAPIDocumentTests {
    static func document() throws -> [String: Any] {
        try #require(try Yams.load(yaml: repositoryFile("docs/openapi.yaml")) as? [String: Any])
    }

    @Test func `the document describes exactly the routes there are`() throws {
        let paths = try #require(try Self.document()["paths"] as? [String: [String: Any]])
        var described: Set<String> = []
        for (path, item) in paths {
            for method in item.keys where method != "parameters" { described.insert("\(method.uppercased()) \(path)") }
        }
        #expect(described == Set(RouteRule.table.map { "\($0.method.name) \($0.path)" }))
    }

    @Test func `only the document itself can be read without a key`() throws {
        let document = try Self.document()
        #expect((document["security"] as? [[String: Any]])?.first?.keys.first == "apiKey")
        let paths = try #require(document["paths"] as? [String: [String: Any]])
        for (path, item) in paths {
            for case let operation as [String: Any] in item.values {
                #expect((operation["security"] != nil) == (path == "/openapi.yaml"))
            }
        }
    }

    /// But for provider's events: their own identifiers are their keys.
    @Test func `every POST takes an idempotency key`() throws {
        let paths = try #require(try Self.document()["paths"] as? [String: [String: Any]])
        for (path, item) in paths where path != "/v1/provider_events" {
            guard let operation = item["post"] as? [String: Any] else { continue }
            let parameters = try #require(operation["parameters"] as? [[String: String]])
            #expect(parameters.contains { $0["$ref"] == "#/components/parameters/IdempotencyKey" })
        }
    }

    @Test func `the examples of answers are what is rendered`() throws {
        let text = try repositoryFile("docs/openapi.yaml")
        #expect(text.contains(RendererV1Tests.payment))
        #expect(text.contains(RendererV1Tests.refund))
    }
}
