package import Journal
public import Payments
package import Time

/// A shard's payments, refunds and disputes, and the bytes of variable length that belong to them.
///
/// The store holds what the aggregates do not: places, links, journal positions, running
/// operations, pieces of the arena. An aggregate changes by its own transitions
/// (`store[index].refundStarted(...)`), everything else by the functions of the store. Payments
/// come and go (`+Release`, `+Entries`); a payment that left keeps its number.
///
/// A value: a copy shares all chunks. `seal` before copying it for a snapshot.
@usableFromInline package struct PaymentStore: Sendable {
    @usableFromInline var payments = SparseTable<PaymentRow>()
    @usableFromInline var refunds = SparseTable<RefundRow>()
    @usableFromInline var disputes = SparseTable<DisputeRow>()
    @usableFromInline var arena = ByteArena()
    /// How many payments and refunds each merchant has in memory.
    var merchantPayments = MerchantCounts()
    var merchantRefunds = MerchantCounts()
    var merchantDisputes = MerchantCounts()

    package init() {}

    /// What a snapshot is made from: the tables, which share their chunks with it, without the
    /// counts beside them.
    package var forSnapshot: PaymentStore {
        var copy = self
        copy.merchantPayments = MerchantCounts()
        copy.merchantRefunds = MerchantCounts()
        copy.merchantDisputes = MerchantCounts()
        return copy
    }

    /// What is appended from now on goes into another chunk of the arena.
    package mutating func seal() { arena.seal() }

    // MARK: Counts

    /// All payments ever made, in memory or not.
    @inlinable package var count: Int { payments.count }
    /// Payments in memory.
    @inlinable package var presentCount: Int { payments.presentCount }
    @inlinable package var refundCount: Int { refunds.count }
    @inlinable package var presentRefundCount: Int { refunds.presentCount }
    @inlinable package var disputeCount: Int { disputes.count }
    @inlinable package var presentDisputeCount: Int { disputes.presentCount }

    /// Payments of one merchant in memory.
    package func paymentCount(of merchant: MerchantID) -> Int { merchantPayments.count(of: merchant) }
    package func refundCount(of merchant: MerchantID) -> Int { merchantRefunds.count(of: merchant) }
    package func disputeCount(of merchant: MerchantID) -> Int { merchantDisputes.count(of: merchant) }
    /// The most payments in memory that one merchant has.
    package var largestPaymentCount: Int { merchantPayments.largestCount }
    package var largestRefundCount: Int { merchantRefunds.largestCount }
    package var largestDisputeCount: Int { merchantDisputes.largestCount }

    /// The bytes that tables and arena hold on to.
    package var reservedBytes: Int {
        arena.reservedBytes + payments.reservedBytes + refunds.reservedBytes + disputes.reservedBytes
    }

    /// The bytes of details, references and notes, used or not.
    package var arenaBytes: Int { arena.appendedBytes }

    // MARK: Aggregates

    @inlinable package func contains(_ index: Index<Payment>) -> Bool { payments.contains(index.position) }
    @inlinable package func contains(_ index: Index<Refund>) -> Bool { refunds.contains(index.position) }

    /// - Precondition: the payment is in memory.
    @inlinable
    package subscript(index: Index<Payment>) -> Payment {
        @inline(__always) _read { yield payments[index.position].payment }
        _modify { yield &payments[index.position].payment }
    }

    /// - Precondition: the refund is in memory.
    @inlinable
    package subscript(index: Index<Refund>) -> Refund {
        get { refunds[index.position].refund }
        _modify { yield &refunds[index.position].refund }
    }

    /// - Precondition: the dispute is in memory.
    @inlinable
    package subscript(index: Index<Dispute>) -> Dispute {
        get { disputes[index.position].dispute }
        _modify { yield &disputes[index.position].dispute }
    }

    /// Takes a new payment in, under the next number.
    package mutating func append(
        _ payment: Payment,
        details: Span<UInt8>,
        notes: Span<UInt8> = Span(),
        at position: RecordPosition
    ) -> Index<Payment> {
        precondition(payment.id.sequence == UInt64(payments.count + 1), "payments are numbered without gaps")
        var row = PaymentRow(payment)
        row.lastRecord = position
        row.recordCount = 1
        row.owner = merchantPayments.add(payment.merchant)
        row.details = arena.append(details)
        row.notes = arena.append(notes)
        return Index(payments.append(row))
    }

    /// Takes a new refund of a payment in.
    package mutating func append(
        _ refund: Refund,
        to payment: Index<Payment>,
        at position: RecordPosition
    ) -> Index<Refund> {
        var row = RefundRow(refund, older: payments[payment.position].newestRefund)
        row.lastRecord = position
        let index = Index<Refund>(refunds.append(row))
        payments[payment.position].newestRefund = OptionalIndex(index)
        _ = merchantRefunds.add(self[payment].merchant)
        return index
    }

    /// Takes a new dispute of a payment in.
    package mutating func append(
        _ dispute: Dispute,
        to payment: Index<Payment>,
        providerReference: String
    ) -> Index<Dispute> {
        var row = DisputeRow(dispute, older: payments[payment.position].newestDispute)
        row.providerReference = arena.append(providerReference)
        let index = Index<Dispute>(disputes.append(row))
        payments[payment.position].newestDispute = OptionalIndex(index)
        _ = merchantDisputes.add(self[payment].merchant)
        payments[payment.position].payment.disputeAdded()
        return index
    }

    /// Numbers of a snapshot's payments, which come in their own order.
    package mutating func reserveNumbers(payments count: Int, refunds refundCount: Int) {
        payments.reserveNumbers(upTo: count)
        refunds.reserveNumbers(upTo: refundCount)
    }

    /// Numbers of a snapshot's disputes.
    package mutating func reserveNumbers(disputes count: Int) { disputes.reserveNumbers(upTo: count) }

    // MARK: Records

    /// The position of the last record that changed the payment.
    package func lastRecord(of index: Index<Payment>) -> RecordPosition {
        payments[index.position].lastRecord
    }
    package func lastRecord(of index: Index<Refund>) -> RecordPosition { refunds[index.position].lastRecord }
    package func lastRecord(of index: Index<Dispute>) -> RecordPosition {
        disputes[index.position].lastRecord
    }

    /// How many records of the payment were journaled.
    package func recordCount(of index: Index<Payment>) -> UInt32 { payments[index.position].recordCount }

    /// A record of the payment was journaled at `position`.
    package mutating func recorded(_ index: Index<Payment>, at position: RecordPosition) {
        func note(_ row: inout PaymentRow) {
            row.lastRecord = position
            row.recordCount += 1
            row.isStored = false
        }
        note(&payments[index.position])
    }

    /// Whether a cold file holds the payment as it is now.
    package func isStored(_ index: Index<Payment>) -> Bool { payments[index.position].isStored }

    package mutating func recorded(_ index: Index<Refund>, at position: RecordPosition) {
        refunds[index.position].lastRecord = position
    }

    package mutating func recorded(_ index: Index<Dispute>, at position: RecordPosition) {
        disputes[index.position].lastRecord = position
    }

    // MARK: Operations

    /// Where the operation is that runs on the payment, refunds left out.
    package func operation(of index: Index<Payment>) -> OperationPlace {
        OperationPlace(stored: payments[index.position].storedOperation)
    }

    /// Where the operation is that makes the refund.
    package func operation(of index: Index<Refund>) -> OperationPlace {
        OperationPlace(stored: refunds[index.position].storedOperation)
    }

    package mutating func setOperation(_ place: OperationPlace, of index: Index<Payment>) {
        payments[index.position].storedOperation = place.stored
    }

    package mutating func setOperation(_ place: OperationPlace, of index: Index<Refund>) {
        refunds[index.position].storedOperation = place.stored
    }

    // MARK: Walks

    /// Walks a payment's refunds from the newest to the oldest.
    package func refund(of payment: Index<Payment>, where matches: (Index<Refund>) -> Bool) -> Index<Refund>? {
        var next = payments[payment.position].newestRefund.index
        while let index = next {
            if matches(index) { return index }
            next = refunds[index.position].older.index
        }
        return nil
    }

    /// Walks a payment's disputes from the newest to the oldest.
    package func dispute(of payment: Index<Payment>, where matches: (Index<Dispute>) -> Bool) -> Index<Dispute>? {
        var next = payments[payment.position].newestDispute.index
        while let index = next {
            if matches(index) { return index }
            next = disputes[index.position].older.index
        }
        return nil
    }

    /// A payment's refunds, newest first.
    package func refunds(of payment: Index<Payment>) -> [Index<Refund>] {
        var found: [Index<Refund>] = []
        _ = refund(of: payment) {
            found.append($0)
            return false
        }
        return found
    }

    /// A payment's disputes, newest first.
    package func disputes(of payment: Index<Payment>) -> [Index<Dispute>] {
        var found: [Index<Dispute>] = []
        _ = dispute(of: payment) {
            found.append($0)
            return false
        }
        return found
    }

    // MARK: Chunks

    /// The chunks that payments have numbers in, in memory or not: a sweep goes through them one by
    /// one.
    @inlinable package var chunkNumbers: Range<Int> { payments.chunkNumbers }

    /// The payments of a chunk that `body` says yes to, in order.
    @inlinable
    package func indices(inChunk chunk: Int, where body: (Index<Payment>, PaymentRow) -> Bool) -> [Index<Payment>] {
        payments.indices(inChunk: chunk) { body(Index($0), $1) }.map { Index($0) }
    }

    /// The same by the payments alone.
    @inlinable
    package func indices(inChunk chunk: Int, where body: (Payment) -> Bool) -> [Index<Payment>] {
        payments.indices(inChunk: chunk) { body($1.payment) }.map { Index($0) }
    }

    /// The payments of a chunk that time ends before `limit`, that are disputed, or that the
    /// gateway must reverse.
    package func awaitingTime(inChunk chunk: Int, before limit: Timestamp) -> [Index<Payment>] {
        payments.positions(inChunk: chunk) { row in
            (row.pointee.payment.deadline != .none && row.pointee.payment.deadline < limit)
                || row.pointee.payment.disputedMinor > 0
                || (row.pointee.payment.failure != nil && row.pointee.payment.needsReversal)
        }.map { Index($0) }
    }
}
