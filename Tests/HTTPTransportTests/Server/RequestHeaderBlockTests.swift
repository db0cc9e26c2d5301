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

    @Test("A value neither begins nor ends with a blank")
    func blanks() {
        for blank in [" ", "\t"] {
            #expect(Self.with("x", blank + "a") == nil && Self.with("x", "a" + blank) == nil)
            #expect(Self.with("x", blank) == nil)
            #expect(Self.with("x", "a" + blank + "b") != nil)
        }
    }

    @Test("The length of a body is digits, and said once")
    func length() {
        for value in ["+57", "-1", "", "5 7", "0x5", "57,57", "٣", "1234567890123456789"] {
            #expect(Self.with("content-length", value) == nil, "\(value)")
        }
        #expect(Self.with("content-length", "057") != nil)
        #expect(Self.block(Self.request + [("content-length", "5"), ("content-length", "5")]) == nil)
    }

    @Test("A method is a token and a scheme is not empty")
    func methods() {
        for method in ["", "GE T", "GET/", "G\u{E9}T", "(GET)"] {
            #expect(Self.block([(":method", method)] + Self.request[1...]) == nil, "\(method)")
        }
        #expect(Self.block([(":method", "M-SEARCH")] + Self.request[1...]) != nil)
        #expect(Self.block(Self.request.map { $0.0 == ":scheme" ? (":scheme", "") : $0 }) == nil)
    }

    @Test("Host and authority name the same, once, and nobody's password")
    func authority() {
        for value in ["pay.example", "PAY.example:443"] { #expect(Self.with("host", value) != nil, "\(value)") }
        for value in ["other.example", "pay.example:8443", "", "a@pay.example"] {
            #expect(Self.with("host", value) == nil, "\(value)")
        }
        #expect(Self.block(Self.request + [("host", "pay.example"), ("host", "pay.example")]) == nil)
        let bare = Self.request.filter { $0.0 != ":authority" }
        #expect(Self.block(bare + [("host", "any.example")]) != nil)
        #expect(Self.block(bare + [("host", "a/b@c")]) == nil)
        for value in ["", "user@pay.example", "pay.example/x"] {
            #expect(Self.block([(":authority", value)] + bare) == nil, "\(value)")
        }
    }

    @Test("A list counts its names and values, and 32 bytes more for each field")
    func size() throws {
        let fields: [Field] = [(":method", "GET"), (":scheme", "https"), (":path", "/"), ("x", "abc")]
        #expect(try #require(Self.block(fields)).byteCount == 10 + 12 + 6 + 4 + 4 * 32)
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
