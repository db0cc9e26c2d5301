public import Payments

// The variable-length parts of payments, refunds and disputes. A part is never changed in place. A
// new value is appended to the arena, and the old part is given back with its chunk (`+Release`).
extension PaymentStore {
    // MARK: Details and notes of payments

    /// Hands the fields that the payment was created with to `body`.
    @inlinable
    package func withDetails<Result>(of index: Index<Payment>, _ body: (Span<UInt8>) -> Result) -> Result {
        arena.withBytes(payments[index.position].details, body)
    }

    /// Hands the fields that were noted on the payment since to `body`.
    @inlinable
    package func withNotes<Result>(of index: Index<Payment>, _ body: (Span<UInt8>) -> Result) -> Result {
        arena.withBytes(payments[index.position].notes, body)
    }

    /// Whether anything was noted on the payment; false for nearly all.
    package func hasNotes(_ index: Index<Payment>) -> Bool { payments[index.position].notes.length > 0 }

    /// The bytes of details and notes together.
    package func detailBytes(of index: Index<Payment>) -> Int {
        Int(payments[index.position].details.length + payments[index.position].notes.length)
    }

    package mutating func setDetails(_ details: Span<UInt8>, of index: Index<Payment>) {
        payments[index.position].details = arena.append(details)
    }

    package mutating func setNotes(_ notes: Span<UInt8>, of index: Index<Payment>) {
        payments[index.position].notes = arena.append(notes)
    }

    /// Whether an event with this digest is among the newest `PaymentDetails.maximumAppliedEvents`
    /// of the payment.
    package func hasApplied(_ digest: UInt64, to index: Index<Payment>) -> Bool {
        arena.hasApplied(digest, in: payments[index.position].notes)
    }

    /// Notes that an event with this digest was applied.
    package mutating func noteApplied(_ digest: UInt64, to index: Index<Payment>) {
        payments[index.position].notes = arena.append(applied: digest, to: payments[index.position].notes)
    }

    // MARK: What the PSP said of payments

    package func providerReference(of index: Index<Payment>) -> String {
        arena.string(payments[index.position].providerReference)
    }

    package mutating func setProviderReference(_ reference: String, of index: Index<Payment>) {
        payments[index.position].providerReference = arena.append(reference)
    }

    /// The PSP's own code of the decline.
    package func declineProviderCode(of index: Index<Payment>) -> String {
        arena.string(payments[index.position].declineProviderCode)
    }

    package mutating func setDeclineProviderCode(_ code: String, of index: Index<Payment>) {
        payments[index.position].declineProviderCode = arena.append(code)
    }

    /// What the shopper must do.
    package func nextAction(of index: Index<Payment>) -> NextAction? {
        let slice = payments[index.position].nextAction
        return slice.length == 0 ? nil : arena.withBytes(slice) { NextAction(packed: $0) }
    }

    /// - Parameter packed: as `NextAction.packed`; empty for nothing.
    package mutating func setNextAction(_ packed: Span<UInt8>, of index: Index<Payment>) {
        payments[index.position].nextAction = arena.append(packed)
    }

    // MARK: Refunds

    package func providerReference(of index: Index<Refund>) -> String {
        arena.string(refunds[index.position].providerReference)
    }

    package mutating func setProviderReference(_ reference: String, of index: Index<Refund>) {
        refunds[index.position].providerReference = arena.append(reference)
    }

    package func declineProviderCode(of index: Index<Refund>) -> String {
        arena.string(refunds[index.position].declineProviderCode)
    }

    package mutating func setDeclineProviderCode(_ code: String, of index: Index<Refund>) {
        refunds[index.position].declineProviderCode = arena.append(code)
    }

    // MARK: Disputes

    package func providerReference(of index: Index<Dispute>) -> String {
        arena.string(disputes[index.position].providerReference)
    }

    /// Why, as the PSP says it.
    package func reason(of index: Index<Dispute>) -> String { arena.string(disputes[index.position].reason) }

    package mutating func setReason(_ reason: String, of index: Index<Dispute>) {
        disputes[index.position].reason = arena.append(reason)
    }

    /// What was sent in defence: the reference of the upload, a line feed, the text.
    package func evidence(of index: Index<Dispute>) -> String { arena.string(disputes[index.position].evidence) }

    package mutating func setEvidence(_ evidence: String, of index: Index<Dispute>) {
        disputes[index.position].evidence = arena.append(evidence)
    }

    /// The payment's dispute that the provider knows by this reference.
    package func dispute(of payment: Index<Payment>, reference: String) -> Index<Dispute>? {
        let wanted = Array(reference.utf8)
        return dispute(of: payment) { index in
            arena.withBytes(disputes[index.position].providerReference) { bytes in
                guard bytes.count == wanted.count else { return false }
                for place in wanted.indices where bytes[place] != wanted[place] { return false }
                return true
            }
        }
    }
}
