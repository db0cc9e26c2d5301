package import Payments
package import Time

/// An attempt of an authorization was definitely not executed at its connector, and the next
/// connector of the route tries from now on. The decision is journaled, so that a replay does not
/// make it again; the next call is sent when the record is durable.
package struct AttemptEnded: Sendable {
    package var payment: PaymentID
    /// Which authorization of the payment, from 1.
    package var ordinal: UInt16
    /// Which attempt of it ended, from 1: the last part of its PSP key.
    package var attempt: UInt16
    package var connector: ConnectorID
    package var outcome: EndedAttempt.Outcome
    /// The place of the next connector in the payment's route, from 0. The next attempt's number is
    /// `attempt + 1`.
    package var nextPosition: UInt8
    package var nextConnector: ConnectorID
    /// See `RecordFacts.previous`.
    package var previous: UInt64 = 0
    package var time: Timestamp

    package init(
        payment: PaymentID,
        ordinal: UInt16,
        attempt: UInt16,
        connector: ConnectorID,
        outcome: EndedAttempt.Outcome,
        nextPosition: UInt8,
        nextConnector: ConnectorID,
        previous: UInt64 = 0,
        time: Timestamp
    ) {
        self.payment = payment
        self.ordinal = ordinal
        self.attempt = attempt
        self.connector = connector
        self.outcome = outcome
        self.nextPosition = nextPosition
        self.nextConnector = nextConnector
        self.previous = previous
        self.time = time
    }

    /// As the payment keeps it for its answers.
    package var ended: EndedAttempt { EndedAttempt(number: attempt, connector: connector, outcome: outcome) }

    /// The PSP's reference of a declined attempt; empty where it gave none, and for what was not
    /// executed.
    package var providerReference: String {
        switch outcome {
        case .declined(let decline): decline.providerReference
        case .notExecuted: ""
        }
    }
}

extension AttemptEnded: RecordLayout {
    package static var kind: ShardRecord.Kind { .attemptEnded }

    package static func fields<Codec: RecordCodec>(of record: Self?, _ codec: inout Codec) throws(Codec.Failure) -> Self
    {
        Self(
            payment: codec.header.payment,
            ordinal: try codec.field("ordinal", record?.ordinal),
            attempt: try codec.field("attempt", record?.attempt),
            connector: try codec.field("connector", record?.connector),
            outcome: try codec.field("outcome", record?.outcome),
            nextPosition: try codec.field("next position", record?.nextPosition),
            nextConnector: try codec.field("next connector", record?.nextConnector),
            previous: codec.header.previous,
            time: codec.header.time
        )
    }

    package var isConsistent: Bool {
        nextPosition > 0 && nextConnector != connector && (1..<FailoverPolicy.maximumAttempts).contains(attempt)
    }
}

extension EndedAttempt.Outcome: RecordField {
    package static var layout: StaticString { "outcome" }

    package func write(into bytes: inout [UInt8]) {
        switch self {
        case .declined(let decline):
            OperationResult.declined(decline.category, decline.code).write(into: &bytes)
            decline.advice.write(into: &bytes)
            decline.providerCode.write(into: &bytes)
            decline.providerReference.write(into: &bytes)
        case .notExecuted(let failure):
            OperationResult.notExecuted(.call(failure)).write(into: &bytes)
            DeclineAdvice.none.write(into: &bytes)
            "".write(into: &bytes)
            "".write(into: &bytes)
        }
    }

    package init(reading reader: inout RecordReader, _ bytes: Span<UInt8>) throws(RecordDecodingError) {
        let result = try OperationResult(reading: &reader, bytes)
        let advice = try DeclineAdvice(reading: &reader, bytes)
        let code = try String(reading: &reader, bytes)
        let reference = try String(reading: &reader, bytes)
        switch result {
        case .declined(let category, let standard):
            self = .declined(
                Decline(
                    category: category,
                    code: standard,
                    providerCode: code,
                    advice: advice,
                    providerReference: reference
                )
            )
        case .notExecuted(.call(let failure)):
            guard advice == .none, code.isEmpty, reference.isEmpty else { throw .invalidValue }
            self = .notExecuted(failure)
        case .notExecuted, .succeeded, .conflicted, .actionRequired: throw .invalidValue
        }
    }
}
