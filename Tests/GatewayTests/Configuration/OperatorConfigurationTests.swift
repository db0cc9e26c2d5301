import API
import Testing

@testable import Gateway

@Suite("Configuration of operators")
struct OperatorConfigurationTests {
    private static let one = APIKeyHash(ofKey: "ok_one")

    private static func parse(_ text: String) throws -> GatewayConfiguration {
        let bytes = Array((ConfigurationText.minimal + text).utf8)
        return try GatewayConfiguration.parse(bytes, file: "/etc/millrace/m.yaml") { _ in nil }
    }

    @Test("There are none unless listed; names and key hashes are read")
    func read() throws {
        #expect(try Self.parse("").operators.isEmpty)
        let configuration = try Self.parse("operators:\n  - name: desk\n    api_keys: [\"\(Self.one)\"]\n")
        #expect(configuration.operators == [.init(name: "desk", apiKeyHashes: [Self.one])])
    }

    @Test(
        "Operators without a name or key, twice the same, and unknown members are refused",
        arguments: [
            "operators:\n  - api_keys: [\"\(one)\"]\n",
            "operators:\n  - name: desk\n",
            "operators:\n  - name: desk\n    api_keys: []\n",
            "operators:\n  - name: desk\n    api_keys: [\"\(one)\"]\n    role: all\n",
            "operators:\n  - name: 'a desk'\n    api_keys: [\"\(one)\"]\n",
            "operators:\n  - name: desk\n    api_keys: [\"\(one)\"]\n  - name: desk\n    api_keys: [\"\(APIKeyHash(ofKey: "ok_two"))\"]\n",
            "operators:\n  - name: desk\n    api_keys: [\"\(one)\"]\n  - name: other\n    api_keys: [\"\(one)\"]\n",
        ]
    )
    func refused(text: String) {
        #expect(throws: ConfigurationError.self) { try Self.parse(text) }
    }

    @Test("A merchant's key cannot be an operator's, too")
    func sharedKey() throws {
        let merchant = try #require(try Self.parse("").merchants.first?.apiKeyHashes.first)
        #expect(throws: ConfigurationError.self) {
            try Self.parse("operators:\n  - name: desk\n    api_keys: [\"\(merchant)\"]\n")
        }
    }
}
