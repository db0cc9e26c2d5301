package import Payments
package import ShardRecords
package import Time

/// An operation whose outcome is not known and about which no call is under way. It waits for its
/// next resolution, for an event of the provider, or for an operator.
///
/// It takes 96 bytes, and 8 for its due time. Half of it is the request's key, so that a snapshot
/// needs no other table. The journal has all of it except `tries`, `replays` and `sentAt`, which
/// begin anew after a restart.
package struct WaitingOperation: Sendable, Equatable {
    private struct Flags: OptionSet {
        let rawValue: UInt8

        static let staysOpen = Flags(rawValue: 1)
        static let isApproved = Flags(rawValue: 2)
        static let hasSplitPlan = Flags(rawValue: 4)
        static let isKnownToProvider = Flags(rawValue: 8)
        static let hasKey = Flags(rawValue: 16)
    }

    private let storedKey: RequestKey
    private let storedPayment: UInt64
    package let amountMinor: Int64
    /// When the intent was journaled.
    package let startedAt: Timestamp
    /// As `RunningOperation.sentAt`.
    package var sentAt: Timestamp
    /// As `RunningOperation.refund`.
    package let refund: OptionalIndex<Refund>
    package let ordinal: UInt16
    package let attempt: UInt16
    /// At most 65,535, as are the tries.
    package let replays: UInt16
    package var tries: UInt16
    package let operation: ProviderOperation
    private let flags: Flags

    package var payment: Index<Payment> { Index(Int(storedPayment)) }
    /// nil for an operation that the gateway began by itself.
    package var key: RequestKey? { flags.contains(.hasKey) ? storedKey : nil }
    /// The PSP has said that it has the operation and has not ended it.
    package var isKnownToProvider: Bool { flags.contains(.isKnownToProvider) }

    /// - Precondition: the operation is in doubt, no request waits for its answer on a connection,
    ///   and a PSP executes it.
    package init(_ running: RunningOperation) {
        precondition(running.isUncertain && running.hold == .none && !running.isManual, "only what is in doubt waits")
        precondition(running.reply == nil, "the request was answered 202 before its operation waits")
        storedKey = running.key ?? .none
        storedPayment = UInt64(running.payment.position)
        amountMinor = running.amountMinor
        startedAt = running.startedAt
        sentAt = running.sentAt
        refund = running.refund
        ordinal = running.ordinal
        attempt = running.attempt
        replays = running.replays
        tries = running.tries
        operation = running.operation
        var flags = Flags()
        if running.staysOpen { flags.insert(.staysOpen) }
        if running.isApproved { flags.insert(.isApproved) }
        if running.hasSplitPlan { flags.insert(.hasSplitPlan) }
        if running.isKnownToProvider { flags.insert(.isKnownToProvider) }
        if running.key != nil { flags.insert(.hasKey) }
        self.flags = flags
    }

    /// The operation as it takes a slot among the calls again.
    /// - Parameter reservedBytes: the bytes that the rest of its records can need.
    package func running(reservedBytes: Int) -> RunningOperation {
        RunningOperation(
            payment: payment,
            refund: refund,
            operation: operation,
            ordinal: ordinal,
            attempt: attempt,
            amountMinor: amountMinor,
            key: key,
            reply: nil,
            step: .waiting,
            staysOpen: flags.contains(.staysOpen),
            isApproved: flags.contains(.isApproved),
            hasSplitPlan: flags.contains(.hasSplitPlan),
            isResolution: true,
            isUncertain: true,
            isKnownToProvider: isKnownToProvider,
            tries: tries,
            replays: replays,
            startedAt: startedAt,
            reservedBytes: reservedBytes,
            sentAt: sentAt
        )
    }
}
