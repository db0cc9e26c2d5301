import Foundation

/// A name in the form in which names are compared: compatibility characters composed (NFKC), in
/// small letters, without controls and what Unicode calls ignorable, with one blank between words
/// and none at the ends. So a list's entry is found however a merchant types the name.
enum FoldedName {
    static func bytes(of name: Span<UInt8>) -> [UInt8] {
        var isASCII = true
        for index in name.indices where name[index] >= 0x80 {
            isASCII = false
            break
        }
        if isASCII { return joined(name) { $0 &- UInt8(ascii: "A") < 26 ? $0 | 0x20 : $0 } }
        let text = visible(name.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) })
        // Small letters alone would leave ß and ss apart, and both kinds of sigma.
        let letters = text.precomposedStringWithCompatibilityMapping.lowercased().uppercased().lowercased()
        return Array(visible(letters.precomposedStringWithCompatibilityMapping).utf8).withUnsafeBufferPointer {
            joined($0.span) { $0 }
        }
    }

    /// Without what no reader sees, and with ASCII's blank for every blank.
    private static func visible(_ text: String) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            let properties = scalar.properties
            if properties.isWhitespace {
                scalars.append(" ")
            } else if !properties.isDefaultIgnorableCodePoint, properties.generalCategory != .format {
                scalars.append(scalar)
            }
        }
        return String(scalars)
    }

    /// The words of a name, with one blank between them.
    private static func joined(_ name: Span<UInt8>, _ letter: (UInt8) -> UInt8) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(name.count)
        for index in name.indices {
            let isBlank = name[index] == UInt8(ascii: " ") || (9...13).contains(name[index])
            if !isBlank {
                // Controls are not seen.
                if name[index] >= 0x20, name[index] != 0x7F { bytes.append(letter(name[index])) }
            } else if !bytes.isEmpty, bytes.last != UInt8(ascii: " ") {
                bytes.append(UInt8(ascii: " "))
            }
        }
        if bytes.last == UInt8(ascii: " ") { bytes.removeLast() }
        return bytes
    }
}
