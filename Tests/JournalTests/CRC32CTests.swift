import CMillrace
import Testing

/// The vectors of RFC 3720, B.4, and of the CRC catalogue.
private let vectors: [(name: String, bytes: [UInt8], crc: UInt32)] = [
    ("nothing", [], 0),
    ("digits", Array("123456789".utf8), 0xE306_9283),
    ("32 zeros", [UInt8](repeating: 0, count: 32), 0x8A91_36AA),
    ("32 ones", [UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
    ("32 rising", Array(0..<32), 0x46DD_794E),
    ("32 falling", Array((0..<32).reversed()), 0x113F_DB5C),
    (
        "iSCSI read command",
        [0x01, 0xC0, 0, 0] + [UInt8](repeating: 0, count: 12)
            + [
                0x14, 0, 0, 0, 0, 0, 0x04, 0, 0, 0, 0, 0x14, 0, 0, 0, 0x18, 0x28, 0, 0, 0, 0, 0, 0, 0, 0x02, 0, 0, 0, 0,
                0, 0, 0,
            ],
        0xD996_3A56
    ),
]

@Suite struct CRC32CTests {
    @Test(arguments: 0..<vectors.count) func `every path gives the published checksum`(index: Int) {
        let vector = vectors[index]
        #expect(millrace_crc32c(0, vector.bytes, vector.bytes.count) == vector.crc, "\(vector.name)")
        #expect(millrace_crc32c_table(0, vector.bytes, vector.bytes.count) == vector.crc, "\(vector.name)")
        if millrace_crc32c_has_hardware() == 1 {
            #expect(millrace_crc32c_hardware(0, vector.bytes, vector.bytes.count) == vector.crc, "\(vector.name)")
        }
    }

    @Test func `paths agree at every length and alignment, whole and in two parts`() {
        var random = SplitMix(state: 3)
        let bytes = (0..<256).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        bytes.withUnsafeBytes { buffer in
            for start in 0..<9 {
                for count in 0..<64 {
                    let base = buffer.baseAddress?.advanced(by: start)
                    let whole = millrace_crc32c_table(0, base, count)
                    #expect(millrace_crc32c(0, base, count) == whole)
                    let half = millrace_crc32c(0, base, count / 2)
                    #expect(millrace_crc32c(half, base?.advanced(by: count / 2), count - count / 2) == whole)
                    let tableHalf = millrace_crc32c_table(0, base, count / 2)
                    #expect(tableHalf == half)
                }
            }
        }
    }
}
