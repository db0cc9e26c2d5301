import Payments
import ShardCore

/// The member `attempts` of a payment that more than one connector has tried, and the members of an
/// attempt in its timeline.
enum AttemptsObject {
    static func maximumBytes(_ payment: PaymentView) -> Int {
        guard !payment.endedAttempts.isEmpty else { return 0 }
        let last = 192 + ConnectorName.maximumBytes + (payment.decline.map(DeclineObject.maximumBytes) ?? 0)
        return payment.endedAttempts.reduce(32 + last) { $0 + maximumBytes($1) }
    }

    static func maximumBytes(_ attempt: EndedAttempt) -> Int {
        let fixed = 192 + ConnectorName.maximumBytes
        return switch attempt.outcome {
        case .declined(let decline): fixed + DeclineObject.maximumBytes(decline)
        case .notExecuted: fixed
        }
    }

    /// `,"attempts":[…]`, oldest first; the last one is the payment's own.
    static func write(_ payment: PaymentView, connectors: ConnectorRegistry, _ output: inout ByteCursor) {
        output.literal(",\"attempts\":[")
        for attempt in payment.endedAttempts {
            output.literal("{\"number\":")
            output.decimal(Int64(attempt.number))
            writeOutcome(attempt, connectors: connectors, &output)
            if !attempt.reported.isEmpty { output.literal(",\"executed_after_all\":true") }
            output.literal("},")
        }
        output.literal("{\"number\":")
        output.decimal(Int64(payment.endedAttempts.count + 1))
        writeConnector("connector", is: payment.connector, connectors: connectors, &output)
        writeLast(payment, &output)
        output.literal("}]")
    }

    /// `,"attempt":…,"connector":…,"result":…` of a record.
    static func writeMembers(_ attempt: EndedAttempt, connectors: ConnectorRegistry, _ output: inout ByteCursor) {
        output.literal(",\"attempt\":")
        output.decimal(Int64(attempt.number))
        writeOutcome(attempt, connectors: connectors, &output)
    }

    static func writeConnector(
        _ member: StaticString,
        is connector: ConnectorID,
        connectors: ConnectorRegistry,
        _ output: inout ByteCursor
    ) {
        // The gateway refuses to start with a journal that names a connector beyond its registry.
        guard let name = connectors[connector] else { return }
        output.literal(",\"")
        output.literal(member)
        output.literal("\":")
        output.quoted(name.text.utf8.span)
    }

    private static func writeOutcome(
        _ attempt: EndedAttempt,
        connectors: ConnectorRegistry,
        _ output: inout ByteCursor
    ) {
        writeConnector("connector", is: attempt.connector, connectors: connectors, &output)
        switch attempt.outcome {
        case .declined(let decline): write(decline, &output)
        case .notExecuted(let failure): write(failure, &output)
        }
    }

    private static func writeLast(_ payment: PaymentView, _ output: inout ByteCursor) {
        if let decline = payment.decline { return write(decline, &output) }
        if case .call(let failure) = payment.failure { return write(failure, &output) }
        switch payment.status {
        case .processing where payment.authorizedMinor == 0: output.literal(",\"result\":\"processing\"")
        case .requiresAction: output.literal(",\"result\":\"action_required\"")
        case .conflicted: output.literal(",\"result\":\"conflicted\"")
        default: output.literal(payment.authorizedMinor > 0 ? ",\"result\":\"succeeded\"" : ",\"result\":\"failed\"")
        }
    }

    private static func write(_ decline: Decline, _ output: inout ByteCursor) {
        output.literal(",\"result\":\"declined\",\"decline\":")
        DeclineObject.write(decline, &output)
    }

    private static func write(_ failure: CallFailure, _ output: inout ByteCursor) {
        output.literal(",\"result\":\"not_executed\",\"reason\":\"")
        output.literal(failure.name)
        output.literal("\"")
    }
}
