package import Journal

/// The keyed digest of (merchant, idempotency key): 128 uniform bits. Its order is the order of a
/// run.
package struct StoredKeyDigest: Hashable, Sendable, Comparable {
    package var high: UInt64
    package var low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    package static func < (left: Self, right: Self) -> Bool {
        left.high == right.high ? left.low < right.low : left.high < right.high
    }
}

/// A completed idempotency key as a run holds it: 44 bytes.
package struct StoredKey: Hashable, Sendable {
    static let byteCount = 44

    package var digest: StoredKeyDigest
    /// Two words of the request's fingerprint.
    package var fingerprintHigh: UInt64
    package var fingerprintLow: UInt64
    /// The journal record that holds the stored answer.
    package var record: RecordPosition
    /// Seconds since 1970. At this second the key is forgotten.
    package var expiresAt: UInt32

    package init(
        digest: StoredKeyDigest,
        fingerprintHigh: UInt64,
        fingerprintLow: UInt64,
        record: RecordPosition,
        expiresAt: UInt32
    ) {
        self.digest = digest
        self.fingerprintHigh = fingerprintHigh
        self.fingerprintLow = fingerprintLow
        self.record = record
        self.expiresAt = expiresAt
    }

    /// Whether the key is still remembered at `second` (since 1970).
    package func isRemembered(at second: UInt32) -> Bool { expiresAt > second }

    func store(into bytes: UnsafeMutableRawBufferPointer) {
        bytes.store(digest.high, at: 0)
        bytes.store(digest.low, at: 8)
        bytes.store(fingerprintHigh, at: 16)
        bytes.store(fingerprintLow, at: 24)
        bytes.store(record, at: 32)
        bytes.store(expiresAt, at: 40)
    }

    /// - Precondition: `bytes` has at least `byteCount` bytes.
    init(_ bytes: UnsafeRawBufferPointer) {
        precondition(bytes.count >= Self.byteCount, "a stored key is cut off")
        digest = StoredKeyDigest(high: bytes.integer(at: 0), low: bytes.integer(at: 8))
        fingerprintHigh = bytes.integer(at: 16)
        fingerprintLow = bytes.integer(at: 24)
        record = bytes.integer(at: 32)
        expiresAt = bytes.integer(at: 40)
    }
}

/// Little-endian integers at any alignment. The caller has checked the bounds.
extension UnsafeRawBufferPointer {
    func integer<Value: FixedWidthInteger>(at offset: Int, as type: Value.Type = Value.self) -> Value {
        Value(littleEndian: loadUnaligned(fromByteOffset: offset, as: Value.self))
    }
}

extension UnsafeMutableRawBufferPointer {
    func store<Value: FixedWidthInteger>(_ value: Value, at offset: Int) {
        storeBytes(of: value.littleEndian, toByteOffset: offset, as: Value.self)
    }

    func from(_ offset: Int) -> UnsafeMutableRawBufferPointer { .init(rebasing: self[offset...]) }
}
