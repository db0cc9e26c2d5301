import NIOCore
import WireJSON

/// Words the provider's answers as JSON.
enum AnswerWriter {
    /// What a POST is answered; returns the status.
    static func write(answerOf number: UInt32, in store: borrowing SimulatorStore, into buffer: inout ByteBuffer) -> Int
    {
        let operation = store.operations[number]
        if operation.outcome == .declined, operation.firstAnswer == .final {
            writeDecline(number, operation, in: store, into: &buffer)
            return 402
        }
        var writer = JSONWriter()
        writer.beginObject(into: &buffer)
        writeIdentifier("id", of: number, operation: operation, in: store, writer: &writer, into: &buffer)
        if operation.kind == .authorize || operation.kind == .confirm || operation.isVoid {
            writeReference(ofCharge: operation.charge, in: store, &writer, into: &buffer)
        } else {
            writeCharge("charge", number: operation.charge, in: store, writer: &writer, into: &buffer)
        }
        writer.name("status", into: &buffer)
        writer.string(answeredStatus(of: operation), into: &buffer)
        writeAmount(operation.amount, currency: operation.currency, writer: &writer, into: &buffer)
        switch operation.firstAnswer {
        case .final: writeExpiry(of: operation, in: store, &writer, into: &buffer)
        case .pending: break
        case .threeDSecure, .redirect: writeAction(of: operation, in: store, &writer, into: &buffer)
        }
        writer.endObject(into: &buffer)
        return 200
    }

    /// What `GET /v1/operations` answers: how things stand now.
    static func write(operation number: UInt32, in store: borrowing SimulatorStore, into buffer: inout ByteBuffer) {
        let operation = store.operations[number]
        var writer = JSONWriter()
        writer.beginObject(into: &buffer)
        writeReference(ofCharge: operation.charge, in: store, &writer, into: &buffer)
        writer.name("operation", into: &buffer)
        writer.string(operation.kind.name, into: &buffer)
        writer.name("key", into: &buffer)
        writeBytes(at: operation.key, in: store, &writer, into: &buffer)
        writeIdentifier("id", of: number, operation: operation, in: store, writer: &writer, into: &buffer)
        writeCharge("charge", number: operation.charge, in: store, writer: &writer, into: &buffer)
        writer.name("outcome", into: &buffer)
        writer.string(outcome(of: operation), into: &buffer)
        writer.name("status", into: &buffer)
        writer.string(currentStatus(of: operation), into: &buffer)
        if operation.outcome == .declined {
            writer.name("code", into: &buffer)
            writer.string(operation.code.name, into: &buffer)
            writeAdvice(operation.advice, &writer, into: &buffer)
        }
        writeAmount(operation.amount, currency: operation.currency, writer: &writer, into: &buffer)
        if operation.outcome == .succeeded {
            writeExpiry(of: operation, in: store, &writer, into: &buffer)
        } else if operation.outcome.awaitsShopper {
            writeAction(of: operation, in: store, &writer, into: &buffer)
        }
        writer.endObject(into: &buffer)
    }

    /// A charge as it stands now; settle it first.
    static func write(
        charge number: UInt32,
        in store: borrowing SimulatorStore,
        now: UInt32,
        _ writer: inout JSONWriter,
        into buffer: inout ByteBuffer
    ) {
        let charge = store.charges[number]
        writer.beginObject(into: &buffer)
        writeCharge("id", number: number, in: store, writer: &writer, into: &buffer)
        writeReference(ofCharge: number, in: store, &writer, into: &buffer)
        writer.name("status", into: &buffer)
        writer.string(store.status(ofCharge: number, now: now).rawValue, into: &buffer)
        writeAmount(charge.authorized, currency: charge.currency, writer: &writer, into: &buffer)
        writer.name("captured_amount", into: &buffer)
        writer.integer(charge.captured, into: &buffer)
        writer.name("refunded_amount", into: &buffer)
        writer.integer(charge.refunded, into: &buffer)
        writer.name("key", into: &buffer)
        writeBytes(at: store.operations[charge.operation].key, in: store, &writer, into: &buffer)
        writer.endObject(into: &buffer)
    }

    /// `{"error":{"code":…,"message":…,"request_id":"req_…"}}`
    /// - Parameter request: the running number of the request that is refused.
    static func write(error code: String, message: String, request: UInt64, into buffer: inout ByteBuffer) {
        var writer = JSONWriter()
        writer.beginObject(into: &buffer)
        writeError(code, message: message, advice: .none, request: request, writer: &writer, into: &buffer)
        writer.endObject(into: &buffer)
    }

    private static func writeDecline(
        _ number: UInt32,
        _ operation: OperationRecord,
        in store: borrowing SimulatorStore,
        into buffer: inout ByteBuffer
    ) {
        var writer = JSONWriter()
        writer.beginObject(into: &buffer)
        let message =
            operation.code.isIssuerDecline
            ? "The payment was declined." : "The charge does not allow it; nothing was executed."
        writeError(
            operation.code.name,
            message: message,
            advice: operation.advice,
            request: nil,
            writer: &writer,
            into: &buffer
        )
        writeIdentifier("id", of: number, operation: operation, in: store, writer: &writer, into: &buffer)
        writer.endObject(into: &buffer)
    }

    private static func writeError(
        _ code: String,
        message: String,
        advice: Advice,
        request: UInt64?,
        writer: inout JSONWriter,
        into buffer: inout ByteBuffer
    ) {
        writer.name("error", into: &buffer)
        writer.beginObject(into: &buffer)
        writer.name("code", into: &buffer)
        writer.string(code, into: &buffer)
        writer.name("message", into: &buffer)
        writer.string(message, into: &buffer)
        writeAdvice(advice, &writer, into: &buffer)
        if let request {
            writer.name("request_id", into: &buffer)
            writer.string("req_\(request)", into: &buffer)
        }
        writer.endObject(into: &buffer)
    }
}

extension AnswerWriter {
    private static func writeAdvice(_ advice: Advice, _ writer: inout JSONWriter, into buffer: inout ByteBuffer) {
        guard advice != .none else { return }
        writer.name("advice_code", into: &buffer)
        writer.string(advice.name, into: &buffer)
    }
}

// MARK: - Words

extension AnswerWriter {
    private static func answeredStatus(of operation: OperationRecord) -> StaticString {
        switch operation.firstAnswer {
        case .final: return executedStatus(of: operation)
        case .pending: return "pending"
        case .threeDSecure, .redirect: return "requires_action"
        }
    }

    private static func currentStatus(of operation: OperationRecord) -> StaticString {
        switch operation.outcome {
        case .pendingThenSucceeds, .pendingThenFails: return "pending"
        case .actionThenSucceeds, .actionThenFails: return "requires_action"
        case .declined, .notExecuted: return operation.firstAnswer == .final ? "declined" : "failed"
        case .succeeded: return executedStatus(of: operation)
        }
    }

    private static func executedStatus(of operation: OperationRecord) -> StaticString {
        guard operation.kind == .authorize || operation.kind == .confirm else { return "succeeded" }
        return operation.isSale ? "captured" : "authorized"
    }

    private static func outcome(of operation: OperationRecord) -> StaticString {
        switch operation.outcome {
        case .pendingThenSucceeds, .pendingThenFails: "pending"
        case .actionThenSucceeds, .actionThenFails: "requires_action"
        case .declined, .notExecuted: "declined"
        case .succeeded: "succeeded"
        }
    }
}

// MARK: - Holds and shoppers

extension AnswerWriter {
    /// When the hold lapses, in milliseconds since 1970; nothing for what holds nothing.
    private static func writeExpiry(
        of operation: OperationRecord,
        in store: borrowing SimulatorStore,
        _ writer: inout JSONWriter,
        into buffer: inout ByteBuffer
    ) {
        guard !operation.isSale, operation.kind == .authorize || operation.kind == .confirm else { return }
        writer.name("expires_at", into: &buffer)
        writer.integer(store.startedAt + Int64(store.charges[operation.charge].expiresAt), into: &buffer)
    }

    private static func writeAction(
        of operation: OperationRecord,
        in store: borrowing SimulatorStore,
        _ writer: inout JSONWriter,
        into buffer: inout ByteBuffer
    ) {
        writer.name("next_action", into: &buffer)
        writer.beginObject(into: &buffer)
        writer.name("type", into: &buffer)
        writer.string(operation.firstAnswer == .redirect ? "redirect" : "three_d_secure", into: &buffer)
        writer.name("url", into: &buffer)
        writer.beginString(into: &buffer)
        buffer.writeString(store.actionBase)
        buffer.writeStaticString("/actions/")
        Identifier.write(Identifier.actionPrefix, epoch: store.epoch, number: operation.charge, into: &buffer)
        writer.endString(into: &buffer)
        writer.endObject(into: &buffer)
    }
}

// MARK: - Members

extension AnswerWriter {
    static func writeBytes(
        at position: UInt32,
        in store: borrowing SimulatorStore,
        _ writer: inout JSONWriter,
        into buffer: inout ByteBuffer
    ) {
        store.arena.withBytes(at: position) { writer.string($0, into: &buffer) }
    }

    static func writeReference(
        ofCharge charge: UInt32,
        in store: borrowing SimulatorStore,
        _ writer: inout JSONWriter,
        into buffer: inout ByteBuffer
    ) {
        writer.name("reference", into: &buffer)
        writeBytes(at: store.charges[charge].reference, in: store, &writer, into: &buffer)
    }

    static func writeAmount(
        _ amount: Int64,
        currency: CurrencyCode,
        writer: inout JSONWriter,
        into buffer: inout ByteBuffer
    ) {
        writer.name("amount", into: &buffer)
        writer.integer(amount, into: &buffer)
        writer.name("currency", into: &buffer)
        writer.beginString(into: &buffer)
        let letters = currency.letters
        buffer.writeMultipleIntegers(letters.0, letters.1, letters.2)
        writer.endString(into: &buffer)
    }

    private static func writeCharge(
        _ name: StaticString,
        number: UInt32,
        in store: borrowing SimulatorStore,
        writer: inout JSONWriter,
        into buffer: inout ByteBuffer
    ) {
        writer.name(name, into: &buffer)
        writer.beginString(into: &buffer)
        Identifier.write(Identifier.chargePrefix, epoch: store.epoch, number: number, into: &buffer)
        writer.endString(into: &buffer)
    }

    private static func writeIdentifier(
        _ name: StaticString,
        of number: UInt32,
        operation: OperationRecord,
        in store: borrowing SimulatorStore,
        writer: inout JSONWriter,
        into buffer: inout ByteBuffer
    ) {
        let subject = operation.kind == .authorize || operation.kind == .confirm ? operation.charge : number
        writer.name(name, into: &buffer)
        writer.beginString(into: &buffer)
        Identifier.write(
            Identifier.prefix(of: operation.kind),
            epoch: store.epoch,
            number: subject,
            into: &buffer
        )
        writer.endString(into: &buffer)
    }
}
