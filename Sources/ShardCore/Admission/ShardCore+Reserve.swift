import Journal
import Payments
import ShardState

// What a running operation can still write, so that its outcome finds room in a journal whose disk
// is full.
extension ShardCore {
    /// Bytes of journal frames that the outcomes of everything in flight can need, at most: each
    /// record in a batch of its own.
    package var outcomeReserveBytes: Int {
        operations.reservedBytes + max(operations.resolutionReservedBytes, Self.resolutionReserveBytes)
            + Self.eventReserveBytes
    }

    /// Of that, what operations hold whose calls are in flight.
    package var callReserveBytes: Int { operations.reservedBytes }

    /// What is kept for resolutions while the room is short: they begin while they reserve less.
    static let resolutionReserveBytes = 256 << 10

    /// What is kept for providers' events while the room is short.
    package static let eventReserveBytes = 256 << 10

    /// No command writes more than this, together with all that its operation can write later. A
    /// body of 64 KiB is in the intent, and with its escapes in the stored answer.
    package static let largestAdmissionBytes = 256 << 10

    /// While the room is short an operation writes at most two records after its intent: that the
    /// PSP has it, and how it ended. That its outcome is unknown needs no record then: an intent
    /// without an end is unknown after a restart. Other reports of calls are not journaled
    /// (`note`), and nothing is given up. The gateway asks again later for the address that a
    /// shopper is sent to. A payment that awaits its score writes the verdict before.
    func outcomeFrameBytes(_ operation: ProviderOperation, payment: Index<Payment>, _ hold: RiskHold = .none) -> Int {
        var details = 0
        if operation != .refund { details = payments.detailBytes(of: payment) }
        var verdict = 0
        if hold != .none {
            verdict = JournalRoom.frameBytes(records: 512 + Self.reasonBytes + min(details, 8 << 10))
            details += Self.reasonBytes
        }
        return verdict + JournalRoom.frameBytes(records: Self.unresolvedBytes)
            + JournalRoom.frameBytes(records: Self.finishedBytes(details: details))
    }

    /// `OperationUnresolved` and `OperationAttempted`: fixed fields and a reference of at most 255
    /// bytes.
    private static let unresolvedBytes = 512

    /// What a scorer's answer adds to the reasons.
    private static let reasonBytes = 1_280

    /// `OperationFinished`: fixed fields, two transfers, references, and the stored answer: 2 KiB
    /// without the payment's details. Escaping makes a byte of these six at most, but nothing
    /// longer than the body of 64 KiB that they came in.
    private static func finishedBytes(details: Int) -> Int { 2_560 + min(6 * details, details + (64 << 10)) }
}
