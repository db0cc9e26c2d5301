/// What the shopper must do before the PSP goes on with an authorization.
package struct NextAction: Sendable, Equatable {
    /// What kind; the raw value is journaled.
    package enum Kind: UInt8, Sendable, CaseIterable {
        /// Send the shopper to `url`, which sends them back in the end.
        case redirect = 1
        /// 3-D Secure (EMV 3DS): show the challenge at `url`.
        case threeDSecure = 2

        /// As the API names it.
        package var name: StaticString {
            switch self {
            case .redirect: "redirect"
            case .threeDSecure: "three_d_secure"
            }
        }
    }

    /// The longest `url`, in bytes.
    package static let maximumURLBytes = 2_000

    package var kind: Kind
    /// Where the shopper goes, at most `maximumURLBytes` of ASCII.
    package var url: String

    package init(kind: Kind, url: String) {
        self.kind = kind
        self.url = url
    }

    /// The kind's raw value, then the address: as it is journaled and kept.
    package var packed: [UInt8] { [kind.rawValue] + Array(url.utf8) }

    /// Reads what `packed` made; nil for nothing, and for what it cannot have made.
    package init?(packed bytes: Span<UInt8>) {
        guard bytes.count > 0, let kind = Kind(rawValue: bytes[0]) else { return nil }
        self.kind = kind
        self.url = bytes.extracting(1..<bytes.count).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }
}
