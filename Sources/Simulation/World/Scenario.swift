import Money
import Risk

/// Kinds of faults; each can be left out, to find out which of them a failure needs.
package struct FaultKinds: OptionSet, Sendable, Hashable {
    package let rawValue: Int

    package init(rawValue: Int) { self.rawValue = rawValue }

    /// The process ends at any moment, also while it recovers.
    package static let kill = FaultKinds(rawValue: 1 << 0)
    /// The power goes at any moment, also while the process recovers.
    package static let power = FaultKinds(rawValue: 1 << 1)
    /// Any disk operation is refused, or writes short.
    package static let diskErrors = FaultKinds(rawValue: 1 << 2)
    package static let diskFull = FaultKinds(rawValue: 1 << 3)
    package static let diskSlow = FaultKinds(rawValue: 1 << 4)
    /// A bit of a file turns while the process is down.
    package static let bitFlips = FaultKinds(rawValue: 1 << 5)
    /// Between gateway and PSP: delay, reordering, duplicates, losses, resets.
    package static let network = FaultKinds(rawValue: 1 << 6)
    package static let partitions = FaultKinds(rawValue: 1 << 7)
    /// The PSP's own: declines, errors with and without execution, answers that never leave,
    /// pending operations.
    package static let psp = FaultKinds(rawValue: 1 << 8)
    /// Between merchants and gateway: delay, reordering, duplicates, losses.
    package static let edge = FaultKinds(rawValue: 1 << 9)
    /// The wall clock jumps while the process is down.
    package static let clock = FaultKinds(rawValue: 1 << 10)
    /// Merchants use a key for two different requests.
    package static let conflicts = FaultKinds(rawValue: 1 << 11)

    /// Between gateway and scorer: late, missing and unintelligible answers.
    package static let scorer = FaultKinds(rawValue: 1 << 12)

    /// The shard moves to another host of the process.
    package static let handovers = FaultKinds(rawValue: 1 << 24)

    package static let named: [(name: String, kind: FaultKinds)] = [
        ("kill", .kill), ("power", .power), ("disk-errors", .diskErrors), ("disk-full", .diskFull),
        ("disk-slow", .diskSlow), ("bit-flips", .bitFlips), ("network", .network), ("partitions", .partitions),
        ("psp", .psp), ("edge", .edge), ("clock", .clock), ("conflicts", .conflicts), ("scorer", .scorer),
        ("handovers", .handovers),
    ]

    package static let all = FaultKinds(rawValue: (1 << 13) - 1).union(.handovers)

    /// The names, separated by commas.
    package var text: String { Self.named.filter { contains($0.kind) }.map(\.name).joined(separator: ",") }
}

/// What a world is made of. All of it follows from the seed, unless it is given.
package struct Scenario: Sendable {
    package let seed: UInt64
    /// Virtual time with faults, in microseconds.
    package var duration: Int64
    package var faults: FaultKinds
    /// The most payments that shoppers begin.
    package var intents: Int
    package var planted: PlantedBug?

    /// Microseconds between two shoppers, typically.
    var interval: Int64
    var merchants: Int
    /// Microseconds between two crashes, typically.
    var crashInterval: Int64
    /// Microseconds between two changes of the lasting faults (disk, network, PSP).
    var lastingFaultsInterval: Int64
    /// Per million.
    var lossRate: Int
    var duplicateRate: Int
    var lateRate: Int
    var edgeLossRate: Int
    var diskErrorRate: Int
    var floorMicroseconds: Int64
    var operationCapacity: Int
    var takesSnapshots: Bool
    var archives: Bool
    var encrypts: Bool
    var signsCheckpoints: Bool
    /// Milliseconds until an authorization with an unknown outcome is given up, and until a shopper
    /// is.
    var abandonAfter: Int64
    var actionLifetime: Int64
    var overCaptureBasisPoints: UInt16
    var voidsByReference: Bool
    /// Per million: captures about which operators report something, payments with wallets,
    /// captures with sellers.
    var eventRate: Int
    var walletRate: Int
    var splitRate: Int
    var risk: RiskPolicy?
    /// Milliseconds.
    var reviewTimeout: Int64
    /// Of four merchants, how many have both connectors in their route.
    var routesOfBoth: Int
    /// Hosts that may own the shard.
    var hosts: Int
    /// Microseconds between two handovers, typically.
    var handoverInterval: Int64
    /// Shards, each with merchants of its own. There are two hosts when there are several.
    var shards: Int
    /// The logs that the shards are streams of.
    var logs: Int
    /// How long an owner's lease lasts, in microseconds; nil for one without an end. There are two
    /// hosts then.
    var lease: Int64?
    /// Somebody takes every record by a feed and a cursor: as records come, or all of them at the
    /// end.
    var hasConsumer: Bool
    var consumesAtTheEnd: Bool
    /// Microseconds between two looks of the consumer, typically.
    var consumerPause: Int64
    /// Milliseconds until an archived segment is deleted that no cursor needs; nil for never. Only
    /// where a cursor holds everything back: stored answers are read from the archive for as long
    /// as the world lasts.
    var archiveKeep: Int64?
    /// When all is final, merchants ask again with old keys until those are forgotten.
    var hasOldKeys: Bool
    /// Connectors that had refused report later that they executed the payment after all, and other
    /// events.
    var hasEarlierEvents: Bool

    /// See `narrow`.
    package private(set) var isNarrow = false

    /// - Parameter hours: virtual time with faults.
    package init(seed: UInt64, hours: Double) {
        var random = SimRandom(seed: seed, .scenario)
        self.seed = seed
        duration = Int64(hours * 3_600_000_000)
        interval = [50_000, 200_000, 500_000, 2_000_000][random.below(4)]
        merchants = 1 + random.below(20)
        crashInterval = [5_000_000, 20_000_000, 60_000_000, 300_000_000][random.below(4)]
        lastingFaultsInterval = [2_000_000, 10_000_000, 60_000_000][random.below(3)]
        lossRate = [0, 5_000, 50_000, 200_000][random.below(4)]
        duplicateRate = [0, 10_000, 100_000][random.below(3)]
        lateRate = [0, 5_000, 50_000][random.below(3)]
        edgeLossRate = [0, 20_000, 150_000][random.below(3)]
        diskErrorRate = [20, 200, 2_000][random.below(3)]
        floorMicroseconds = [0, 1_000, 1_000][random.below(3)]
        operationCapacity = [32, 256, 4_096][random.below(3)]
        // Most worlds have most faults. Some have few, so that a defect that another fault hides is
        // seen, too.
        var faults = FaultKinds.all
        let keep = [1_000_000, 800_000, 400_000][random.below(3)]
        for (_, kind) in FaultKinds.named where kind != .handovers && !random.chance(keep) { faults.remove(kind) }
        self.faults = faults
        takesSnapshots = random.chance(700_000)
        archives = random.chance(700_000)
        encrypts = random.chance(400_000)
        signsCheckpoints = random.chance(400_000)
        abandonAfter = [10_000, 60_000, 900_000][random.below(3)]
        actionLifetime = [30_000, 300_000, 1_800_000][random.below(3)]
        overCaptureBasisPoints = [0, 1_000, 2_000][random.below(3)]
        voidsByReference = random.chance(800_000)
        eventRate = [100_000, 300_000, 700_000][random.below(3)]
        walletRate = [0, 100_000, 400_000][random.below(3)]
        splitRate = [0, 100_000, 400_000][random.below(3)]
        reviewTimeout = [10_000, 120_000, 1_800_000][random.below(3)]
        risk = Self.policy(reviewTimeout: reviewTimeout, &random)
        routesOfBoth = 1 + random.below(4)
        intents = min(Int(duration / interval) + 1, 20_000)
        // A stream of their own: they change nothing of the worlds without them.
        var hosting = SimRandom(seed: seed, .hosts)
        hosts = 1 + hosting.below(2)
        handoverInterval = [1_000_000, 5_000_000, 30_000_000][hosting.below(3)]
        hasConsumer = hosting.chance(800_000)
        consumesAtTheEnd = hosting.chance(500_000)
        consumerPause = [5_000, 50_000, 2_000_000][hosting.below(3)]
        archiveKeep = hasConsumer && consumesAtTheEnd ? 5_000 : nil
        var old = SimRandom(seed: seed, .oldKeys)
        hasOldKeys = old.chance(400_000)
        var earlier = SimRandom(seed: seed, .earlierConnectors)
        hasEarlierEvents = earlier.chance(300_000)
        var leases = SimRandom(seed: seed, .leases)
        let hasLeases = leases.chance(300_000)
        let time: Int64 = [1_000_000, 4_000_000, 15_000_000][leases.below(3)]
        lease = hasLeases ? time : nil
        var sharding = SimRandom(seed: seed, .shards)
        let hasShards = sharding.chance(300_000)
        let count = 2 + sharding.below(3)
        shards = hasShards ? count : 1
        logs = hasShards ? 1 + sharding.below(2) : 1
        if hasLeases || hasShards { hosts = 2 }
        if hasShards { merchants = max(merchants, 2 * count) }
    }

    /// The fraud hook of a world, or none.
    private static func policy(reviewTimeout: Int64, _ random: inout SimRandom) -> RiskPolicy? {
        let isOn = random.chance(600_000)
        let asks = random.chance(700_000)
        let onFailure = RiskBand.allCases[random.below(3)]
        let limit = UInt64(2 + random.below(20))
        let capacity = random.chance(300_000) ? 16 : 4_096
        guard isOn else { return nil }
        return RiskPolicy(
            rules: [
                RiskRule(name: "burst", score: 40, condition: .count(.customer, window: 60_000, limit: limit)),
                RiskRule(
                    name: "sum",
                    score: 30,
                    condition: .sum(.merchant, window: 600_000, limitMinor: 400_000_000, .eur)
                ),
                RiskRule(name: "token", score: 20, condition: .count(.paymentMethod, window: 10_000, limit: 20)),
            ],
            whenCountersAreFull: random.chance(300_000) ? .review : .allow,
            scorer: asks ? RiskPolicy.Scorer(timeout: 500, onFailure: onFailure) : nil,
            reviewTimeout: reviewTimeout,
            counterCapacity: capacity,
            key: RiskKey(first: 1, second: 2)
        )
    }

    /// Leaves out old keys, leases and several shards.
    package mutating func narrow() {
        isNarrow = true
        hasOldKeys = false
        lease = nil
        shards = 1
        logs = 1
    }

    /// The command that makes this world again.
    package var command: String {
        let hours = Double(duration) / 3_600_000_000
        var text = "millrace sim --seed \(seed) --hours \(hours)"
        if intents < Scenario(seed: seed, hours: hours).intents { text += " --intents \(intents)" }
        let without = Scenario(seed: seed, hours: hours).faults.subtracting(faults)
        if !without.isEmpty { text += " --without \(without.text)" }
        if let planted { text += " --plant \(planted.rawValue)" }
        if isNarrow { text += " --narrow" }
        return text
    }
}
