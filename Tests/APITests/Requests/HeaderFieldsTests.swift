import NIOHPACK
import Testing

@testable import API

@Suite struct HeaderFieldsTests {
    @Test(arguments: [
        ("respond-async", true), ("Respond-Async", true), ("wait=10, respond-async", true),
        ("handling=lenient;x=1,\trespond-async;foo", true), ("respond-async ;a", true),
        ("respond-asynchronously", false),
        ("respond", false), ("wait=respond-async", false), ("", false), (",,respond-async,", true),
        ("respond-async2", false),
    ])
    func `respond-async is found in a list of preferences`(_ value: String, _ expected: Bool) throws {
        #expect(try HeaderFields(["prefer": value]).prefersAsync == expected)
    }

    @Test func `preferences may come in several fields`() throws {
        let headers: HPACKHeaders = ["prefer": "respond-async", "content-type": "application/json", "prefer": "wait=5"]
        #expect(try HeaderFields(headers).prefersAsync)
        #expect(try !HeaderFields([:]).prefersAsync)
    }
}
