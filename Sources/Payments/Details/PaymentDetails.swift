/// The fields of a payment that Millrace carries but never decides by. They are packed as (tag,
/// length, bytes) in one flat array. They are immutable after creation, journaled as they are, and
/// kept in the shard's arena.
///
/// Values are unescaped UTF-8, already validated (well-formed, within limits, no card number) by
/// the edge.
package struct PaymentDetails: Sendable, Equatable {
    /// What a field is; the raw value is journaled.
    package enum Field: UInt8, Sendable {
        case paymentMethod = 1
        case description = 2
        case reference = 3
        case statementDescriptor = 4
        /// Followed directly by its `metadataValue`.
        case metadataKey = 5
        case metadataValue = 6
        /// The merchant's own reference of the customer. Velocity rules and the customer lists use
        /// it.
        case customer = 7
        /// The assessment of the fraud rules when the payment was made (`RiskNote`). It is in front
        /// of all others, and only where there is one. The shard writes it, never the merchant.
        case risk = 8
        /// See `PaymentDetails+Treasury.swift`.
        case wallet = 20
        case splitPlan = 21
        case split = 22
        case manual = 23
        /// Events that were applied: 8 bytes of the digest of each one's identifier, in order. The
        /// shard notes it.
        case appliedEvents = 24
        /// Of a confirmation that is running: what the shopper brought back from the provider's
        /// page.
        case returnData = 25
        /// Where the events before those are (`ArenaSlice`, 12 bytes): in memory only.
        case olderEvents = 26
        /// An attempt that ended before the connector changed (`EndedAttempt.packed`); one field
        /// for each. The shard notes it.
        case endedAttempt = 27
    }

    /// At most 50 metadata pairs of 40 + 500 characters (up to 4 bytes each) and the other fields.
    package static let maximumBytes = 1 << 17

    package private(set) var bytes: [UInt8]

    package init(minimumCapacity: Int = 192) {
        self.bytes = []
        self.bytes.reserveCapacity(minimumCapacity)
    }

    /// Adopts bytes that `append` made earlier, read back from a journal.
    package init(packed bytes: [UInt8]) {
        self.bytes = bytes
    }

    package mutating func append(_ field: Field, _ value: Span<UInt8>) {
        precondition(value.count <= Int(UInt16.max) && bytes.count + value.count + 3 <= Self.maximumBytes)
        bytes.append(field.rawValue)
        bytes.append(UInt8(truncatingIfNeeded: value.count))
        bytes.append(UInt8(truncatingIfNeeded: value.count >> 8))
        value.withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
    }

    package mutating func append(_ field: Field, _ value: String) {
        append(field, Array(value.utf8).span)
    }

    /// Visits the fields of packed details in order of appending. Skips fields of a later version.
    /// Stops silently at a malformed end. The journal's checksum covers the bytes, so a malformed
    /// end can only be a defect of this program.
    package static func forEachField(in packed: Span<UInt8>, _ body: (Field, Range<Int>) -> Void) {
        forEachPart(of: packed) { tag, whole in
            guard let field = Field(rawValue: tag) else { return }
            body(field, whole.lowerBound + 3..<whole.upperBound)
        }
    }

    /// The same details without some fields. All others stay as they are and in their order, also
    /// those that this version does not know and a malformed end. All code that changes details
    /// uses this function, so that a change of one field loses no other.
    package static func keeping(
        in packed: Span<UInt8>,
        without dropped: Set<Field>,
        capacity: Int = 0
    ) -> PaymentDetails {
        var details = PaymentDetails(minimumCapacity: packed.count + capacity)
        var end = 0
        forEachPart(of: packed) { tag, whole in
            end = whole.upperBound
            if let field = Field(rawValue: tag), dropped.contains(field) { return }
            details.bytes.append(contentsOf: packed, in: whole)
        }
        details.bytes.append(contentsOf: packed, in: end..<packed.count)
        return details
    }

    /// Visits tag, length and value of each field.
    private static func forEachPart(of packed: Span<UInt8>, _ body: (_ tag: UInt8, _ whole: Range<Int>) -> Void) {
        var index = 0
        while index + 3 <= packed.count {
            let end = index + 3 + (Int(packed[index + 1]) | Int(packed[index + 2]) << 8)
            guard end <= packed.count else { return }
            body(packed[index], index..<end)
            index = end
        }
    }
}

extension [UInt8] {
    fileprivate mutating func append(contentsOf bytes: Span<UInt8>, in range: Range<Int>) {
        bytes.extracting(range).withUnsafeBufferPointer { append(contentsOf: $0) }
    }
}
