import Journal
public import Payments

/// A payment as its shard holds it in memory. It has the aggregate, the places of its
/// variable-length parts, and the links to its refunds, its disputes, its running operation and its
/// records. It is a flat value of fixed size. So a million payments take a million times
/// `MemoryLayout<PaymentRow>.stride`, and their arena bytes.
@usableFromInline
package struct PaymentRow: Sendable {
    @usableFromInline package var payment: Payment
    /// The journal position of the last record that changed it: what an answer about it rests on.
    var lastRecord: RecordPosition = 0
    /// What it was created with; changed once at most, by a scorer's verdict.
    @usableFromInline var details = ArenaSlice.empty
    /// What the shard noted since, as fields of `PaymentDetails`; empty for most. These are plans
    /// and parts of sellers, a capture by hand, ended attempts at earlier connectors, and applied
    /// events.
    @usableFromInline var notes = ArenaSlice.empty
    var providerReference = ArenaSlice.empty
    /// The PSP's own code of the decline.
    var declineProviderCode = ArenaSlice.empty
    /// What the shopper must do (`NextAction.packed`), while the phase is `requiresAction`.
    var nextAction = ArenaSlice.empty
    /// Disputes and refunds link to the one before.
    var newestDispute = OptionalIndex<Dispute>.none
    var newestRefund = OptionalIndex<Refund>.none
    /// The stored form of the running operation's place, refunds left out.
    var storedOperation: UInt32 = 0
    /// How many of its records were journaled.
    var recordCount: UInt32 = 0
    /// `owner`, and `isStored` in the highest bit: together they take the four bytes that a flag
    /// alone would.
    private var ownerBits: UInt32 = 0

    init(_ payment: Payment) { self.payment = payment }

    /// A cold file holds the payment as it is now: it came from there and was not changed since.
    var isStored: Bool {
        get { ownerBits >> 31 == 1 }
        set { ownerBits = owner | (newValue ? 1 << 31 : 0) }
    }

    /// The merchant's place in the store's counts, below 2^31.
    var owner: UInt32 {
        get { ownerBits & (1 << 31 - 1) }
        set { ownerBits = newValue | ownerBits & 1 << 31 }
    }

    /// Nothing runs on it and nothing more is expected: it can leave memory until a command asks
    /// for it.
    var isSettled: Bool { storedOperation == 0 && payment.isSettled }
}

/// A refund as its shard holds it in memory.
@usableFromInline
package struct RefundRow: Sendable {
    @usableFromInline package var refund: Refund
    var lastRecord: RecordPosition = 0
    var providerReference = ArenaSlice.empty
    var declineProviderCode = ArenaSlice.empty
    /// The payment's refund before this one.
    let older: OptionalIndex<Refund>
    var storedOperation: UInt32 = 0

    init(_ refund: Refund, older: OptionalIndex<Refund>) {
        self.refund = refund
        self.older = older
    }
}

/// A dispute as its shard holds it in memory.
@usableFromInline
package struct DisputeRow: Sendable {
    @usableFromInline package var dispute: Dispute
    var lastRecord: RecordPosition = 0
    /// The PSP's own reference of it.
    var providerReference = ArenaSlice.empty
    /// Why, as the PSP says it.
    var reason = ArenaSlice.empty
    /// What was sent in defence: the reference of the upload, a line feed, the text.
    var evidence = ArenaSlice.empty
    /// The payment's dispute before this one.
    let older: OptionalIndex<Dispute>

    init(_ dispute: Dispute, older: OptionalIndex<Dispute>) {
        self.dispute = dispute
        self.older = older
    }
}
