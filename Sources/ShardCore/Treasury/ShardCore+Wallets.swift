import Journal
import Payments
import ShardRecords
import ShardState
import Time

// Wallets are opened once, and their money is in the ledger. A wallet belongs to one merchant and
// is on that merchant's shard.
extension ShardCore {
    mutating func openWallet(
        _ request: CreateWallet,
        _ admitted: AdmittedCommand,
        in turn: inout Turn
    ) {
        let most = configuration.treasury.wallets
        guard treasury.wallets.presentCount < most,
            treasury.walletCount(of: admitted.merchant) < configuration.merchantShare.of(most)
        else { return refuse(admitted.caller, .walletTableFull, in: &turn) }
        var record = WalletOpened(
            id: nextIdentifier(WalletID.self, after: treasury.wallets.count, at: turn.now),
            merchant: admitted.merchant,
            currency: request.currency,
            reference: request.reference,
            key: admitted.key,
            responseStatus: 0,
            response: Self.noBody,
            time: turn.now
        )
        applyWallet(record, at: nextPosition)
        let view = view(treasury.wallets[Int(record.id.sequence) - 1])
        let answer = answer(201) { $0.renderWallet(view, into: &$1) }
        record.responseStatus = answer.status
        record.response = answer.body
        persist(.walletOpened(record), in: &turn)
        respond(answer, to: admitted.caller, in: &turn)
    }

    mutating func applyWallet(_ record: WalletOpened, at position: RecordPosition) {
        precondition(
            record.id.sequence == UInt64(treasury.wallets.count + 1) && record.id.shard == configuration.shard,
            "wallets are numbered without gaps"
        )
        var wallet = Wallet(
            id: record.id,
            merchant: record.merchant,
            currency: record.currency,
            reference: record.reference,
            createdAt: record.time
        )
        wallet.lastRecord = position
        _ = treasury.append(wallet)
        keys.completeAtOnce(record.key, in: .requests, of: record.merchant, record: position, at: record.time)
    }

    /// The wallet that `id` names, if it is in memory and the merchant may know of it.
    func wallet(_ id: WalletID, of merchant: MerchantID) -> Wallet? {
        find(id, of: merchant).map { treasury.wallets[$0] }
    }

    /// The place in memory of the wallet that `id` names, if `merchant` may know of it.
    private func find(_ id: WalletID, of merchant: MerchantID) -> Int? {
        guard let index = index(of: id, count: treasury.wallets.count), treasury.wallets.contains(index) else {
            return nil
        }
        let wallet = treasury.wallets[index]
        return wallet.id == id && wallet.merchant == merchant ? index : nil
    }

    /// A new payment names a wallet: it stays in memory for a while.
    mutating func useWallet(of request: CreatePayment, of merchant: MerchantID, at now: Timestamp) {
        switch request.funding {
        case .provider: return
        case .wallet(let id), .topUp(let id):
            if let index = find(id, of: merchant) { treasury.use(wallet: index, at: now) }
        }
    }

    func view(_ wallet: Wallet) -> WalletView {
        let sums = treasury.sums(ofWallet: Int(wallet.id.sequence) - 1)
        return WalletView(
            wallet: wallet,
            availableMinor: owed(wallet.id.account(in: wallet.currency)),
            heldMinor: owed(wallet.id.heldAccount(in: wallet.currency)),
            unsettledMinor: sums.unsettledMinor,
            pendingMinor: sums.pendingMinor
        )
    }

    /// Its balance changes with every payment, so the answer rests on the newest record.
    mutating func answerWallet(_ id: WalletID, to caller: Caller, in turn: inout Turn) {
        guard let index = find(id, of: caller.merchant) else { return refuseRead(caller, in: &turn) }
        treasury.use(wallet: index, at: turn.now)
        let view = view(treasury.wallets[index])
        respond(to: caller, answer(200) { $0.renderWallet(view, into: &$1) }, restingOn: lastPosition, in: &turn)
    }
}
