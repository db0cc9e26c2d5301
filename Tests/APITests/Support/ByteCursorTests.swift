import NIOCore
import Payments
import Testing
import Time

@testable import API

@Suite struct ByteCursorTests {
    static func write(_ body: (inout ByteCursor) -> Void) -> String {
        var buffer = ByteBuffer()
        buffer.writeCursor(maximum: 256, body)
        return String(buffer: buffer)
    }

    @Test func `numbers are written as Swift writes them`() {
        var values: [Int64] = [0, 9, 10, 99, 100, 99_999_999, .max, .min, -1, -10]
        var power: Int64 = 1
        for _ in 0..<18 {
            power *= 10
            values += [power - 1, power, power + 1, -power]
        }
        for value in values { #expect(Self.write { $0.decimal(value) } == String(value)) }
    }

    @Test func `identifiers are written as they describe themselves`() {
        var generator = RequestIDGenerator(seed: (9, 8, 7, 6))
        for _ in 0..<1000 {
            let id = generator.next()
            #expect(
                Self.write { $0.identifier(RequestID.prefix, high: id.high, low: id.low) } == id.description
            )
        }
        #expect(
            Self.write { $0.identifier(PaymentID.prefix, high: .max, low: .max) }
                == PaymentID(high: .max, low: .max).description
        )
    }

    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"),
            (1, "1970-01-01T00:00:00.001Z"),
            (951_782_399_999, "2000-02-28T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (951_868_800_000, "2000-03-01T00:00:00.000Z"),
            (1_795_250_136_123, "2026-11-21T08:35:36.123Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (4_107_456_000_000, "2100-02-28T00:00:00.000Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
            (-1, "1970-01-01T00:00:00.000Z"),
        ] as [(Int64, String)]
    )
    func `times are RFC 3339 in UTC`(_ milliseconds: Int64, _ text: String) {
        #expect(Self.write { $0.timestamp(Timestamp(milliseconds: milliseconds)) } == text)
    }

    @Test(arguments: [
        ("", "\"\""),
        ("plain", "\"plain\""),
        ("a\"b\\c/d", "\"a\\\"b\\\\c/d\""),
        ("\u{0}\u{8}\n\u{1F} \u{7F}", "\"\\u0000\\u0008\\u000a\\u001f \u{7F}\""),
        ("é€😀", "\"é€😀\""),
    ])
    func `strings are escaped where JSON demands it`(_ text: String, _ json: String) {
        #expect(Self.write { $0.quoted(text.utf8.span) } == json)
        #expect(json.utf8.count <= text.utf8.count + ByteCursor.quotedOverhead(text.utf8.span))
    }
}
