import Money

/// Why a payment's state does not allow what a merchant asks.
package enum OperationRefusal: Error, Equatable, Sendable {
    case unexpectedState
    case operationInProgress
    case amountExceedsCapturable
    case amountExceedsRefundable
    case tooManyRefunds
    /// The provider does not declare it.
    case notSupported
    /// An increment to no more than what is authorized.
    case amountNotAboveAuthorized
    /// An open dispute holds the money.
    case disputed
    case authorizationTooLarge
}

extension Payment {
    /// The most refunds of one payment, whatever their outcome. They are found by walking from the
    /// newest.
    package static let maximumRefunds: UInt16 = 1_000

    /// The largest amount of a payment, after increments, in minor units (as the API's `amount`).
    package static let maximumAmountMinor = MinorUnits.defaultMaximum

    /// The amount that a capture may take now; `requested` nil means all that is held. A capture
    /// beyond that, as far as the provider lets it go, is final.
    package func captureAmount(
        requested: Int64?,
        isFinal: Bool = true,
        _ capabilities: PaymentCapabilities = PaymentCapabilities()
    ) throws(OperationRefusal) -> Int64 {
        try checkIdle()
        guard isOpen, failure == nil, captureCount < .max else { throw .unexpectedState }
        guard isFinal || capabilities.capturesSeveralTimes else { throw .notSupported }
        let amount = requested ?? capturableMinor
        guard amount <= captureLimitMinor - capturedMinor else { throw .amountExceedsCapturable }
        precondition(amount > 0, "the edge refuses amounts below 1")
        return amount
    }

    /// Whether a capture of this amount leaves the authorization open: only one that is not said to
    /// be final, and not of all.
    package func staysOpen(afterCaptureOf amountMinor: Int64, isFinal: Bool) -> Bool {
        !isFinal && amountMinor < capturableMinor
    }

    /// Whether a cancel may be sent now: only while something is held; what was captured is
    /// refunded instead.
    package func checkCancel() throws(OperationRefusal) {
        try checkIdle()
        guard isOpen || phase == .requiresAction, cancelCount < .max else { throw .unexpectedState }
    }

    /// What a cancel releases: the rest of the hold, or the whole amount that waits for the
    /// shopper.
    package var cancelledMinor: Int64 { phase == .requiresAction ? amountMinor : capturableMinor }

    /// The new total of an increment, if the authorization may be raised to it now.
    package func incrementAmount(
        requested: Int64,
        _ capabilities: PaymentCapabilities
    ) throws(OperationRefusal) -> Int64 {
        try checkIdle()
        guard phase == .authorized, failure == nil, incrementCount < .max else { throw .unexpectedState }
        guard capabilities.increments else { throw .notSupported }
        guard requested > authorizedMinor else { throw .amountNotAboveAuthorized }
        guard requested <= Self.maximumAmountMinor else { throw .authorizationTooLarge }
        return requested
    }

    /// Whether the gateway may confirm now that the shopper has done what the PSP waited for.
    package func checkConfirm() throws(OperationRefusal) {
        try checkIdle()
        guard phase == .requiresAction, confirmCount < .max else { throw .unexpectedState }
    }

    /// The amount that a refund may take now; `requested` nil means all that is left. Several
    /// refunds may run at once: the sum rule counts the pending ones.
    package func refundAmount(requested: Int64?) throws(OperationRefusal) -> Int64 {
        try checkIdle()
        guard phase == .captured else { throw .unexpectedState }
        guard refundCount < Self.maximumRefunds else { throw .tooManyRefunds }
        guard disputedMinor == 0 || flags.contains(.refundableWhileDisputed) else { throw .disputed }
        guard refundableMinor > 0 else {
            // All of it was refunded or is being refunded. The former is final; the latter may
            // still fail and free the amount.
            throw refundPendingMinor > 0 ? .operationInProgress : .unexpectedState
        }
        let amount = requested ?? refundableMinor
        guard amount <= refundableMinor else { throw .amountExceedsRefundable }
        precondition(amount > 0, "the edge refuses amounts below 1")
        return amount
    }

    private func checkIdle() throws(OperationRefusal) {
        guard running == nil else { throw .operationInProgress }
    }
}
