import Foundation

/// A name in the form in which names are compared: compatibility characters composed (NFKC), in
/// small letters, without what no reader sees, with one blank between words and none at the ends.
/// So a list's entry is found however a merchant types the name.
enum FoldedName {
    static func bytes(of name: Span<UInt8>) -> [UInt8] {
        var isASCII = true
        for index in name.indices where name[index] >= 0x80 {
            isASCII = false
            break
        }
        if isASCII { return joined(name) { $0 &- UInt8(ascii: "A") < 26 ? $0 | 0x20 : $0 } }
        let text = name.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
        // Small letters alone would leave ß and ss apart, and both kinds of sigma.
        let letters = text.precomposedStringWithCompatibilityMapping.lowercased().uppercased().lowercased()
        var scalars = String.UnicodeScalarView()
        for scalar in letters.unicodeScalars where scalar.properties.generalCategory != .format {
            scalars.append(scalar.properties.isWhitespace ? " " : scalar)
        }
        return Array(String(scalars).precomposedStringWithCompatibilityMapping.utf8).withUnsafeBufferPointer {
            joined($0.span) { $0 }
        }
    }

    /// The words of a name, with one blank between them.
    private static func joined(_ name: Span<UInt8>, _ letter: (UInt8) -> UInt8) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(name.count)
        for index in name.indices {
            let isBlank = name[index] == UInt8(ascii: " ") || (9...13).contains(name[index])
            if !isBlank {
                bytes.append(letter(name[index]))
            } else if !bytes.isEmpty, bytes.last != UInt8(ascii: " ") {
                bytes.append(UInt8(ascii: " "))
            }
        }
        if bytes.last == UInt8(ascii: " ") { bytes.removeLast() }
        return bytes
    }
}
