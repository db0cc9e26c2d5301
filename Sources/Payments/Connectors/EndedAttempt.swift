/// An attempt that was definitely not executed, and after which the next connector of the route
/// tried. A payment keeps them for its answers.
package struct EndedAttempt: Sendable, Equatable {
    /// How it ended. Another attempt may follow only these ends.
    package enum Outcome: Sendable, Equatable {
        case declined(Decline)
        case notExecuted(CallFailure)
    }

    /// Counts the authorization's attempts from 1.
    package var number: UInt16
    package var connector: ConnectorID
    package var outcome: Outcome
    /// What the connector reported later, although it had definitely refused. Such money belongs to
    /// no operation.
    package var reported: Reported

    /// What a connector executed after all, as an event said; the raw value is stored.
    package struct Reported: OptionSet, Sendable, Hashable {
        package let rawValue: UInt8

        package init(rawValue: UInt8) { self.rawValue = rawValue }

        /// A hold.
        package static let authorized = Reported(rawValue: 1)
        /// Money moved; it is in suspense.
        package static let captured = Reported(rawValue: 2)
    }

    package init(number: UInt16, connector: ConnectorID, outcome: Outcome, reported: Reported = []) {
        self.number = number
        self.connector = connector
        self.outcome = outcome
        self.reported = reported
    }
}

extension EndedAttempt {
    /// The attempts that a payment's notes hold, oldest first. Malformed bytes are left out.
    package static func all(inNotes notes: Span<UInt8>) -> [EndedAttempt] {
        var attempts: [EndedAttempt] = []
        PaymentDetails.forEachField(in: notes) { field, range in
            guard field == .endedAttempt, let attempt = read(notes.extracting(range)) else { return }
            attempts.append(attempt)
        }
        return attempts
    }

    /// The same notes with these attempts instead of the old ones.
    package static func replacing(inNotes notes: Span<UInt8>, with attempts: [EndedAttempt]) -> PaymentDetails {
        var details = PaymentDetails.keeping(in: notes, without: [.endedAttempt], capacity: 16)
        for attempt in attempts { details.append(.endedAttempt, attempt.packed.span) }
        return details
    }

    /// Number and connector (u16 each), then a byte: 1 for declined or 2 for not executed, with the
    /// later reports in its high bits. Then come class and code, or the failure and 0. The advice
    /// follows, then the length of the PSP's code, and that code. Only the journal has the PSP's
    /// reference.
    package var packed: [UInt8] {
        var bytes = [UInt8]()
        for word in [number, connector.rawValue] {
            bytes.append(UInt8(truncatingIfNeeded: word))
            bytes.append(UInt8(truncatingIfNeeded: word >> 8))
        }
        switch outcome {
        case .declined(let decline):
            let code = decline.providerCode.utf8.prefix(Int(UInt8.max))
            bytes += [1 | reported.rawValue << 4, decline.category.rawValue, decline.code.rawValue]
            bytes += [decline.advice.rawValue, UInt8(code.count)]
            bytes += code
        case .notExecuted(let failure): bytes += [2 | reported.rawValue << 4, failure.rawValue, 0, 0, 0]
        }
        return bytes
    }

    private static let headBytes = 9

    private static func read(_ bytes: Span<UInt8>) -> EndedAttempt? {
        guard bytes.count >= headBytes, bytes.count == headBytes + Int(bytes[8]),
            let connector = ConnectorID(rawValue: UInt16(bytes[2]) | UInt16(bytes[3]) << 8)
        else { return nil }
        let number = UInt16(bytes[0]) | UInt16(bytes[1]) << 8
        let outcome: Outcome
        if bytes[4] & 0xF == 1 {
            guard let category = DeclineClass(rawValue: bytes[5]),
                let code = DeclineCode(rawValue: bytes[6]),
                let advice = DeclineAdvice(rawValue: bytes[7])
            else { return nil }
            let text = bytes.extracting(headBytes..<bytes.count)
                .withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
            outcome = .declined(Decline(category: category, code: code, providerCode: text, advice: advice))
        } else {
            guard let failure = CallFailure(rawValue: bytes[5]) else { return nil }
            outcome = .notExecuted(failure)
        }
        let reported = Reported(rawValue: bytes[4] >> 4)
        return EndedAttempt(number: number, connector: connector, outcome: outcome, reported: reported)
    }
}
