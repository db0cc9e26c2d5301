package import Payments

/// 128-bit keyed digest of (merchant, idempotency key); the text itself never enters the shard.
package struct KeyDigest: Hashable, Sendable {
    package var high: UInt64
    package var low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}

/// The first 128 bits of SHA-256 over method, route and canonical JSON body (RFC 8785). They tell a
/// repeated request from another one under the same key.
package struct Fingerprint: Hashable, Sendable {
    package var high: UInt64
    package var low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}

/// The key that an operation was asked for under.
package struct RequestKey: Sendable, Equatable {
    package var digest: KeyDigest
    package var fingerprint: Fingerprint
    package var requestID: RequestID

    package init(
        digest: KeyDigest,
        fingerprint: Fingerprint,
        requestID: RequestID
    ) {
        self.digest = digest
        self.fingerprint = fingerprint
        self.requestID = requestID
    }

    /// How the journal writes that there is no key.
    package static let none = RequestKey(
        digest: KeyDigest(high: 0, low: 0),
        fingerprint: Fingerprint(high: 0, low: 0),
        requestID: RequestID(high: 0, low: 0)
    )
}
