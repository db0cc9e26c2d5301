/// Which operations a payment's present state allows, whatever the amounts. A refusal reports them.
/// A merchant may ask for all of them, except to end a review that only an operator may end.
package struct PermittedOperations: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let capture = PermittedOperations(rawValue: 1)
    package static let cancel = PermittedOperations(rawValue: 2)
    package static let increment = PermittedOperations(rawValue: 4)
    package static let confirm = PermittedOperations(rawValue: 8)
    package static let refund = PermittedOperations(rawValue: 16)
    /// A merchant's, or an operator's.
    package static let approve = PermittedOperations(rawValue: 32)
    /// A merchant's, or an operator's.
    package static let reject = PermittedOperations(rawValue: 64)

    /// With their names in answers, which are those of the routes.
    package static let named: [(operation: PermittedOperations, name: StaticString)] = [
        (.capture, "capture"), (.cancel, "cancel"), (.increment, "increment"), (.confirm, "confirm"),
        (.refund, "refund"),
        (.approve, "approve"), (.reject, "reject"),
    ]
}

extension Payment {
    /// Found by asking the checks themselves, so that the two cannot differ. For refusals only: not
    /// fast.
    package func permittedOperations(_ capabilities: PaymentCapabilities) -> PermittedOperations {
        var permitted: PermittedOperations = []
        if permits({ () throws(OperationRefusal) in _ = try captureAmount(requested: nil, capabilities) }) {
            permitted.insert(.capture)
        }
        if permits({ () throws(OperationRefusal) in try checkCancel() }) { permitted.insert(.cancel) }
        let more = authorizedMinor + 1
        if permits({ () throws(OperationRefusal) in _ = try incrementAmount(requested: more, capabilities) }) {
            permitted.insert(.increment)
        }
        if permits({ () throws(OperationRefusal) in try checkConfirm() }) { permitted.insert(.confirm) }
        if permits({ () throws(OperationRefusal) in _ = try refundAmount(requested: nil) }) {
            permitted.insert(.refund)
        }
        if phase == .review, running == nil { permitted.formUnion([.approve, .reject]) }
        return permitted
    }

    private func permits(_ check: () throws(OperationRefusal) -> Void) -> Bool {
        do throws(OperationRefusal) {
            try check()
            return true
        } catch {
            return false
        }
    }
}
