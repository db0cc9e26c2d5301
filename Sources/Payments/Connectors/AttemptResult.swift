/// How one attempt of an authorization at one connector ended, as its record holds it.
package enum AttemptResult: Sendable, Hashable {
    /// Authorized, or captured for a sale.
    case approved
    /// The PSP waits for the shopper.
    case actionRequired
    /// Executed for another amount or currency than asked.
    case conflicted
    /// Definitely refused: the PSP executed the request and refused it.
    case declined(DeclineClass, DeclineCode, DeclineAdvice)
    /// Definitely refused: certainly not executed.
    case notExecuted(CallFailure)
    /// It is not known yet whether it was executed.
    case unknown(CallFailure)
}

/// One attempt of an authorization: a call under a PSP key of its own at one connector.
package struct Attempt: Sendable, Hashable {
    /// Counts the payment's attempts from 1; a part of the PSP key.
    package var number: UInt16
    package var connector: ConnectorID
    /// The connector's place in the route plan, from 0.
    package var position: UInt8
    /// An earlier call of this attempt had no definite answer.
    package var wasUnknown: Bool

    package init(number: UInt16, connector: ConnectorID, position: UInt8, wasUnknown: Bool = false) {
        precondition(number > 0, "attempts count from 1")
        self.number = number
        self.connector = connector
        self.position = position
        self.wasUnknown = wasUnknown
    }
}
