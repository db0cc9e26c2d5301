import Ledger
import Payments
package import ShardState
package import Time

extension ShardCore {
    /// Commands that wait for something to be read back.
    package var parkedCommands: ParkingOccupancy { parked.items.commands.occupancy }

    /// Lets a command wait until its object is in memory again. One merchant may take only a part
    /// of the places.
    mutating func park(_ command: Command, for item: ColdItem, in turn: inout Turn) {
        if let refusal = parkingRefusal(command, for: item) { return refuse(command.caller, refusal, in: &turn) }
        if parked.items.park(command, for: item) { turn.release(.load(command.merchant, item), restingOn: 0) }
    }

    /// Why a command cannot wait for an object; nil where it can. An object that is read back takes
    /// a place in its table until the next snapshot. Operators' reports may make room again, so an
    /// eighth beyond the table's limit is for them.
    private func parkingRefusal(_ command: Command, for item: ColdItem) -> Refusal? {
        guard parked.items.commands.hasRoom(for: command) else { return .overloaded }
        let isShareUsed = parked.items.commands.isShareUsed(by: command)
        // An object that others wait for takes no place more.
        if parked.items.commands.isAwaited(item) { return isShareUsed ? .merchantLimitReached : nil }
        let table = occupancy(of: item.kind, command.merchant)
        let most = command.isOperator ? table.most + max(1, table.most / 8) : table.most
        guard table.count + parked.items.items(of: item.kind) < most else { return .overloaded }
        if command.isOperator { return nil }
        let share = configuration.merchantShare.of(table.most)
        guard !isShareUsed, table.ofMerchant + parked.items.items(of: item.kind, for: command.merchant) < share
        else { return .merchantLimitReached }
        return nil
    }

    /// How many are in memory, how many of them are the merchant's, and how many there may be.
    private func occupancy(of kind: ColdKind, _ merchant: MerchantID) -> (count: Int, ofMerchant: Int, most: Int) {
        switch kind {
        case .payment: (payments.presentCount, payments.paymentCount(of: merchant), paymentLimit)
        case .payout:
            (treasury.payouts.presentCount, treasury.payoutCount(of: merchant), configuration.treasury.payouts)
        case .wallet:
            (treasury.wallets.presentCount, treasury.walletCount(of: merchant), configuration.treasury.wallets)
        }
    }

    /// An object was read back, or could not be read (nil). The commands that waited for it go on,
    /// in the order of arrival. The object comes into memory only if one of their callers may know
    /// of it.
    package mutating func loaded(
        _ item: ColdItem,
        _ entry: [UInt8]?,
        at now: Timestamp,
        into turn: inout Turn
    ) {
        turn.now = now
        let commands = parked.items.take(item)
        let known = owner(of: item)
        let owner = known ?? entry.flatMap { merchant(ofEntry: $0, item) }
        let isWanted = commands.contains { $0.isOperator || $0.merchant == owner }
        let isReadable =
            known != nil || (owner != nil && (!isWanted || entry.map { insertCold($0, item) } == true))
        if isReadable { statistics.coldLoads += 1 } else { statistics.coldLoadsFailed += 1 }
        for command in commands {
            if !isReadable {
                refuse(command.caller, .journalFailed, in: &turn)
            } else if command.isOperator || command.merchant == owner {
                handle(command, at: turn.now, into: &turn)
            } else {
                refuse(command.caller, command.kind.refusalOfUnknown, in: &turn)
            }
        }
    }

    /// Whose it is, if it is in memory.
    private func owner(of item: ColdItem) -> MerchantID? {
        let index = Int(item.sequence) - 1
        switch item.kind {
        case .payment: return payments.contains(Index<Payment>(index)) ? payments[Index<Payment>(index)].merchant : nil
        case .payout: return treasury.payouts.contains(index) ? treasury.payouts[index].merchant : nil
        case .wallet: return treasury.wallets.contains(index) ? treasury.wallets[index].merchant : nil
        }
    }

    /// Whose the bytes are; nil when they are not what was asked for.
    private func merchant(ofEntry entry: [UInt8], _ item: ColdItem) -> MerchantID? {
        entry.withUnsafeBytes { bytes in
            do throws(PaymentLayoutError) {
                let head = try item.kind.head(bytes)
                return head.sequence == item.sequence ? head.merchant : nil
            } catch {
                return nil
            }
        }
    }

    /// Adds the payment of the entry at the beginning of `bytes`.
    /// - Parameter isStored: says whether a cold file holds it as it is.
    /// - Returns: the bytes of the entry.
    mutating func insert(
        entry bytes: UnsafeRawBufferPointer,
        isStored: Bool
    ) throws(PaymentLayoutError) -> Int {
        let (byteCount, index) = try payments.insert(
            entry: bytes,
            shard: configuration.shard,
            isStored: isStored,
            isKnown: { configuration.connectors.contains($0) }
        )
        awaitDeadline(index, at: lastRecordTime)
        return byteCount
    }

    /// - Returns: false when the bytes are not what was asked for.
    mutating func insertCold(_ entry: [UInt8], _ item: ColdItem) -> Bool {
        entry.withUnsafeBytes { bytes in
            do throws(PaymentLayoutError) {
                guard try item.kind.head(bytes).sequence == item.sequence else { return false }
                switch item.kind {
                case .payment: return try insert(entry: bytes, isStored: true) == bytes.count
                case .payout:
                    var (payout, _) = try TreasuryEntry.payout(bytes)
                    payout.isStored = true
                    return payout.id.shard == configuration.shard && treasury.insert(payout)
                case .wallet:
                    var (wallet, _) = try TreasuryEntry.wallet(bytes)
                    wallet.isStored = true
                    return wallet.id.shard == configuration.shard && treasury.insert(wallet)
                }
            } catch {
                return false
            }
        }
    }

    /// Removes from memory what a snapshot has put on disk. It visits at most `limit` chunks of the
    /// tables.
    /// - Returns: whether the plan is done.
    package mutating func release(_ plan: inout ReleasePlan, limit: Int) -> Bool {
        if !plan.isTreasuryDone {
            releaseTreasury(&plan, limit: limit)
        } else {
            statistics.paymentsReleased += payments.release(&plan, limit: limit)
        }
        return plan.isDone
    }

    private mutating func releaseTreasury(_ plan: inout ReleasePlan, limit: Int) {
        let (ledger, shard) = (ledger, configuration.shard)
        let left = treasury.release(&plan, limit: limit) { index, sums in
            let owner = UInt64(shard) << 48 | UInt64(index + 1)
            return !ledger.hasClosable(Account(.wallet, owner: owner, currency: sums.currency))
        }
        statistics.payoutsReleased += left.payouts
        statistics.walletsReleased += left.wallets
    }
}
