package import Payments

/// The place of a payment, refund or dispute in its shard's table, from 0. Places are never used
/// twice.
@frozen @usableFromInline
package struct Index<Element>: Hashable, Comparable, Sendable {
    @usableFromInline package let position: Int

    @inlinable
    package init(_ position: Int) { self.position = position }

    @inlinable
    package static func < (left: Index, right: Index) -> Bool { left.position < right.position }
}

extension Index<Payment> {
    /// A payment's number says its place.
    package init(_ id: PaymentID) { self.init(sequence: id.sequence) }

    /// - Parameter sequence: the payment's number, from 1.
    package init(sequence: UInt64) { self.init(Int(truncatingIfNeeded: sequence &- 1)) }

    /// The payment's number, from 1.
    package var sequence: UInt64 { UInt64(position) + 1 }
}

extension Payment {
    /// Its place in its shard's table.
    package var index: Index<Payment> { Index(id) }
}

/// A place or none, in four bytes: what is linked in memory and in snapshots. At most
/// `maximumCount` elements have places.
@frozen @usableFromInline
package struct OptionalIndex<Element>: Hashable, Sendable {
    /// The place plus one; 0 for none. Snapshots hold it.
    @usableFromInline package let stored: UInt32

    @inlinable
    package init(stored: UInt32) { self.stored = stored }

    @inlinable
    package init(_ index: Index<Element>) { stored = UInt32(index.position + 1) }

    @inlinable
    package static var none: OptionalIndex { OptionalIndex(stored: 0) }

    @inlinable
    package static var maximumCount: Int { Int(UInt32.max) }

    @inlinable
    package var index: Index<Element>? { stored == 0 ? nil : Index(Int(stored) - 1) }
}
