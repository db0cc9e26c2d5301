/// What an answer means for a request, whatever its history: pure, so that the rules can be read
/// and tested in one place.
enum AnswerVerdict: Equatable {
    case final(Outcome)
    /// Not final: ask again under the same key.
    case retry

    /// An attempt without an answer.
    static func noAnswer(retries: Bool) -> AnswerVerdict { retries ? .retry : .final(.lost) }

    /// - Parameters:
    ///   - isReplay: `idempotent-replayed: true`. A replayed 5xx is the stored result and stays it
    ///     for ever.
    ///   - isRetryable: what a problem document says of itself.
    static func of(status: Int, isReplay: Bool, isRetryable: Bool, role: Slot.Role, retries: Bool) -> AnswerVerdict {
        switch role {
        case .conflict: ofConflict(status: status, isRetryable: isRetryable, retries: retries)
        case .duplicate where status == 409 && isRetryable: .final(.repeated)
        case .original, .duplicate:
            ofUse(status: status, isReplay: isReplay, isRetryable: isRetryable, role: role, retries: retries)
        }
    }

    private static func ofConflict(status: Int, isRetryable: Bool, retries: Bool) -> AnswerVerdict {
        switch status {
        case 422: .final(.refusedConflict)
        case 409, 429, 500...: retries ? .retry : .final(status >= 500 ? .failed : .refused)
        default: .final(.refused)
        }
    }

    private static func ofUse(
        status: Int,
        isReplay: Bool,
        isRetryable: Bool,
        role: Slot.Role,
        retries: Bool
    ) -> AnswerVerdict {
        switch status {
        case 202: retries ? .retry : .final(.processing)
        case 200..<300: .final(role == .duplicate ? .repeated : .succeeded)
        case 402: .final(role == .duplicate ? .repeated : .declined)
        case 409: retries && isRetryable ? .retry : .final(.refused)
        case 425, 429: retries ? .retry : .final(.refused)
        case 500...: retries && !isReplay ? .retry : .final(.failed)
        default: .final(.refused)
        }
    }
}
