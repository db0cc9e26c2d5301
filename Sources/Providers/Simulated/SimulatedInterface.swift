package import Payments

/// What the simulator lets be asked for (`millrace psp --interface`).
package enum SimulatedInterface: Sendable, CaseIterable {
    /// Every operation can be asked for by its key, at once.
    case full
    /// As with PSPs that report modifications by webhook alone. Authorizations and confirmations
    /// can be asked for. Captures, cancels, refunds and increments can only be sent again under
    /// their keys.
    case limited

    /// The simulator keeps its keys until it ends; it promises a day.
    private static let replayWindow: Int64 = 86_400_000

    /// How the unknown outcome of each kind of operation is found out.
    package var resolution: OperationTable<ResolutionMeans> {
        OperationTable { operation in
            ResolutionMeans(
                queryByReference: isAskedFor(operation) ? 0 : nil,
                replayWindow: Self.replayWindow,
                voidByReference: operation == .authorize || operation == .confirm
            )
        }
    }

    private func isAskedFor(_ operation: ProviderOperation) -> Bool {
        switch operation {
        case .authorize, .confirm: true
        case .capture, .cancel, .refund, .increment: self == .full
        }
    }
}
