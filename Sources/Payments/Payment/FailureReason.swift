/// Why the gateway reverses what a PSP executed: it voids or refunds without a request. The raw
/// value is journaled.
package enum ReversalReason: UInt8, Sendable, CaseIterable {
    /// The shopper did not finish in time, or an authorization's outcome stayed unknown for too
    /// long.
    case abandoned = 13
    /// The PSP approved less than asked, and the merchant does not accept that.
    case partialAuthorization = 14
    /// The PSP executed it after the payment had ended.
    case lateSuccess = 16
    /// The PSP executed another amount or currency than asked, and an operator ended the conflict.
    case conflict = 17
}

/// Why a risk decision ended a payment before anything was sent to a PSP. The raw value is
/// journaled.
package enum RiskRefusal: UInt8, Sendable, CaseIterable {
    /// The fraud rules or the scorer refused it.
    case blocked = 20
    /// A manual review ended with a rejection.
    case reviewRejected = 21
    /// Nobody ended its manual review in time.
    case reviewTimedOut = 22
}

/// Why a payment or a refund failed, where no PSP declined it. The raw value of each is one byte,
/// and is journaled.
package enum FailureReason: Hashable, Sendable {
    /// The PSP certainly did not execute it.
    case call(CallFailure)
    /// The gateway reverses what was executed, or will.
    case reversal(ReversalReason)
    case risk(RiskRefusal)
    /// The capture failed after it had succeeded, and nothing is left of it.
    case captureFailed

    private static let captureFailedValue: UInt8 = 30
}

extension FailureReason: RawRepresentable {
    package var rawValue: UInt8 {
        switch self {
        case .call(let failure): failure.rawValue
        case .reversal(let reason): reason.rawValue
        case .risk(let refusal): refusal.rawValue
        case .captureFailed: Self.captureFailedValue
        }
    }

    package init?(rawValue: UInt8) {
        if let failure = CallFailure(rawValue: rawValue) {
            self = .call(failure)
        } else if let reason = ReversalReason(rawValue: rawValue) {
            self = .reversal(reason)
        } else if let refusal = RiskRefusal(rawValue: rawValue) {
            self = .risk(refusal)
        } else if rawValue == Self.captureFailedValue {
            self = .captureFailed
        } else {
            return nil
        }
    }
}

extension FailureReason: CaseIterable {
    package static var allCases: [FailureReason] {
        CallFailure.allCases.map(FailureReason.call) + ReversalReason.allCases.map(FailureReason.reversal)
            + RiskRefusal.allCases.map(FailureReason.risk) + [.captureFailed]
    }
}

extension FailureReason: CustomStringConvertible {
    /// The case's own name, whatever it is about.
    package var description: String {
        switch self {
        case .call(let failure): "\(failure)"
        case .reversal(let reason): "\(reason)"
        case .risk(let refusal): "\(refusal)"
        case .captureFailed: "captureFailed"
        }
    }
}
