import Ledger
import NIOCore
import Payments
import ShardCore
import ShardRecords

// What left the shard: calls to the PSP, and answers.
extension Auditor {
    mutating func hear(_ call: ProviderCall, at now: Int64) throws(Mismatch) {
        let number = try number(call.payment)
        guard let operation = find(number, kind: call.operation, ordinal: Int(call.ordinal)),
            operation.kind == call.operation
        else {
            throw Mismatch(description: "a call of no operation: \(call.operation)")
        }
        let isSecond = faults.contains(.secondKey) && operation.tries > 1
        let key = "\(call.providerKey)" + (isSecond ? "-2" : "")
        guard operation.key.isEmpty || operation.key == key else {
            throw Mismatch(description: "a second key for one operation: \(key) after \(operation.key)")
        }
        guard call.connector.rawValue == payments[number]?.connector else {
            throw Mismatch(description: "sent to connector \(call.connector)")
        }
        guard call.amountMinor == operation.amount else { throw Mismatch(description: "sent \(call.amountMinor)") }
        switch expectation {
        case .query where call.mode == .query, .asked where call.mode != .execute: expectation = .nothing
        default: break
        }
        if call.mode == .execute {
            sending.remove(Sending(payment: number, kind: call.operation, ordinal: Int(call.ordinal)))
        }
        guard !operation.heldBack else { throw Mismatch(description: "sent, and not cleared") }
        let isAllowed =
            switch call.mode {
            case .execute: !operation.uncertain || payments[number]?.failure != "abandoned"
            case .query: operation.uncertain
            case .cancelByReference: operation.decidesAuthorization && payments[number]?.failure == "abandoned"
            }
        guard isAllowed else { throw Mismatch(description: "\(call.mode) of \(call.operation) may not be sent") }
        change(number, operation: operation) {
            $0.key = key
            guard call.mode == .execute else { return }
            $0.sentAt = now
            if !$0.uncertain { $0.tries += 1 }
        }
        calls[number, default: []].append((call.operation, Int(call.ordinal), call.mode))
    }

    mutating func hear(_ response: Response) throws(Mismatch) {
        let body = String(buffer: response.body)
        if body.hasPrefix("refused ") { tally[body.split(separator: " | ")[0].description, default: 0] += 1 }
        guard !answers.isEmpty else { throw Mismatch(description: "answered unasked: \(response.status) \(body)") }
        var expected = answers.removeFirst()
        if let forgotten = forgettable, body == "refused notFound" {
            quotes[forgotten] = nil
            expected = (404, body)
        }
        guard response.status == expected.status, body == expected.body else {
            throw Mismatch(
                description: "answered \(response.status) \(body), not \(expected.status) \(expected.body)"
            )
        }
    }

    mutating func count(_ record: ShardRecord) {
        for index in 0..<record.transfers.count {
            let transfer = record.transfers[index]
            switch transfer.rule {
            case .sellersSettled: tally["sellers settled", default: 0] += 1
            case .walletHeld: tally["wallet held", default: 0] += 1
            case .walletReleased: tally["wallet released", default: 0] += 1
            case .walletPaid: tally["wallet paid", default: 0] += 1
            case .walletToppedUp: tally["wallet topped up", default: 0] += 1
            default: break
            }
            guard transfer.rule == .capture else { continue }
            if (0..<transfer.count).contains(where: { transfer[$0].account.kind == .sellerPending }) {
                tally["sellers share", default: 0] += 1
            }
        }
        switch record {
        case .operationFinished(let ended): tally["\(ended.operation.name) \(ended.result.name)", default: 0] += 1
        case .operationUnresolved(let unresolved): tally["\(unresolved.operation.name) unresolved", default: 0] += 1
        case .operationStarted(let started) where started.key == nil:
            tally["\(started.operation.name) by itself", default: 0] += 1
        case .eventApplied(let applied):
            tally[applied.ended.map { "told: \($0.name) ends" } ?? "told: \(applied.fact.effect.name)", default: 0] += 1
        case .attemptEnded(let attempt): tally["attempt \(attempt.attempt) ends", default: 0] += 1
        case .paymentChanged(let changed): tally["\(changed.change)", default: 0] += 1
        case .riskDecided(let decided): tally["judged: \(decided.band)", default: 0] += 1
        case .payoutChanged(let changed):
            tally["payout \(changed.event.map { "\($0.name)" } ?? "requested")", default: 0] += 1
        case .walletOpened: tally["wallet opened", default: 0] += 1
        case .exchangeQuoted: tally["exchange quoted", default: 0] += 1
        case .exchangeConverted: tally["exchange converted", default: 0] += 1
        default: break
        }
    }
}
