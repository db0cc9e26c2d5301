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
        let most = configuration.money.wallets
        guard treasury.wallets.presentCount < most,
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

    /// The wallet that `id` names, if it is in memory and the merchant may know of it.
    func wallet(_ id: WalletID, of merchant: MerchantID) -> Wallet? {
        guard case .warm(let index) = place(of: id, for: merchant) else { return nil }
        return treasury.wallets[index]
    }

    /// The wallet that `id` names, if `merchant` may know of it.
    func place(of id: WalletID, for merchant: MerchantID) -> Place {
        guard let index = index(of: id, count: treasury.wallets.count) else { return .unknown }
        guard treasury.wallets.contains(index) else { return .cold }
        let wallet = treasury.wallets[index]
        return wallet.id == id && wallet.merchant == merchant ? .warm(index) : .unknown
    }

    /// Makes sure that the wallet which a new payment names is in memory.
    /// - Returns: false when the command waits for it now.
    mutating func hasWallet(of request: CreatePayment, _ command: Command, in turn: inout Turn) -> Bool {
        let id: WalletID
        switch request.funding {
        case .provider: return true
        case .wallet(let wallet), .topUp(let wallet): id = wallet
        }
        switch place(of: id, for: command.merchant) {
        case .unknown: break
        case .warm(let index): treasury.use(wallet: index, at: turn.now)
        case .cold:
            park(command, for: ColdItem(.wallet, sequence: id.sequence), in: &turn)
            return false
        }
        return true
    }

    func view(_ wallet: Wallet) -> WalletView {
        WalletView(
            wallet: wallet,
            availableMinor: owed(wallet.id.account(in: wallet.currency)),
            heldMinor: owed(wallet.id.heldAccount(in: wallet.currency)),
            unsettledMinor: treasury.sums(ofWallet: Int(wallet.id.sequence) - 1).unsettledMinor
        )
    }

    /// Its balance changes with every payment, so the answer rests on the newest record.
    mutating func answerWallet(_ id: WalletID, _ command: Command, in turn: inout Turn) {
        switch place(of: id, for: command.merchant) {
        case .unknown: refuseRead(command, in: &turn)
        case .cold: park(command, for: ColdItem(.wallet, sequence: id.sequence), in: &turn)
        case .warm(let index):
            treasury.use(wallet: index, at: turn.now)
            let view = view(treasury.wallets[index])
            respond(to: command, answer(200) { $0.renderWallet(view, into: &$1) }, restingOn: lastPosition, in: &turn)
        }
    }
}
