import PSPSimulator
import Payments

/// What the PSP really moved, by payment and by shopper.
struct PSPAuditor {
    /// What the PSP moved for one payment.
    struct Totals {
        var authorizations = 0
        var authorized: Int64 = 0
        var captured: Int64 = 0
        var refunded: Int64 = 0
        var cancellations = 0
        /// Something was executed in another currency than asked.
        var isForeign = false
        /// The connector that executed operations of the payment. A second one is a violation.
        var connector: ConnectorID?

        static let nothing = Totals()
    }

    /// Successful authorizations for each intent.
    private var charges: [UInt8] = []
    private var next: [ConnectorID: Int] = [:]
    private var first: [Int: EmbeddedPSP.Movement] = [:]
    private var cancelled: Set<String> = []
    private var refunded: Set<String> = []
    private var captures: [String: Int64] = [:]

    /// The charge of an intent, as far as it was seen.
    func charge(of intent: Int) -> EmbeddedPSP.Movement? { first[intent] }
    func wasCancelled(_ reference: String) -> Bool { cancelled.contains(reference) }
    func wasRefunded(_ reference: String) -> Bool { refunded.contains(reference) }
    /// The amount of the first capture, if there is one and no other.
    func firstCapture(_ reference: String) -> Int64? { captures[reference] }

    /// Looks at operations that are new, so that a double charge is seen when it happens.
    mutating func look(
        _ psp: inout EmbeddedPSP,
        of connector: ConnectorID,
        now: UInt32,
        _ fail: (String) -> Void
    ) {
        var number = next[connector] ?? 0
        while number < psp.operationCount {
            if let movement = psp.movement(number, now: now) { note(movement, fail) }
            number += 1
        }
        next[connector] = number
    }

    private mutating func note(_ movement: EmbeddedPSP.Movement, _ fail: (String) -> Void) {
        switch movement.kind {
        case .authorize: break
        case .cancel: cancelled.insert(movement.reference)
        case .refund: refunded.insert(movement.reference)
        case .capture: if captures[movement.reference] == nil { captures[movement.reference] = movement.amountMinor }
        case .increment: break
        }
        guard movement.kind == .authorize else { return }
        let intent = Intent.intent(of: movement.amountMinor)
        first[intent] = movement
        while charges.count <= intent { charges.append(0) }
        charges[intent] += 1
        if charges[intent] > 1 { fail("shopper \(intent) was charged twice: \(movement.key)") }
    }

    /// Everything that moved for the payments of a shard, by the payment's sequence number less
    /// one. Also counts again what `look` may have seen too early.
    static func totals(
        _ psps: inout [EmbeddedPSP],
        now: UInt32,
        shard: Int,
        among shards: Int,
        payments: Int,
        _ fail: (String) -> Void
    ) -> [Totals] {
        var totals = [Totals](repeating: .nothing, count: payments)
        var charges: [Int: Int] = [:]
        for movement in movements(&psps, now: now) {
            let (connector, movement) = movement
            let identifier = PaymentID(movement.reference)
            if let other = identifier?.shard, Int(other) != shard {
                if Int(other) >= shards { fail("the PSP executed \(movement.key), and there is no shard \(other)") }
                continue
            }
            guard let id = identifier, id.sequence >= 1, id.sequence <= UInt64(payments) else {
                fail("the PSP executed \(movement.key), but there is no such payment")
                continue
            }
            totals[Int(id.sequence) - 1].add(movement)
            guard movement.kind == .authorize else { continue }
            if let other = totals[Int(id.sequence) - 1].connector, other != connector {
                fail("\(id) was executed at \(other) and at \(connector)")
            }
            totals[Int(id.sequence) - 1].connector = connector
            let intent = Intent.intent(of: movement.amountMinor)
            charges[intent, default: 0] += 1
            if charges[intent, default: 0] > 1 { fail("shopper \(intent) was charged twice: \(movement.key)") }
        }
        return totals
    }

    private static func movements(
        _ psps: inout [EmbeddedPSP],
        now: UInt32
    ) -> [(ConnectorID, EmbeddedPSP.Movement)] {
        var all: [(ConnectorID, EmbeddedPSP.Movement)] = []
        for index in psps.indices {
            guard let connector = ConnectorID(rawValue: UInt16(index + 1)) else { continue }
            for number in 0..<psps[index].operationCount {
                if let movement = psps[index].movement(number, now: now) { all.append((connector, movement)) }
            }
        }
        return all
    }
}

extension PSPAuditor.Totals {
    mutating func add(_ movement: EmbeddedPSP.Movement) {
        if !movement.isEuro { isForeign = true }
        switch movement.kind {
        case .authorize:
            authorizations += 1
            authorized += movement.amountMinor
            if movement.isSale { captured += movement.amountMinor }
        case .increment: authorized = max(authorized, movement.amountMinor)
        case .capture: captured += movement.amountMinor
        case .cancel: cancellations += 1
        case .refund: refunded += movement.amountMinor
        }
    }
}
