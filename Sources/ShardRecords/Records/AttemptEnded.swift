package import Payments

/// An attempt of an authorization was definitely not executed at its connector, and the next connector of the route tries from now
/// on. The decision is journaled, so that a replay does not make it again; the next call is sent when the record is durable.
package struct AttemptEnded: Sendable {
    package var payment: PaymentID
    /// Which authorization of the payment, from 1.
    package var ordinal: UInt16
    /// Which attempt of it ended, from 1: the last part of its PSP key.
    package var attempt: UInt16
    package var connector: ConnectorID
    package var outcome: EndedAttempt.Outcome
    /// The PSP's reference of a declined attempt; empty where it gave none, and for what was not executed.
    package var providerReference: String
    /// The place of the next connector in the payment's route, from 0. The next attempt's number is `attempt + 1`.
    package var nextPosition: UInt8
    package var nextConnector: ConnectorID
    /// See `RecordFacts.previous`.
    package var previous: UInt64 = 0
    package var time: Int64

    package init(
        payment: PaymentID,
        ordinal: UInt16,
        attempt: UInt16,
        connector: ConnectorID,
        outcome: EndedAttempt.Outcome,
        providerReference: String,
        nextPosition: UInt8,
        nextConnector: ConnectorID,
        previous: UInt64 = 0,
        time: Int64
    ) {
        self.payment = payment
        self.ordinal = ordinal
        self.attempt = attempt
        self.connector = connector
        self.outcome = outcome
        self.providerReference = providerReference
        self.nextPosition = nextPosition
        self.nextConnector = nextConnector
        self.previous = previous
        self.time = time
    }

    /// As the payment keeps it for its answers.
    package var ended: EndedAttempt { EndedAttempt(number: attempt, connector: connector, outcome: outcome) }
}

// Behind the header: ordinal u16, attempt u16, connector u16, result (three bytes, as in `OperationFinished`), advice u8, next
// position u8, next connector u16, the PSP's decline code and its reference, each behind a u32 length.
extension AttemptEnded {
    func encode(into bytes: inout [UInt8]) {
        bytes.appendInteger(ordinal)
        bytes.appendInteger(attempt)
        bytes.appendInteger(connector.rawValue)
        var advice = DeclineAdvice.none
        var code = ""
        switch outcome {
        case .declined(let decline):
            bytes.append(.declined(decline.category, decline.code))
            advice = decline.advice
            code = decline.providerCode
        case .notExecuted(let failure): bytes.append(.notExecuted(.call(failure)))
        }
        bytes.append(advice.rawValue)
        bytes.append(nextPosition)
        bytes.appendInteger(nextConnector.rawValue)
        bytes.appendText(code)
        bytes.appendText(providerReference)
    }
}

extension RecordReader {
    package mutating func attemptEnded(
        _ bytes: Span<UInt8>,
        _ header: RecordHeader
    ) throws(RecordDecodingError) -> AttemptEnded {
        let ordinal = try integer(UInt16.self, bytes)
        let attempt = try integer(UInt16.self, bytes)
        let connector = try connector(bytes)
        let result = try result(bytes)
        guard let advice = DeclineAdvice(rawValue: try integer(UInt8.self, bytes)) else { throw .invalidValue }
        let nextPosition = try integer(UInt8.self, bytes)
        let nextConnector = try self.connector(bytes)
        let code = try text(count: Int(try integer(UInt32.self, bytes)), bytes)
        let reference = try text(count: Int(try integer(UInt32.self, bytes)), bytes)
        guard nextPosition > 0, nextConnector != connector, (1..<FailoverPolicy.maximumAttempts).contains(attempt)
        else { throw .invalidValue }
        return AttemptEnded(
            payment: header.payment,
            ordinal: ordinal,
            attempt: attempt,
            connector: connector,
            outcome: try Self.outcome(result, code: code, advice: advice, reference: reference),
            providerReference: reference,
            nextPosition: nextPosition,
            nextConnector: nextConnector,
            previous: header.previous,
            time: header.time
        )
    }

    private static func outcome(
        _ result: OperationResult,
        code: String,
        advice: DeclineAdvice,
        reference: String
    ) throws(RecordDecodingError) -> EndedAttempt.Outcome {
        switch result {
        case .declined(let category, let standard):
            return .declined(
                Decline(
                    category: category,
                    code: standard,
                    providerCode: code,
                    advice: advice,
                    providerReference: reference
                )
            )
        case .notExecuted(.call(let failure)): return .notExecuted(failure)
        case .notExecuted, .succeeded, .conflicted, .actionRequired: throw .invalidValue
        }
    }

    package mutating func connector(_ bytes: Span<UInt8>) throws(RecordDecodingError) -> ConnectorID {
        guard let connector = ConnectorID(rawValue: try integer(UInt16.self, bytes)) else { throw .invalidValue }
        return connector
    }
}
