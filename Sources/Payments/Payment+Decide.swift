/// Why a payment's state does not allow what a merchant asks.
package enum OperationRefusal: Error, Equatable, Sendable {
    case unexpectedState
    case operationInProgress
    case amountExceedsCapturable
    case amountExceedsRefundable
    case tooManyRefunds
}

extension Payment {
    /// The most refunds of one payment, whatever became of them: they are found by walking from the newest.
    package static let maximumRefunds: UInt16 = 1_000

    /// The amount that a capture may take now; `requested` nil means all.
    package func captureAmount(requested: Int64?) throws(OperationRefusal) -> Int64 {
        try checkIdle()
        guard isOpen, captureCount < .max else { throw .unexpectedState }
        let amount = requested ?? capturableMinor
        guard amount <= capturableMinor else { throw .amountExceedsCapturable }
        precondition(amount > 0, "the edge refuses amounts below 1")
        return amount
    }

    /// Whether a capture of this amount leaves the authorization open: only one that is not said to be final, and not of all.
    package func staysOpen(afterCaptureOf amountMinor: Int64, isFinal: Bool) -> Bool {
        !isFinal && amountMinor < capturableMinor
    }

    /// Whether a cancel may be sent now: only while something is held; what was captured is refunded instead.
    package func checkCancel() throws(OperationRefusal) {
        try checkIdle()
        guard isOpen, cancelCount < .max else { throw .unexpectedState }
    }

    /// The amount that a refund may take now; `requested` nil means all that is left. Several refunds may run at once:
    /// the sum rule counts the pending ones.
    package func refundAmount(requested: Int64?) throws(OperationRefusal) -> Int64 {
        try checkIdle()
        guard phase == .captured else { throw .unexpectedState }
        guard refundCount < Self.maximumRefunds else { throw .tooManyRefunds }
        guard refundableMinor > 0 else {
            // All of it was refunded, or is being: the one is final, the other may yet fail and free the amount.
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
