import NIOHPACK
import Testing

@testable import HTTPTransport

@Suite("The rules of a request's header block (RFC 9113 sections 8.2 and 8.3)")
struct RequestHeaderBlockTests {
    private typealias Field = (String, String)

    private static let request: [Field] = [
        (":method", "POST"), (":scheme", "https"), (":authority", "pay.example"), (":path", "/v1/payments"),
        ("content-type", "application/json"),
    ]

    private static func block(_ fields: [Field]) -> RequestHeaderBlock? { RequestHeaderBlock(HPACKHeaders(fields)) }

    private static func with(_ name: String, _ value: String) -> RequestHeaderBlock? {
        block(request + [(name, value)])
    }

    @Test("A request's block gives its method and path; the authority may be missing")
    func accepted() throws {
        let whole = try #require(Self.block(Self.request))
        #expect(whole.method == "POST" && whole.path == "/v1/payments" && whole.fields.count == 5)
        #expect(Self.block(Self.request.filter { $0.0 != ":authority" }) != nil)
        // In any order among themselves.
        #expect(Self.block([Self.request[3], Self.request[0], Self.request[1]]) != nil)
    }

    @Test("Every pseudo-field but the authority is there, once, not empty, and before the others")
    func pseudoFields() {
        for name in [":method", ":scheme", ":path"] {
            #expect(Self.block(Self.request.filter { $0.0 != name }) == nil, "without \(name)")
        }
        for field in Self.request.prefix(4) { #expect(Self.block([field] + Self.request) == nil, "twice \(field.0)") }
        for name in [":status", ":protocol", ":colour", ":", ":Method"] {
            #expect(Self.block([(name, "x")] + Self.request) == nil, "\(name)")
        }
        #expect(Self.block(Self.request.map { $0.0 == ":path" ? (":path", "") : $0 }) == nil)
        #expect(Self.block(Array(Self.request[1...] + [Self.request[0]])) == nil, "after a regular field")
        for byte in Array(0...0x20) + [0x7F] {
            let value = "/a" + String(UnicodeScalar(UInt8(byte))) + "b"
            #expect(Self.block(Self.request.map { $0.0 == ":path" ? (":path", value) : $0 }) == nil, "byte \(byte)")
        }
        #expect(Self.block(Self.request.map { $0.0 == ":path" ? (":path", "/é") : $0 }) != nil)
    }

    @Test("CONNECT has an authority and neither scheme nor path")
    func connect() throws {
        let tunnel = try #require(Self.block([(":method", "CONNECT"), (":authority", "pay.example:443")]))
        #expect(tunnel.method == "CONNECT" && tunnel.path == nil)
        #expect(Self.block([(":method", "CONNECT")]) == nil)
        #expect(Self.block([(":method", "GET"), (":authority", "pay.example")]) == nil)
    }

    @Test("A name is a token without capital letters: all 256 bytes")
    func names() {
        let allowed = Set("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz".utf8)
        for byte in UInt8.min ... .max {
            let name = String(unsafeUninitializedCapacity: 2) { buffer in
                buffer[0] = UInt8(ascii: "x")
                buffer[1] = byte
                return 2
            }
            #expect((Self.with(name, "1") != nil) == allowed.contains(byte), "byte \(byte)")
        }
        #expect(Self.with("", "1") == nil)
    }

    @Test("A value has no NUL, carriage return or line feed")
    func values() {
        for byte in UInt8.min...0x7F {
            let value = "a" + String(UnicodeScalar(byte)) + "b"
            #expect((Self.with("x", value) == nil) == [0, 0x0A, 0x0D].contains(byte), "byte \(byte)")
        }
        #expect(Self.with("x", "") != nil && Self.with("x", "é") != nil)
    }

    @Test(
        "Fields of one HTTP/1.1 connection are refused",
        arguments: ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"]
    )
    func connectionFields(name: String) {
        #expect(Self.with(name, "x") == nil)
        #expect(Self.with(name + "s", "x") != nil)
    }

    @Test("Of TE only trailers is allowed")
    func transferCodings() {
        #expect(Self.with("te", "trailers") != nil)
        #expect(Self.with("te", "gzip") == nil && Self.with("te", "trailers, gzip") == nil)
    }

    @Test("Trailers have regular fields only")
    func trailers() {
        #expect(HeaderFieldRules.isTrailers(HPACKHeaders([("checksum", "1")])))
        #expect(HeaderFieldRules.isTrailers(HPACKHeaders()))
        for (name, value) in [(":path", "/"), ("Checksum", "1"), ("checksum", "\r\n"), ("connection", "close")] {
            #expect(!HeaderFieldRules.isTrailers(HPACKHeaders([(name, value)])), "\(name)")
        }
    }

    @Test("An answer has its status first, and regular fields")
    func answers() {
        #expect(HeaderFieldRules.isAnswer(HPACKHeaders([(":status", "200"), ("content-length", "3")])))
        let refused: [[Field]] = [
            [], [("content-length", "3")], [("content-length", "3"), (":status", "200")],
            [(":status", "200"), (":status", "200")], [(":status", "200"), ("Upper-Case", "x")],
            [(":status", "200"), ("location", "/a\r\nb: c")], [(":status", "20 0")],
        ]
        for fields in refused { #expect(!HeaderFieldRules.isAnswer(HPACKHeaders(fields)), "\(fields)") }
    }
}
