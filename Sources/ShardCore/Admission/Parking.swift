import Payments
import ShardRecords
import ShardState

/// Commands that wait for something to be read from the disk, by what it is, in the order of their
/// arrival.
struct Parking<Awaited: Hashable> {
    /// The most commands.
    let capacity: Int
    /// The most commands of one merchant; those of operators count for no merchant.
    let merchantLimit: Int
    private var waiting: [Awaited: [Command]] = [:]
    private var merchants = MerchantCounts()
    private(set) var count = 0

    init(capacity: Int, merchantLimit: Int) {
        self.capacity = capacity
        self.merchantLimit = merchantLimit
    }

    /// Whether the command finds a place. A thirty-second of the places is kept for operators, who
    /// also post events. So merchants' requests never keep out the commands that end operations and
    /// empty tables.
    func hasRoom(for command: Command) -> Bool {
        count < (command.isOperator ? capacity : capacity - capacity / 32)
    }

    /// Whether the command's merchant has as many commands here as one may have. Never for an
    /// operator.
    func isShareUsed(by command: Command) -> Bool {
        !command.isOperator && merchants.count(of: command.merchant) >= merchantLimit
    }

    /// Whether a command waits for it.
    func isAwaited(_ awaited: Awaited) -> Bool { count > 0 && waiting[awaited] != nil }

    /// - Returns: whether nobody waited for it before.
    mutating func park(_ command: Command, for awaited: Awaited) -> Bool {
        count += 1
        if !command.isOperator { _ = merchants.add(command.merchant) }
        waiting[awaited, default: []].append(command)
        return waiting[awaited]?.count == 1
    }

    /// Takes out the commands that wait for it.
    mutating func take(_ awaited: Awaited) -> [Command] {
        let commands = waiting.removeValue(forKey: awaited) ?? []
        count -= commands.count
        for command in commands where !command.isOperator { merchants.remove(command.merchant) }
        return commands
    }

    var occupancy: ParkingOccupancy {
        ParkingOccupancy(count: count, capacity: capacity, largestMerchant: merchants.largestCount)
    }
}

/// Commands that wait for payments, pay-outs and wallets to be read back. Each item that is read
/// back takes a place in its table. So the items that are on their way are counted, by kind and by
/// the merchant that was the first to ask for them.
struct ItemParking {
    private(set) var commands: Parking<ColdItem>
    private var items: [ColdKind: Int] = [:]
    private var merchantItems: [ColdKind: MerchantCounts] = [:]

    init(capacity: Int, merchantLimit: Int) {
        commands = Parking(capacity: capacity, merchantLimit: merchantLimit)
    }

    /// How many items of a kind are being read back.
    func items(of kind: ColdKind) -> Int { items[kind] ?? 0 }

    /// Of those, how many the merchant was the first to ask for.
    func items(of kind: ColdKind, for merchant: MerchantID) -> Int {
        merchantItems[kind]?.count(of: merchant) ?? 0
    }

    /// - Returns: whether nobody waited for the item before.
    mutating func park(_ command: Command, for item: ColdItem) -> Bool {
        guard commands.park(command, for: item) else { return false }
        items[item.kind, default: 0] += 1
        if !command.isOperator { _ = merchantItems[item.kind, default: MerchantCounts()].add(command.merchant) }
        return true
    }

    /// Takes out the commands that wait for the item.
    mutating func take(_ item: ColdItem) -> [Command] {
        let taken = commands.take(item)
        guard let first = taken.first else { return [] }
        items[item.kind, default: 0] -= 1
        if !first.isOperator { merchantItems[item.kind]?.remove(first.merchant) }
        return taken
    }
}

/// The commands that wait for the disk.
struct ParkedCommands {
    /// For what they are about.
    var items: ItemParking
    /// For their idempotency keys.
    var keys: Parking<KeyDigest>

    init(_ configuration: ShardConfiguration) {
        items = ItemParking(
            capacity: configuration.parkedCapacity,
            merchantLimit: configuration.parkedPerMerchant
        )
        keys = Parking(
            capacity: configuration.parkedKeyCapacity,
            merchantLimit: configuration.parkedKeysPerMerchant
        )
    }

    var count: Int { items.commands.count + keys.count }
}
