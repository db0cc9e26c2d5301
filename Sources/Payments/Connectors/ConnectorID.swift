/// A connector by its number: a PSP, a merchant account at it, and a credential.
/// `ConnectorRegistry` binds numbers to names; records and the ledger hold the number. 0 is no
/// connector.
package struct ConnectorID: Hashable, Sendable {
    /// 1...65,535
    package let rawValue: UInt16

    /// The first connector of a registry.
    package static let first = ConnectorID(checked: 1)

    /// `nil` for 0.
    package init?(rawValue: UInt16) {
        guard rawValue != 0 else { return nil }
        self.rawValue = rawValue
    }

    private init(checked rawValue: UInt16) {
        self.rawValue = rawValue
    }
}

extension ConnectorID: CustomStringConvertible {
    package var description: String { "connector \(rawValue)" }
}

/// A connector's name in configuration, metrics and answers: 1 to 64 lower-case letters, digits,
/// hyphens and underscores.
package struct ConnectorName: Hashable, Sendable, CustomStringConvertible {
    /// The longest name, in bytes.
    package static let maximumBytes = 64

    package let text: String
    package var description: String { text }

    /// `nil` for a name with other characters or of another length.
    package init?(_ text: String) {
        let utf8 = text.utf8
        guard (1...Self.maximumBytes).contains(utf8.count), utf8.allSatisfy(Self.isAllowed) else { return nil }
        self.text = text
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
            UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
