import Journal
import Payments
import ShardRecords
import ShardState

// Wallets: opened once, their money is in the ledger. A wallet belongs to one merchant and lives on its shard.
extension ShardCore {
    mutating func openWallet(
        _ request: CreateWallet,
        _ command: Command,
        _ key: RequestKey,
        in turn: inout Turn
    ) {
        // A merchant's share is as final as the table: wallets are never removed.
        let most = configuration.money.wallets
        guard treasury.wallets.count < most,
            treasury.walletCount(of: command.merchant) < configuration.merchantShare.of(most)
        else { return refuse(command, .walletTableFull, in: &turn) }
        var record = WalletOpened(
            id: nextIdentifier(WalletID.self, after: treasury.wallets.count, at: turn.now),
            merchant: command.merchant,
            currency: request.currency,
            reference: request.reference,
            key: key,
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
        respond(command.reply, command.requestID, answer, in: &turn)
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
        completeAtOnce(record.key, of: record.merchant, record: position, at: record.time)
    }

    /// The wallet that `id` names, if the merchant may know of it.
    func wallet(_ id: WalletID, of merchant: MerchantID) -> Wallet? {
        guard let index = index(of: id, count: treasury.wallets.count) else { return nil }
        let wallet = treasury.wallets[index]
        return wallet.id == id && wallet.merchant == merchant ? wallet : nil
    }

    func view(_ wallet: Wallet) -> WalletView {
        WalletView(wallet: wallet, availableMinor: owed(wallet.account), heldMinor: owed(wallet.heldAccount))
    }

    /// Its balance changes with every payment, so the answer rests on the newest record.
    mutating func answerWallet(_ id: WalletID, _ command: Command, in turn: inout Turn) {
        guard let wallet = wallet(id, of: command.merchant) else { return refuseRead(command, in: &turn) }
        let view = view(wallet)
        respond(to: command, answer(200) { $0.renderWallet(view, into: &$1) }, restingOn: lastPosition, in: &turn)
    }
}
