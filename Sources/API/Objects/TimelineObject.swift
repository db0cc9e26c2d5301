import Ledger
import Money
import Payments
import ShardRecords
import Time

/// The JSON of a payment's timeline.
enum TimelineObject {
    static func maximumBytes(_ history: PaymentHistory) -> Int {
        history.entries.reduce(128) { $0 + maximumBytes($1.record) }
    }

    /// - Parameter connectors: names the connectors that records hold the numbers of.
    static func write(
        _ history: PaymentHistory,
        of payment: PaymentID,
        connectors: ConnectorRegistry,
        _ output: inout ByteCursor
    ) {
        output.literal("{\"object\":\"timeline\",\"payment_id\":\"")
        output.identifier(PaymentID.prefix, high: payment.high, low: payment.low)
        output.literal("\",\"truncated\":")
        output.flag(history.isTruncated)
        output.literal(",\"entries\":[")
        var isFirst = true
        var disputes = TimelineDisputes(isComplete: !history.isTruncated)
        for entry in history.entries {
            if !isFirst { output.literal(",") }
            isFirst = false
            write(entry, connectors: connectors, disputes: &disputes, &output)
        }
        output.literal("]}")
    }

    private static func write(
        _ entry: PaymentHistory.Entry,
        connectors: ConnectorRegistry,
        disputes: inout TimelineDisputes,
        _ output: inout ByteCursor
    ) {
        output.literal("{\"type\":\"")
        output.literal(type(entry.record))
        output.literal("\",\"at\":\"")
        output.timestamp(entry.record.time)
        output.literal("\",\"position\":")
        output.decimal(Int64(entry.position))
        output.literal(",\"status\":")
        if let status = entry.status {
            output.literal("\"")
            output.literal(status.name)
            output.literal("\"")
        } else {
            output.literal("null")
        }
        writeMembers(entry.record, connectors: connectors, disputes: &disputes, &output)
        output.literal("}")
    }

    private static func type(_ record: ShardRecord) -> StaticString {
        switch record {
        case .paymentCreated: "payment.created"
        case .operationStarted: "operation.requested"
        case .operationAttempted: "operation.attempted"
        case .attemptEnded: "attempt.ended"
        case .operationUnresolved: "operation.unresolved"
        case .operationFinished: "operation.finished"
        case .refundBounced: "refund.bounced"
        case .balanceMark: "balance.mark"
        case .paymentChanged: "payment.changed"
        case .riskDecided: "risk.decided"
        case .payoutChanged, .walletOpened, .exchangeQuoted, .exchangeConverted:
            preconditionFailure("a record of no payment")
        case .eventApplied: "event.applied"
        }
    }

    /// Members that every record of a kind has, names and punctuation included, and what varies.
    private static func maximumBytes(_ record: ShardRecord) -> Int {
        let fixed = 640 + 2 * ConnectorName.maximumBytes
        let transfers = 2 * (64 + Transfer.maximumPostings * 96)
        switch record {
        case .paymentCreated, .operationAttempted, .balanceMark: return fixed
        case .payoutChanged, .walletOpened, .exchangeQuoted, .exchangeConverted: return fixed
        case .refundBounced: return fixed + transfers
        case .operationStarted(let record): return fixed + transfers + 6 * record.instructions.count + 256
        case .attemptEnded(let record):
            return fixed + AttemptsObject.maximumBytes(record.ended) + quotedBytes(record.providerReference)
        case .operationUnresolved(let record): return fixed + quotedBytes(record.providerReference)
        case .operationFinished(let record):
            return fixed + transfers + quotedBytes(record.providerReference) + quotedBytes(record.declineProviderCode)
        case .paymentChanged(let record): return fixed + transfers + quotedBytes(record.note)
        case .riskDecided(let record): return record.reasons.reduce(fixed) { $0 + 3 + quotedBytes($1) }
        case .eventApplied(let record):
            let texts = [record.provider, record.eventID, record.reason, record.reference]
            return fixed + transfers + texts.reduce(0) { $0 + quotedBytes($1) }
        }
    }

    private static func quotedBytes(_ text: String) -> Int {
        text.utf8.count + ByteCursor.quotedOverhead(text.utf8.span)
    }
}

extension TimelineObject {
    private static func writeMembers(
        _ record: ShardRecord,
        connectors: ConnectorRegistry,
        disputes: inout TimelineDisputes,
        _ output: inout ByteCursor
    ) {
        switch record {
        case .paymentCreated(let record): write(record, &output)
        case .operationStarted(let record): write(record, &output)
        case .operationAttempted(let record): write(record, &output)
        case .operationUnresolved(let record):
            writeOperation(record.operation, ordinal: record.ordinal, into: &output)
            writeName("reason", value: record.reason.name, into: &output)
            writeReference(record.providerReference, &output)
        case .attemptEnded(let record): write(record, connectors: connectors, &output)
        case .operationFinished(let record): write(record, connectors: connectors, &output)
        case .refundBounced(let record):
            output.literal(",\"refund_id\":\"")
            output.identifier(RefundID.prefix, high: record.refund.high, low: record.refund.low)
            output.literal("\"")
            writeAmount(record.amountMinor, &output)
            write(record.transfers, &output)
        // No payment's history has a balance mark.
        case .balanceMark: break
        case .paymentChanged(let record): write(record, &output)
        case .riskDecided(let record): RiskObject.write(record, &output)
        case .payoutChanged, .walletOpened, .exchangeQuoted, .exchangeConverted:
            preconditionFailure("a record of no payment")
        case .eventApplied(let record): write(record, dispute: disputes.identifier(of: record), &output)
        }
    }

    private static func write(_ record: EventApplied, dispute: DisputeID?, _ output: inout ByteCursor) {
        writeName("event", value: record.type.name, into: &output)
        writeName("effect", value: record.fact.effect.name, into: &output)
        if let ended = record.ended { writeName("ended", value: ended.name, into: &output) }
        if let key = record.key { writeRequest(key.requestID, &output) }
        if !record.eventID.isEmpty {
            output.literal(",\"provider\":")
            output.quoted(record.provider.utf8.span)
            output.literal(",\"event_id\":")
            output.quoted(record.eventID.utf8.span)
        }
        if record.fact.amountMinor != 0 { writeAmount(abs(record.fact.amountMinor), &output) }
        if record.dispute != 0 {
            output.literal(",\"dispute\":")
            output.decimal(Int64(record.dispute))
        }
        if let dispute {
            output.literal(",\"dispute_id\":\"")
            output.identifier(DisputeID.prefix, high: dispute.high, low: dispute.low)
            output.literal("\"")
        }
        if !record.reason.isEmpty {
            output.literal(",\"reason\":")
            output.quoted(record.reason.utf8.span)
        }
        writeReference(record.reference, &output)
        write(record.transfers, &output)
    }

    private static func write(_ record: PaymentChanged, _ output: inout ByteCursor) {
        writeName("change", value: record.change.name, into: &output)
        if let key = record.key { writeRequest(key.requestID, &output) }
        if record.amountMinor != 0 { writeAmount(record.amountMinor, &output) }
        if !record.note.isEmpty {
            output.literal(",\"note\":")
            output.quoted(record.note.utf8.span)
        }
        write(record.transfers, &output)
    }

    private static func write(_ record: PaymentCreated, _ output: inout ByteCursor) {
        writeRequest(record.key.requestID, &output)
        writeAmount(record.amountMinor, &output)
        writeName("currency", value: record.currency.code, into: &output)
        output.literal(",\"capture\":")
        output.flag(record.capturesAutomatically)
    }

    private static func write(_ record: OperationStarted, _ output: inout ByteCursor) {
        writeOperation(record.operation, ordinal: record.ordinal, into: &output)
        if let key = record.key { writeRequest(key.requestID, &output) }
        if let cause = record.cause { writeName("cause", value: cause.name, into: &output) }
        writeAmount(record.amountMinor, &output)
        if !record.instructions.isEmpty { OptionalMembers.writeInstructions(record.instructions.span, &output) }
        write(record.transfers, &output)
    }

    private static func write(_ record: OperationAttempted, _ output: inout ByteCursor) {
        writeOperation(record.operation, ordinal: record.ordinal, into: &output)
        writeName("call", value: record.mode.name, into: &output)
        writeName("answer", value: record.answer.name, into: &output)
        if let reason = record.reason { writeName("reason", value: reason.name, into: &output) }
    }

    private static func write(
        _ record: AttemptEnded,
        connectors: ConnectorRegistry,
        _ output: inout ByteCursor
    ) {
        writeOperation(.authorize, ordinal: record.ordinal, into: &output)
        AttemptsObject.writeMembers(record.ended, connectors: connectors, &output)
        writeReference(record.providerReference, &output)
        AttemptsObject.writeConnector("next_connector", is: record.nextConnector, connectors: connectors, &output)
    }

    private static func write(
        _ record: OperationFinished,
        connectors: ConnectorRegistry,
        _ output: inout ByteCursor
    ) {
        writeOperation(record.operation, ordinal: record.ordinal, into: &output)
        if record.operation == .authorize {
            output.literal(",\"attempt\":")
            output.decimal(Int64(record.attempt))
        }
        AttemptsObject.writeConnector("connector", is: record.connector, connectors: connectors, &output)
        writeName("result", value: record.result.name, into: &output)
        writeAmount(record.amountMinor, &output)
        output.literal(",\"amount_executed\":")
        output.decimal(record.executedMinor)
        writeReference(record.providerReference, &output)
        switch record.result {
        case .succeeded, .conflicted, .actionRequired: break
        case .declined(let category, let code):
            output.literal(",\"decline\":")
            let decline = Decline(
                category: category,
                code: code,
                providerCode: record.declineProviderCode,
                advice: record.advice
            )
            DeclineObject.write(decline, &output)
        case .notExecuted(let reason): writeName("reason", value: reason.name, into: &output)
        }
        output.literal(",\"http_status\":")
        output.decimal(Int64(record.responseStatus))
        write(record.transfers, &output)
    }

    // MARK: Members

    private static func writeOperation(_ operation: ProviderOperation, ordinal: UInt16, into output: inout ByteCursor) {
        writeName("operation", value: operation.name, into: &output)
        output.literal(",\"number\":")
        output.decimal(Int64(ordinal))
    }

    private static func writeRequest(_ id: RequestID, _ output: inout ByteCursor) {
        output.literal(",\"request_id\":\"")
        output.identifier(RequestID.prefix, high: id.high, low: id.low)
        output.literal("\"")
    }

    private static func writeAmount(_ amount: Int64, _ output: inout ByteCursor) {
        output.literal(",\"amount\":")
        output.decimal(amount)
    }

    private static func writeReference(_ reference: String, _ output: inout ByteCursor) {
        output.literal(",\"psp_reference\":")
        if reference.isEmpty { output.literal("null") } else { output.quoted(reference.utf8.span) }
    }

    private static func writeName(_ name: StaticString, value: StaticString, into output: inout ByteCursor) {
        output.literal(",\"")
        output.literal(name)
        output.literal("\":\"")
        output.literal(value)
        output.literal("\"")
    }

    private static func write(_ transfers: Transfers, _ output: inout ByteCursor) {
        output.literal(",\"transfers\":[")
        if let first = transfers.first { write(first, &output) }
        if let second = transfers.second {
            output.literal(",")
            write(second, &output)
        }
        output.literal("]")
    }

    private static func write(_ transfer: Transfer, _ output: inout ByteCursor) {
        output.literal("{\"posting_rule\":\"")
        output.literal(transfer.rule.name)
        output.literal("\",\"postings\":[")
        for index in 0..<transfer.count {
            output.literal(index == 0 ? "{\"account\":\"" : ",{\"account\":\"")
            output.literal(transfer[index].account.kind.name)
            output.literal("\",\"currency\":\"")
            output.literal(transfer[index].account.currency.code)
            output.literal("\",\"amount\":")
            output.decimal(transfer[index].amountMinor)
            output.literal("}")
        }
        output.literal("]}")
    }
}

extension PostingRule {
    /// The name in answers.
    var name: StaticString {
        switch self {
        case .hold: "hold"
        case .release: "release"
        case .capture: "capture"
        case .refundRequested: "refund_requested"
        case .refundConfirmed: "refund_confirmed"
        case .refundFailed: "refund_failed"
        case .refundBounced: "refund_bounced"
        case .payoutRequested: "payout_requested"
        case .payoutPaid: "payout_paid"
        case .payoutFailed: "payout_failed"
        case .payoutReturned: "payout_returned"
        case .walletHeld: "wallet_held"
        case .walletReleased: "wallet_released"
        case .walletPaid: "wallet_paid"
        case .walletToppedUp: "wallet_topped_up"
        case .exchange: "exchange"
        case .sellersSettled: "sellers_settled"
        case .settlement: "settlement"
        case .captureReversed: "capture_reversed"
        case .chargeback: "chargeback"
        case .disputeReserved: "dispute_reserved"
        case .disputeReserveReleased: "dispute_reserve_released"
        case .chargebackWon: "chargeback_won"
        case .unexplained: "unexplained"
        case .reclassified: "reclassified"
        case .writtenOff: "written_off"
        }
    }
}

extension OperationAttempted.Answer {
    /// The name in answers.
    var name: StaticString {
        switch self {
        case .notExecuted: "not_executed"
        case .unknown: "unknown"
        case .notFound: "not_found"
        case .pending: "pending"
        }
    }
}

extension OperationResult {
    /// The name in answers.
    var name: StaticString {
        switch self {
        case .succeeded: "succeeded"
        case .declined: "declined"
        case .notExecuted: "not_executed"
        case .conflicted: "conflicted"
        case .actionRequired: "action_required"
        }
    }
}

extension ProviderCall.Mode {
    /// The name in answers.
    var name: StaticString {
        switch self {
        case .execute: "execute"
        case .query: "query"
        case .cancelByReference: "cancel_by_reference"
        }
    }
}

extension PaymentChange {
    /// The name in answers.
    var name: StaticString {
        switch self {
        case .expired: "expired"
        case .abandoned: "abandoned"
        case .reviewRejected: "review_rejected"
        case .reviewTimedOut: "review_timed_out"
        }
    }
}
