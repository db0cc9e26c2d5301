/// A seller as its merchant calls it: 1 to 64 letters, digits, dots, hyphens and underscores.
package struct SellerName: Hashable, Sendable, CustomStringConvertible {
    package static let maximumBytes = 64

    package let text: String
    package var description: String { text }

    /// nil for a name with other characters or of another length.
    package init?(_ text: String) {
        let utf8 = text.utf8
        guard (1...Self.maximumBytes).contains(utf8.count), utf8.allSatisfy(Self.isAllowed) else { return nil }
        self.text = text
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
