import Testing

@testable import Ledger

@Suite struct AccountKindTests {
    @Test func `the chart has every account of the reference with its class and owner`() {
        func names(_ accountClass: AccountClass) -> [String] {
            AccountKind.allCases.filter { $0.accountClass == accountClass }.map(\.name.description)
        }
        #expect(names(.asset) == ["psp:receivable", "bank:cash", "fx:position"])
        #expect(
            names(.liability) == [
                "merchant:pending", "merchant:available", "merchant:reserve", "wallet", "refund:clearing",
                "payout:in_transit", "suspense", "wallet:held", "seller:pending", "seller:available",
            ]
        )
        #expect(names(.income) == ["platform:fees", "platform:fx_spread"])
        #expect(names(.expense) == ["psp:fees", "platform:dispute_fees", "platform:losses"])
        #expect(names(.memo) == ["memo:auth:psp", "memo:auth:merchant"])
        for kind in AccountKind.allCases {
            let prefix = kind.name.description.prefix { $0 != ":" }
            switch kind.owner {
            case .merchant: #expect(prefix == "merchant" || kind == .memoAuthorizationMerchant)
            case .provider: #expect(prefix == "psp" || kind == .memoAuthorizationProvider || kind == .suspense)
            case .bank: #expect(prefix == "bank")
            case .wallet: #expect(prefix == "wallet")
            case .seller: #expect(prefix == "seller")
            case .none: #expect(["platform", "fx", "payout", "refund"].contains(prefix))
            }
        }
    }

    @Test func `the accounts of wallets and sellers come in pairs, and no others do`() {
        for kind in AccountKind.allCases {
            let isPaired = kind.owner == .wallet || kind.owner == .seller
            #expect((kind.sibling != nil) == isPaired && kind.isClosedWhenEmpty == isPaired)
            guard let sibling = kind.sibling else { continue }
            #expect(sibling != kind && sibling.sibling == kind && sibling.owner == kind.owner)
        }
    }
}
