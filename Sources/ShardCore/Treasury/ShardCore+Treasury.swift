import Journal
import Ledger
import NIOCore
import Payments
import ShardRecords
import ShardState
import Time

// What pay-outs, wallets and exchange share: operations that end as they are decided, in one record
// with their answer.
extension ShardCore {
    /// What the ledger owes the account's owner; negative when the owner owes.
    func owed(_ account: Account) -> Int64 { ledger.owed(account) }

    /// An answer without payment: `render` writes it.
    func answer(_ status: UInt16, _ render: (any ResponseRenderer, inout ByteBuffer) -> Void) -> Answer {
        var body = ByteBufferAllocator().buffer(capacity: 512)
        render(renderer, &body)
        return Answer(status: status, body: body)
    }

    /// The account owner of a merchant's seller; nil for a seller without accounts.
    func sellerOwner(_ name: SellerName, of merchant: MerchantID) -> UInt64? {
        treasury.sellers.number(of: name, merchant: merchant)
            .map { SellerTable.accountOwner($0, shard: configuration.shard) }
    }

    /// The identifier of the next of its kind.
    func nextIdentifier<ID: ShardIdentifier>(_ type: ID.Type, after count: Int, at now: Timestamp) -> ID {
        ID(createdAt: max(.none, now), shard: configuration.shard, sequence: UInt64(count + 1))
    }

    /// The place in its table of what an identifier names, if it is one of this shard's.
    func index(of id: some ShardIdentifier, count: Int) -> Int? {
        guard id.shard == configuration.shard, id.sequence >= 1, id.sequence <= UInt64(count) else { return nil }
        return Int(id.sequence) - 1
    }
}

extension ShardCore {
    /// How full these tables are, and the room for the ledger's accounts.
    package var treasuryOccupancy: [TableOccupancy] {
        let limits = configuration.treasury
        return [
            TableOccupancy(treasury.payouts, name: "payouts", capacity: limits.payouts),
            TableOccupancy(treasury.wallets, name: "wallets", capacity: limits.wallets),
            TableOccupancy(name: "quotes", count: treasury.quotes.presentCount, capacity: limits.quotes),
            TableOccupancy(name: "accounts", count: ledger.expectedAccounts, capacity: limits.accounts),
            TableOccupancy(name: "sellers", count: treasury.sellers.count, capacity: limits.sellers),
        ]
    }

    mutating func handle(_ command: TreasuryCommand, _ admitted: AdmittedCommand, in turn: inout Turn) {
        switch command {
        case .createPayout(let request): requestPayout(request, admitted, in: &turn)
        case .payoutEvent(let id, let event, let reason):
            payoutEvent(id, event, reason: reason, admitted: admitted, in: &turn)
        case .createWallet(let request): openWallet(request, admitted, in: &turn)
        case .quote(let request): makeQuote(request, admitted, in: &turn)
        case .convert(let id): convert(id, admitted, in: &turn)
        }
    }

    /// Applies a durable record of these tables.
    mutating func replayTreasury(
        _ header: RecordHeader,
        reader: inout RecordReader,
        in bytes: Span<UInt8>,
        at position: RecordPosition
    ) throws(RecordDecodingError) {
        switch header.kind {
        case .payoutChanged:
            let record = try reader.record(PayoutChanged.self, header: header, in: bytes)
            if record.key != nil { try keys.makeRoom(in: .requests) }
            applyPayout(record, at: position)
        case .walletOpened:
            let record = try reader.record(WalletOpened.self, header: header, in: bytes)
            try keys.makeRoom(in: .requests)
            applyWallet(record, at: position)
        case .exchangeQuoted:
            let record = try reader.record(ExchangeQuoted.self, header: header, in: bytes)
            try keys.makeRoom(in: .requests)
            applyQuote(record, at: position)
        case .exchangeConverted:
            let record = try reader.record(ExchangeConverted.self, header: header, in: bytes)
            try keys.makeRoom(in: .requests)
            applyConversion(record, at: position)
        default: throw .invalidValue
        }
    }
}
