/// The definite end of an operation, as it is journaled.
package enum OperationResult: Sendable, Equatable {
    /// Executed for exactly what was asked.
    case succeeded
    case declined(DeclineClass, DeclineCode)
    case notExecuted(FailureReason)
    /// Executed, but for another amount or currency: it stays as it is until an operator resolves
    /// it.
    case conflicted
    /// Of an authorization: the shopper must do something first. The operation is over, the payment
    /// goes on by `confirm`.
    case actionRequired
}
