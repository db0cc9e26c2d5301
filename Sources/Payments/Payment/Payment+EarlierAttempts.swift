// Events of a connector that had definitely refused, so that the payment went on to another one.
// Money that it moved after all belongs to no operation. It goes to suspense at that connector,
// with an alarm. An operator then has it returned (docs/payments.md, "Attempts").
extension Payment {
    /// Whether such an event is taken. All others are a mistake of their sender.
    package static func takesOfEarlierConnector(_ type: PaymentEventType) -> Bool {
        switch type {
        case .authorizationSucceeded, .captureSucceeded, .moneyUnexplained, .moneyReclassified: true
        case .settlementMatched, .authorizationFailed, .authorizationExpired, .captureFailed, .cancelSucceeded,
            .refundSucceeded, .refundFailed, .disputeWarning, .disputeWarningClosed, .disputeOpened,
            .disputeUnderReview, .disputeWon, .disputeLost, .balanceWrittenOff, .conflictResolved, .incrementSucceeded,
            .incrementFailed, .cancelFailed, .disputeEvidence, .disputeAccepted, .disputeOverdue:
            false
        }
    }

    /// Decides the effect of such an event. Changes nothing.
    /// - Parameter context: with the suspense of the attempt's connector.
    package func decide(
        _ event: ProviderEvent,
        ofEarlier attempt: EndedAttempt,
        _ context: EventContext
    ) throws(EventRefusal) -> EventDecision {
        let decision: EventDecision
        switch event.type {
        case .authorizationSucceeded, .captureSucceeded:
            let isKnown = attempt.reported.isSuperset(of: reported(event.type))
            let moved = reported(event.type).contains(.captured) ? amount(event) : 0
            decision = isKnown ? .known : .fact(PaymentFact(.unexplained, amountMinor: moved, in: currency(event)))
        default: decision = try decide(event, context)
        }
        guard case .fact(var fact) = decision else { return decision }
        fact.earlierConnector = attempt.connector
        return .fact(fact)
    }

    /// What an event of this type says that the connector has executed.
    package func reported(_ type: PaymentEventType) -> EndedAttempt.Reported {
        switch type {
        case .captureSucceeded: [.authorized, .captured]
        case .authorizationSucceeded: capturesAutomatically ? [.authorized, .captured] : .authorized
        default: []
        }
    }
}
