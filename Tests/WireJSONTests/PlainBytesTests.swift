import Testing

@testable import WireJSON

@Suite struct PlainBytesTests {
    @Test func `every byte at every place is judged as a plain loop judges it`() {
        let quote = UInt8(ascii: "\""), backslash = UInt8(ascii: "\\")
        for byte in UInt8.min...UInt8.max {
            let needsEscape = byte < 0x20 || byte == quote || byte == backslash
            for length in 1...19 {
                for position in 0..<length {
                    var bytes = [UInt8](repeating: 0x20, count: length)
                    bytes[position] = byte
                    let end = PlainBytes.end(bytes.span, from: 0)
                    let expected = needsEscape || byte >= 0x80 ? position : length
                    let isEscapeFound = PlainBytes.needEscaping(bytes.span)
                    let isASCII = !PlainBytes.containNonASCII(bytes.span)
                    let isSpecialFound = PlainBytes.containBackslashOrNonASCII(bytes.span)
                    if end != expected || isEscapeFound != needsEscape || isASCII != (byte < 0x80)
                        || isSpecialFound != (byte == backslash || byte >= 0x80)
                    {
                        Issue.record("byte \(byte) at \(position) of \(length)")
                    }
                }
            }
        }
    }

    @Test func `random bytes are judged as a plain loop judges them, from any start`() {
        var random = SeededGenerator(seed: 8)
        let alphabet: [UInt8] = [
            0x00, 0x1F, 0x20, 0x21, 0x22, 0x23, 0x5B, 0x5C, 0x5D, 0x7F, 0x80, 0xA2, 0xDC, 0xFF, 0x41, 0x41, 0x41, 0x41,
        ]
        for _ in 0..<50_000 {
            let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in alphabet.randomElement(using: &random)!
            }
            let start = Int.random(in: 0...bytes.count, using: &random)
            let isSpecial = { (byte: UInt8) in byte < 0x20 || byte == 0x22 || byte == 0x5C }
            let expected = bytes[start...].firstIndex { isSpecial($0) || $0 >= 0x80 } ?? bytes.count
            let end = PlainBytes.end(bytes.span, from: start)
            let isEscapeFound = PlainBytes.needEscaping(bytes.span)
            let isASCII = !PlainBytes.containNonASCII(bytes.span)
            let isSpecialFound = PlainBytes.containBackslashOrNonASCII(bytes.span)
            if end != expected || isEscapeFound != bytes.contains(where: isSpecial)
                || isASCII != bytes.allSatisfy({ $0 < 0x80 })
                || isSpecialFound != bytes.contains(where: { $0 == 0x5C || $0 >= 0x80 })
            {
                Issue.record("\(bytes) from \(start)")
            }
        }
    }
}
