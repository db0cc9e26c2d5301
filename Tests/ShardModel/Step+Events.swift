package import Ledger
package import Money
package import Payments
import Time

extension Step {
    /// What a provider or an operator tells of a payment: a type, and what of a `ProviderEvent` is
    /// said.
    package struct Event: Hashable, Sendable {
        package var type: PaymentEventType
        package var amount: Int64?
        package var currency: Currency?
        package var fee: Int64?
        /// The number of the payment's refund that it is about, from 1.
        package var refund: UInt16?
        /// The number of the payment's capture that it is about, from 1.
        package var capture: UInt16?
        /// The provider's reference; nil for `dp_1` of what is about a dispute, `ch_1` of a
        /// success, none of the rest.
        package var reference: String?
        /// The time for evidence, in milliseconds from now.
        package var dueIn: Int64 = 0
        package var target: SuspenseTarget?
        package var flags: Set<Flag> = []
        /// The connector that it comes from, by number; nil: the payment's own.
        package var connector: UInt16?

        /// Written as single words.
        package enum Flag: String, CaseIterable, Comparable, Sendable {
            case isChargeRefundable = "refundable"
            case isFeeReturned = "fee_returned"
            case includesRefunded = "includes_refunded"
            case isTaken = "taken"

            package static func < (one: Flag, other: Flag) -> Bool { one.rawValue < other.rawValue }
        }

        package init(_ type: PaymentEventType, amount: Int64? = nil) {
            self.type = type
            self.amount = amount
        }

        private static func reference(_ type: PaymentEventType) -> String {
            if type.isDispute { return "dp_1" }
            return type == .authorizationSucceeded || type == .captureSucceeded ? "ch_1" : ""
        }

        /// The event as it is told at `now`; `refund` is the one of that number, `own` the
        /// connector that has the payment.
        func told(of payment: PaymentID, id: String, refund: RefundID?, own: UInt16, at now: Int64) -> ProviderEvent {
            let name = Scenario.registry.names[Int(connector ?? own) - 1].text
            var event = ProviderEvent(type: type, payment: payment, id: id, provider: name)
            event.amountMinor = amount
            event.currency = currency
            event.feeMinor = fee
            event.refund = refund
            event.capture = capture
            event.reference = reference ?? Self.reference(type)
            event.evidenceDueAt = dueIn > 0 ? Timestamp(milliseconds: now + dueIn) : .none
            event.target = target
            event.isChargeRefundable = flags.contains(.isChargeRefundable)
            event.isFeeReturned = flags.contains(.isFeeReturned)
            event.includesRefunded = flags.contains(.includesRefunded)
            event.isTaken = flags.contains(.isTaken)
            return event
        }
    }
}

// MARK: Text

extension Step.Event {
    var text: String {
        var words = ["\(type.name)"]
        if let amount { words.append("\(amount)") }
        if let currency { words.append("\(currency)") }
        if let fee { words.append("fee=\(fee)") }
        if let refund { words.append("refund=\(refund)") }
        if let capture { words.append("capture=\(capture)") }
        if let reference { words.append("reference=\(reference)") }
        if dueIn > 0 { words.append("due=\(Step.duration(dueIn))") }
        if let connector { words.append("from=\(connector)") }
        if let target { words.append("to=\(target.name)") }
        return (words + flags.sorted().map(\.rawValue)).joined(separator: " ")
    }

    init?(_ words: [String]) {
        let types = PaymentEventType.allCases.filter(\.isPosted)
        guard let type = types.first(where: { "\($0.name)" == words.first }) else { return nil }
        self.init(type)
        for word in words.dropFirst() {
            if let number = Int64(word) {
                amount = number
            } else if let code = Currency(code: word) {
                currency = code
            } else if let flag = Flag(rawValue: word) {
                flags.insert(flag)
            } else if !set(word) {
                return nil
            }
        }
        // The edge refuses these.
        guard !type.needsAmount || amount != nil, !type.isRefund || refund != nil || reference != nil,
            type != .moneyReclassified || target != nil
        else { return nil }
    }

    private mutating func set(_ word: String) -> Bool {
        let parts = word.split(separator: "=", maxSplits: 1).map { String($0) }
        guard parts.count == 2 else { return false }
        switch parts[0] {
        case "fee": fee = Int64(parts[1])
        case "refund": refund = UInt16(parts[1])
        case "capture": capture = UInt16(parts[1])
        case "reference": reference = parts[1]
        case "from": connector = UInt16(parts[1]).flatMap { (1...4).contains($0) ? $0 : nil }
        case "due": dueIn = Step.milliseconds(parts[1]) ?? 0
        case "to": target = SuspenseTarget.allCases.first { "\($0.name)" == parts[1] }
        default: return false
        }
        return true
    }
}
