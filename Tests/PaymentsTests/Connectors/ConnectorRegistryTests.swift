import Payments
import Testing

@Suite("Connector registry")
struct ConnectorRegistryTests {
    private func name(_ text: String) throws -> ConnectorName { try #require(ConnectorName(text)) }

    @Test("Numbers count from 1 in the order of first use, and a known name keeps its number")
    func numbers() throws {
        var registry = ConnectorRegistry()
        #expect(try registry.number(for: name("stripe-eu")) == .first)
        #expect(try registry.number(for: name("adyen-eu")).rawValue == 2)
        #expect(try registry.number(for: name("stripe-eu")) == .first)
        #expect(registry.names.map(\.text) == ["stripe-eu", "adyen-eu"])
        #expect(registry[try name("adyen-eu")]?.rawValue == 2)
        #expect(registry[try name("unknown")] == nil)
        #expect(registry[.first]?.text == "stripe-eu")
        #expect(registry[try #require(ConnectorID(rawValue: 3))] == nil)
    }

    @Test("What was stored reads back, and no number is ever given twice")
    func stored() throws {
        var registry = ConnectorRegistry()
        for text in ["a", "b", "c"] { _ = try registry.number(for: name(text)) }
        var read = try ConnectorRegistry(stored: registry.names)
        #expect(read == registry)
        // "b" left the configuration; the new name gets a new number all the same.
        #expect(try read.number(for: name("d")).rawValue == 4)
        #expect(try read.number(for: name("b")).rawValue == 2)
    }

    @Test("A stored registry with a name twice is refused")
    func inconsistent() throws {
        let twice = [try name("a"), try name("b"), try name("a")]
        #expect(throws: ConnectorRegistry.Problem.inconsistent) { try ConnectorRegistry(stored: twice) }
    }

    @Test("A full registry refuses a new name and still knows the old ones")
    func full() throws {
        var registry = ConnectorRegistry()
        for number in 0..<ConnectorRegistry.maximumConnectors { _ = try registry.number(for: name("c\(number)")) }
        #expect(throws: ConnectorRegistry.Problem.full) { try registry.number(for: name("one-more")) }
        #expect(try registry.number(for: name("c0")) == .first)
        #expect(registry.names.count == ConnectorRegistry.maximumConnectors)
    }

    @Test("Names are lower-case letters, digits, hyphens and underscores, 1 to 64 bytes")
    func names() {
        for text in ["a", "stripe-eu_1", String(repeating: "x", count: 64)] {
            #expect(ConnectorName(text)?.description == text)
        }
        for text in ["", "A", "a b", "ä", "a.b", "a/b", "a\n", String(repeating: "x", count: 65)] {
            #expect(ConnectorName(text) == nil, "\(text)")
        }
    }

    @Test("0 is no connector")
    func zero() {
        #expect(ConnectorID(rawValue: 0) == nil)
        #expect(ConnectorID(rawValue: .max)?.description == "connector 65535")
    }

    @Test("Advice is read by its code; an unknown code is none")
    func advice() {
        for advice in DeclineAdvice.allCases where advice != .none {
            #expect(DeclineAdvice(code: advice.name.description) == advice)
        }
        #expect(DeclineAdvice(code: nil) == .none)
        #expect(DeclineAdvice(code: "none") == .none)
        #expect(DeclineAdvice(code: "do_not_try") == .none)
    }
}
