import Money
import Payments
import Time

@testable import ShardCore
@testable import ShardRecords
@testable import ShardState

extension ShardStateSeed {
    /// What a merchant does beside taking payments.
    static func addTreasury(
        to core: inout ShardCore,
        settling payment: PaymentID,
        _ records: inout [[UInt8]]
    ) {
        guard let euro = Currency(numericCode: 978), let dollar = Currency(numericCode: 840),
            let rate = ExchangeRate("1.0842"), let seller = SellerName("books")
        else { return }
        var number: UInt64 = 20
        func send(_ kind: Command.Kind, into core: inout ShardCore, keeping records: inout [[UInt8]]) {
            number += 1
            var command = command(kind, number)
            if case .event = kind { command.operatorShard = 3 }
            var output = Turn()
            core.handle(command, at: now.adding(milliseconds: Int64(number)), into: &output)
            if case .callProvider(let call, let token, _)? = output.takeLastEffect() {
                output.clear(keeping: &records)
                let success = ProviderSuccess(providerReference: "ch_0", amountMinor: call.amountMinor, currency: euro)
                core.handle(.succeeded(success), of: token, at: now.adding(milliseconds: Int64(number)), into: &output)
            }
            output.clear(keeping: &records)
        }
        send(
            .treasury(.createWallet(CreateWallet(currency: euro, reference: "customer"))),
            into: &core,
            keeping: &records
        )
        let wallet = WalletID(createdAt: now.adding(milliseconds: Int64(number)), shard: 3, sequence: 1)
        var topUp = Self.payment
        topUp.feeBasisPoints = 0
        topUp.details.append(.wallet, wallet.description)
        topUp.funding = .topUp(wallet)
        send(.create(topUp), into: &core, keeping: &records)
        var paid = Self.payment
        paid.amountMinor = 1_000
        paid.paymentMethod = wallet.description
        paid.details = PaymentDetails()
        paid.details.append(.paymentMethod, wallet.description)
        paid.funding = .wallet(wallet)
        send(.create(paid), into: &core, keeping: &records)
        var shared = Self.payment
        shared.details.append(plan: [SplitRequest(seller: seller, share: .basisPoints(2_500))])
        shared.hasSplits = true
        send(.create(shared), into: &core, keeping: &records)
        let saleTime = now.adding(milliseconds: Int64(number))
        let sale = PaymentID(createdAt: saleTime, shard: 3, sequence: UInt64(core.paymentCount))
        send(settlement(of: sale, amount: 800, in: euro, number), into: &core, keeping: &records)
        send(settlement(of: payment, amount: 1_250, in: euro, number), into: &core, keeping: &records)
        for payer in [nil, seller] {
            let payout = CreatePayout(amountMinor: 100, currency: euro, seller: payer, destination: "ba_1")
            send(.treasury(.createPayout(payout)), into: &core, keeping: &records)
        }
        let terms = QuoteRequest(
            sold: euro,
            soldMinor: 300,
            bought: dollar,
            rate: rate,
            spreadBasisPoints: 50,
            validMilliseconds: 60_000
        )
        for _ in 0..<2 { send(.treasury(.quote(terms)), into: &core, keeping: &records) }
        let quote = QuoteID(createdAt: now.adding(milliseconds: Int64(number)), shard: 3, sequence: 2)
        send(.treasury(.convert(quote)), into: &core, keeping: &records)
        let counts = TreasuryCounts(core.capture(unchangedSince: 0).treasury)
        precondition(
            [counts.payouts, counts.wallets, counts.quotes, counts.sellers].map(\.present) == [2, 1, 2, 1]
                && counts.walletSums == 1,
            "the seed lacks something: \(counts)"
        )
    }

    private static func settlement(
        of payment: PaymentID,
        amount: Int64,
        in currency: Currency,
        _ number: UInt64
    ) -> Command.Kind {
        var event = ProviderEvent(type: .settlementMatched, payment: payment, id: "evt_\(number)", provider: "psp")
        event.amountMinor = amount
        event.currency = currency
        return .event(event)
    }
}

extension Turn {
    /// Takes all effects out.
    /// - Returns: the last one.
    mutating func takeLastEffect() -> Effect? {
        var last: Effect?
        while let pending = takeEffect() { last = pending.effect }
        return last
    }

    /// Takes the records out, and forgets all else.
    mutating func clear(keeping kept: inout [[UInt8]]) {
        var offset = 0
        for _ in 0..<recordCount {
            let length = (0..<4).reduce(0) { $0 | Int(records[offset + $1]) << ($1 * 8) }
            kept.append(Array(records[(offset + 4)..<(offset + 4 + length)]))
            offset += 4 + length
        }
        removeAll()
    }
}
