import Payments
import Risk
import ShardRecords
import ShardState
package import Time

/// A shard: the idempotency keys, payments, refunds, balances and timers of its merchants, as a
/// pure state machine.
///
/// It has no clock, no randomness, no I/O and no futures. Inputs (commands, PSP outcomes, ticks)
/// carry their time. Outputs are journal records, and effects that rest on them. The same inputs
/// give the same bytes, so a simulation can repeat a day from its seed.
///
/// Responsibilities, one folder each:
/// - `Commands` has the requests, and `Answers` the replies to them.
/// - `Configuration` has limits, policies and gauges.
/// - `Admission` checks and reserves the key. It finds a payment that left memory, checks shares
///   and room, and writes the intent.
/// - `Operations` turns a PSP's answers into the end of an operation, or another step. That is a
///   retry, the next connector's attempt, or an unknown outcome.
/// - `Events` takes the reports of providers, operators and merchants. It also has disputes, and
///   the effects of time on payments.
/// - `Treasury` has wallets, pay-outs, sellers' splits and exchange.
/// - `Risk` has rules, reviews and the external scorer.
/// - `Records` is the only way from a record to state, live and on replay. It has a record's
///   header, its turn, and its place in a merchant's ledger.
/// - `Snapshot` takes what a snapshot is made from, and restores it.
package struct ShardCore: ~Copyable {
    package let configuration: ShardConfiguration
    /// Whether the shard's time is the true one, as far as the host can tell. While it is not, the
    /// shard decides no deadline that moves money. Authorizations, reviews and shoppers' actions do
    /// not run out. Disputes are not lost, quotes are not exchanged, and nothing is given up as
    /// unknown. No age of a call proves anything. All else goes on.
    package var isTimeCertain = true
    package let renderer: any ResponseRenderer

    /// What the next record is written with.
    var recordContext: RecordContext
    /// The idempotency keys of requests and events.
    var keys: KeyStore
    /// Pay-outs, wallets, quotes and sellers.
    var treasury = Treasury()
    /// Payments with their refunds and disputes.
    var payments = PaymentStore()
    /// The calls in flight.
    var operations: RunningOperations
    /// Operations whose outcome is not known, without a call under way (`+Waiting`).
    var waiting: WaitingOperations
    /// Balances, and where each merchant's ledger ends.
    var ledger: MerchantLedger
    /// Commands that wait for the disk.
    var parked: ParkedCommands
    /// The deadlines of operations and payments.
    var deadlines = DeadlineQueue()
    /// The fraud hook (`+Risk`).
    var risk: RiskScreening
    package internal(set) var statistics = ShardStatistics()
    /// What other shards of the process leave to this one.
    package var share = ProcessShare()
    /// What the host allows the shard to admit.
    package var room = AdmissionRoom()

    /// - Parameter renderer: words the answers; pure.
    package init(configuration: ShardConfiguration, renderer: any ResponseRenderer) {
        self.configuration = configuration
        recordContext = RecordContext(configurationVersion: configuration.version)
        self.renderer = renderer
        keys = KeyStore(
            requests: configuration.idempotencyCapacity,
            events: configuration.eventCapacity,
            ttlSeconds: configuration.idempotencySeconds
        )
        ledger = MerchantLedger(recordsPerMark: configuration.recordsPerMark)
        operations = RunningOperations(
            capacity: configuration.operationCapacity,
            resolutionCapacity: configuration.resolutionCapacity,
            share: configuration.merchantShare
        )
        waiting = WaitingOperations(capacity: configuration.waitingCapacity, share: configuration.merchantShare)
        parked = ParkedCommands(configuration)
        risk = RiskScreening(configuration.risk, share: configuration.merchantShare)
    }

    /// All payments ever made, in memory or not.
    package var paymentCount: Int { payments.count }
    package var refundCount: Int { payments.refundCount }
    /// Payments in memory.
    package var warmPaymentCount: Int { payments.presentCount }
    package var warmRefundCount: Int { payments.presentRefundCount }
    package var coldPaymentCount: Int { payments.count - payments.presentCount }
    /// Operations without an end: calls in flight, and those that wait.
    package var runningCount: Int { operations.count + waiting.count }
    package var operationOccupancy: OperationOccupancy { OperationOccupancy(operations, waiting) }

    /// The bytes that tables and arena hold on to.
    package var reservedBytes: Int { keys.reservedBytes + tableBytes }

    /// The same without the idempotency keys, whose table has a fixed size.
    package var tableBytes: Int {
        payments.reservedBytes + risk.reservedBytes + waiting.reservedBytes + treasury.reservedBytes
    }

    /// The bytes of details, references and notes, used or not.
    package var arenaBytes: Int { payments.arenaBytes }

    /// Time passes: due retries and resolutions go out, old keys are forgotten.
    package mutating func tick(at now: Timestamp, into turn: inout Turn) {
        turn.now = now
        recordContext.actor = .gateway
        keys.expire(at: now)
        deadlines.advance(to: now)
        for token in deadlines.dueOperations { operationDue(token, in: &turn) }
        resolveWaiting(in: &turn)
        advanceDeadlines(in: &turn)
    }

    /// Whether every tick counts: an operation waits for its time, or bounded work was left.
    /// Without that a tick now and then is enough.
    package var needsTick: Bool { deadlines.needsTick || waiting.count > 0 }

    mutating func schedule(_ slot: Int, at time: Timestamp) {
        operations[slot].step = .waiting
        deadlines.add(operation: operations.token(slot), at: time)
    }

    /// The payment in memory that `id` names, if the caller may know of it.
    func find(_ id: PaymentID, for caller: Caller) -> Index<Payment>? {
        guard let index = index(of: PaymentNumber(id)), payments[index].id == id,
            caller.isOperator || payments[index].merchant == caller.merchant
        else { return nil }
        return index
    }

    /// The refund of a payment in memory that `id` names, if the caller may know of it.
    func find(_ id: RefundID, for caller: Caller) -> Index<Refund>? {
        guard let payment = index(of: PaymentNumber(id)), payments[payment].merchant == caller.merchant else {
            return nil
        }
        return payments.refund(of: payment) { payments[$0].id == id }
    }

    /// The place in memory of the payment with this number.
    func index(of number: PaymentNumber) -> Index<Payment>? {
        guard number.shard == configuration.shard, number.sequence >= 1, number.sequence <= UInt64(payments.count)
        else { return nil }
        let index = Index<Payment>(sequence: number.sequence)
        return payments.contains(index) ? index : nil
    }
}
