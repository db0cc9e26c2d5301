/// An attempt that was definitely not executed, and after which the next connector of the route tried. A payment keeps them for
/// its answers.
package struct EndedAttempt: Sendable, Equatable {
    /// How it ended: there is no other end that another attempt may follow.
    package enum Outcome: Sendable, Equatable {
        case declined(Decline)
        case notExecuted(CallFailure)
    }

    /// Counts the authorization's attempts from 1.
    package var number: UInt16
    package var connector: ConnectorID
    package var outcome: Outcome
    /// What the connector reported later, against its own definite no. Such money belongs to no operation.
    package var reported: Reported

    /// What an event said that a connector had executed after all; the raw value is stored.
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
    /// The attempts that `packed` bytes hold, oldest first; what follows bytes that are none is left out.
    package static func all(in packed: Span<UInt8>) -> [EndedAttempt] {
        var attempts: [EndedAttempt] = []
        var offset = 0
        while let (attempt, end) = read(packed, at: offset) {
            attempts.append(attempt)
            offset = end
        }
        return attempts
    }

    /// Number and connector (u16 each), 1 for declined or 2 for not executed with what was reported later in the high bits, class and
    /// code or the failure and 0, advice, the length of the PSP's code, that code. The PSP's reference stays in the journal alone.
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

    private static func read(_ bytes: Span<UInt8>, at start: Int) -> (attempt: EndedAttempt, end: Int)? {
        guard start + headBytes <= bytes.count else { return nil }
        let end = start + headBytes + Int(bytes[start + 8])
        guard end <= bytes.count,
            let connector = ConnectorID(rawValue: UInt16(bytes[start + 2]) | UInt16(bytes[start + 3]) << 8)
        else { return nil }
        let number = UInt16(bytes[start]) | UInt16(bytes[start + 1]) << 8
        let outcome: Outcome
        if bytes[start + 4] & 0xF == 1 {
            guard let category = DeclineClass(rawValue: bytes[start + 5]),
                let code = DeclineCode(rawValue: bytes[start + 6]),
                let advice = DeclineAdvice(rawValue: bytes[start + 7])
            else { return nil }
            let text = bytes.extracting(start + headBytes..<end)
                .withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
            outcome = .declined(Decline(category: category, code: code, providerCode: text, advice: advice))
        } else {
            guard let failure = CallFailure(rawValue: bytes[start + 5]) else { return nil }
            outcome = .notExecuted(failure)
        }
        let reported = Reported(rawValue: bytes[start + 4] >> 4)
        return (EndedAttempt(number: number, connector: connector, outcome: outcome, reported: reported), end)
    }
}
