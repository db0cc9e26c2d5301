import Ledger
import Money

/// SplitMix64: the same sequence on every machine.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

let someParties = Parties(merchant: 0xDEAD_BEEF_0102_0304, connector: 7, currency: .eur)

extension Transfer {
    var postings: [Posting] { (0..<count).map { self[$0] } }

    /// A transfer of a random posting rule with random parties and amounts.
    static func random(using random: inout SeededGenerator) -> Transfer {
        let parties = Parties(
            merchant: UInt64.random(in: 0...40, using: &random) &* 0x9E37_79B9_7F4A_7C15,
            connector: UInt16.random(in: 0...3, using: &random),
            currency: Currency.all.randomElement(using: &random)!
        )
        let amount = Int64.random(in: 1...(Int64.max >> Int64.random(in: 0...62, using: &random)), using: &random)
        let funds = MerchantFunds.allCases.randomElement(using: &random)!
        switch PostingRule.allCases.randomElement(using: &random)! {
        case .hold: return PostingRules.hold(parties, amountMinor: amount)
        case .release: return PostingRules.release(parties, amountMinor: amount)
        case .capture:
            let basisPoints = [0, 10_000, UInt16.random(in: 0...10_000, using: &random)].randomElement(using: &random)!
            let fee = BasisPoints.fee(of: amount, basisPoints: basisPoints)
            return PostingRules.capture(parties, amountMinor: amount, feeMinor: fee)
        case .refundRequested:
            let pending = [0, amount / 2, amount].randomElement(using: &random)!
            return PostingRules.refundRequested(parties, amountMinor: amount, pendingMinor: pending)
        case .refundConfirmed: return PostingRules.refundConfirmed(parties, amountMinor: amount)
        case .refundFailed: return PostingRules.refundFailed(parties, amountMinor: amount, to: funds)
        case .refundBounced: return PostingRules.refundBounced(parties, amountMinor: amount, to: funds)
        case .settlement:
            let fee = amount / 50
            return PostingRules.settlement(
                parties,
                amountMinor: amount,
                providerFeeMinor: fee,
                releasedMinor: amount / 2 - 5
            )
        case .captureReversed:
            let half = amount / 2
            return PostingRules.captureReversed(
                parties,
                amountMinor: amount,
                feeMinor: 0,
                pendingMinor: half,
                availableMinor: amount - half
            )
        case .chargeback:
            return PostingRules.chargeback(parties, amountMinor: amount - amount / 2, feeMinor: amount / 2)
        case .disputeReserved: return PostingRules.disputeReserved(parties, amountMinor: amount)
        case .disputeReserveReleased: return PostingRules.disputeReserveReleased(parties, amountMinor: amount)
        case .chargebackWon: return PostingRules.chargebackWon(parties, amountMinor: amount)
        case .unexplained:
            return PostingRules.unexplained(parties, amountMinor: Bool.random(using: &random) ? amount : -amount)
        case .reclassified:
            let target = SuspenseTarget.allCases.randomElement(using: &random)!
            return PostingRules.reclassified(parties, amountMinor: amount, to: target)
        case .writtenOff: return PostingRules.writtenOff(parties, amountMinor: amount)
        case .payoutRequested, .payoutPaid, .payoutFailed, .payoutReturned, .walletHeld, .walletReleased, .walletPaid,
            .walletToppedUp, .exchange, .sellersSettled:
            return money(parties, amount, using: &random)
        }
    }

    private static func money(_ parties: Parties, _ amount: Int64, using random: inout SeededGenerator) -> Transfer {
        let source = Account(.merchantAvailable, owner: parties.merchant, currency: parties.currency)
        var parties = parties
        let funds = WalletFunds(owner: 9, balanceMinor: amount, unsettledMinor: amount / 2, pendingMinor: amount / 3)
        switch Int.random(in: 0...9, using: &random) {
        case 0: return PostingRules.payoutRequested(from: source, amountMinor: amount)
        case 1: return PostingRules.payoutPaid(parties.currency, amountMinor: amount)
        case 2: return PostingRules.payoutFailed(to: source, amountMinor: amount)
        case 3: return PostingRules.payoutReturned(to: source, amountMinor: amount)
        case 4:
            parties.rail = .wallet(funds)
            return PostingRules.hold(parties, amountMinor: amount)
        case 5:
            parties.rail = .wallet(funds)
            return PostingRules.capture(parties, amountMinor: amount, feeMinor: 0)
        case 6:
            parties.rail = .topUp(funds)
            return PostingRules.capture(parties, amountMinor: amount, feeMinor: 0)
        case 8:
            parties.rail = .wallet(funds)
            return PostingRules.release(parties, amountMinor: amount)
        case 7:
            return PostingRules.exchange(
                merchant: parties.merchant,
                sold: .eur,
                soldMinor: amount,
                bought: .jpy,
                grossMinor: amount,
                spreadMinor: amount / 3
            )
        default:
            let parts = (1...4).map { SellerPart(owner: $0, amountMinor: amount / 4 + 1) }
            return PostingRules.sellersSettled(parties.currency, parts: parts)
        }
    }
}
