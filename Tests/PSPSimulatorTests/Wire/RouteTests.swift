import NIOCore
import Testing

@testable import PSPSimulator

@Suite("Routes")
struct RouteTests {
    private static let epoch: UInt32 = 0x0102_ABCD

    private func route(_ method: String, _ path: String) -> Route {
        Route(method: method, path: path.utf8.span, epoch: Self.epoch)
    }

    @Test(
        "paths lead where they should",
        arguments: [
            ("POST", "/v1/charges", Route.createCharge),
            ("GET", "/v1/charges", .listCharges),
            ("GET", "/v1/charges/ch_0102abcd0000000a", .readCharge(10)),
            ("GET", "/v1/charges/ch_0102abce0000000a", .readCharge(nil)),
            ("GET", "/v1/charges/nonsense", .readCharge(nil)),
            ("POST", "/v1/charges/ch_0102abcd00000001/capture", .followUp(.capture, 1)),
            ("POST", "/v1/charges/ch_0102abcd00000001/cancel", .followUp(.cancel, 1)),
            ("POST", "/v1/charges/ch_0102abcd00000001/refunds", .followUp(.refund, 1)),
            ("POST", "/v1/charges/ch_0102abcd00000001/void", .notFound),
            ("GET", "/v1/charges/ch_0102abcd00000001/capture", .methodNotAllowed),
            ("DELETE", "/v1/charges", .methodNotAllowed),
            ("GET", "/v1/chargesx", .notFound),
            ("GET", "/v1/operations", .readOperation),
            ("GET", "/oracle/charges", .oracle),
            ("GET", "/control/profile", .readProfile),
            ("PUT", "/control/profile", .writeProfile),
            ("POST", "/control/reset", .reset),
            ("GET", "/control/statistics", .statistics),
            ("GET", "/healthz", .health),
            ("GET", "/", .notFound),
        ]
    )
    func routes(method: String, path: String, expected: Route) {
        #expect(route(method, path) == expected)
    }

    @Test("an identifier names its number and its epoch")
    func identifier() {
        var buffer = ByteBuffer()
        Identifier.write(Identifier.chargePrefix, epoch: Self.epoch, number: 0xDEAD_BEEF, into: &buffer)
        #expect(String(buffer: buffer) == "ch_0102abcddeadbeef")
        let text = String(buffer: buffer)
        let number = Identifier.chargeNumber(text.utf8.span, epoch: Self.epoch)
        let other = Identifier.chargeNumber(text.utf8.span, epoch: 1)
        #expect(number == 0xDEAD_BEEF && other == nil)
    }

    @Test("query values are decoded, broken ones are none")
    func query() {
        func number(_ query: String) -> Int? { QueryString.number(of: "limit", in: query.utf8.span) }
        func value(_ query: String) -> String? {
            QueryString.value(of: "key", in: query.utf8.span).map { String(decoding: $0, as: UTF8.self) }
        }
        #expect(value("key=abc") == "abc")
        #expect(value("a=1&key=a%2Fb%20c+d&b=2") == "a/b c d")
        #expect(value("keys=abc") == nil)
        #expect(value("key") == "")
        #expect(value("key=%2") == nil)
        #expect(value("key=%zz") == nil)
        #expect(value("") == nil)
        #expect(number("limit=25") == 25)
        #expect(number("limit=9999999999") == nil)
        #expect(number("limit=x") == nil)
    }
}
