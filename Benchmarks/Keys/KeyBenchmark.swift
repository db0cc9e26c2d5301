import CMillrace
import Glibc
import Journal
import KeyRuns

/// Measures what docs/capacity.md states of idempotency keys in runs. Usage: key-benchmark
/// DIRECTORY MILLIONS [SHARDS]
///
/// Every shard gets its keys in parts of 562,500, as a shard of 16 completes them in a quarter of
/// an hour at 10,000 payments a second, and merges its runs whenever the policy asks for it.
@main
struct KeyBenchmark {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 3, let millions = Int(arguments[2]), (1...2_000).contains(millions),
            let shards = arguments.count > 3 ? Int(arguments[3]) : 4, (1...16).contains(shards)
        else {
            print("usage: key-benchmark DIRECTORY MILLIONS-OF-KEYS [SHARDS]")
            exit(2)
        }
        LargeMemory.returnWhenFreed()
        var run = Run(directory: arguments[1], shardCount: shards, keysPerShard: millions * 1_000_000 / shards)
        try run.build()
        try run.lookUp()
        try run.restart()
    }
}

private struct Run {
    static let ttl: UInt32 = 86_400
    static let interval: UInt32 = 900
    static let keysPerInterval = 562_500
    static let start: UInt32 = 1_800_000_000

    let directory: String
    let shardCount: Int
    let keysPerShard: Int
    private var stores: [KeyRunStore]
    private var second = start
    private let residentBefore: Int

    init(directory: String, shardCount: Int, keysPerShard: Int) {
        self.directory = directory
        self.shardCount = shardCount
        self.keysPerShard = keysPerShard
        residentBefore = residentBytes()
        stores = Self.stores(directory, shardCount)
    }

    private static func stores(_ directory: String, _ count: Int) -> [KeyRunStore] {
        (0..<count).map {
            KeyRunStore(
                directory: "\(directory)/shard-\($0)",
                journalID: UInt64($0),
                policy: KeyRunPolicy(ttlSeconds: ttl)
            )
        }
    }

    private var keyCount: Int { shardCount * keysPerShard }

    private func key(_ number: Int, of shard: Int, at second: UInt32) -> StoredKey {
        let place = UInt64(shard) << 40 | UInt64(number)
        return StoredKey(
            digest: StoredKeyDigest(high: mix(place &* 2), low: mix(place &* 2 &+ 1)),
            fingerprintHigh: mix(place ^ 1 << 62),
            fingerprintLow: place,
            record: UInt64(number) + 1,
            expiresAt: second + Self.ttl
        )
    }

    // MARK: Keys come

    mutating func build() throws {
        for store in stores { _ = try store.open() }
        var adding = Stopwatch()
        var merging = Stopwatch()
        var longest = 0.0
        for first in stride(from: 0, to: keysPerShard, by: Self.keysPerInterval) {
            let numbers = first..<min(first + Self.keysPerInterval, keysPerShard)
            for shard in stores.indices {
                let keys = numbers.map { key($0, of: shard, at: second) }
                try adding.measure {
                    _ = try stores[shard].add(keys, coveringUpTo: UInt64(numbers.upperBound), at: second)
                }
                while stores[shard].needsMerge {
                    let before = merging.wall
                    try merging.measure { _ = try stores[shard].merge(at: second) }
                    longest = max(longest, merging.wall - before)
                }
            }
            second += Self.interval
        }
        let sums = occupancy
        precondition(Int(sums.keys) == keyCount, "keys were lost: \(sums.keys) of \(keyCount)")
        let merged = stores.reduce(0) { $0 + Int($1.statistics.mergedKeys) }
        let keys = Double(keyCount)
        print("keys", keyCount, "in", shardCount, "shards and", sums.runs, "runs")
        print("memory, bytes a key", Double(sums.memoryBytes) / keys, "together MiB", sums.memoryBytes >> 20)
        print("disk, bytes a key", Double(sums.fileBytes) / keys, "together MiB", sums.fileBytes >> 20)
        print(
            "adding, us of CPU a key",
            adding.cpu / keys * 1e6,
            "seconds of CPU",
            adding.cpu,
            "of the clock",
            adding.wall
        )
        print("merging, us of CPU a key read", merging.cpu / Double(merged) * 1e6, "seconds of CPU", merging.cpu)
        print("merging, seconds of the clock", merging.wall, "longest", longest)
        print("each key written", 1 + Double(merged) / keys, "times")
        print("resident MiB more than at start", (residentBytes() - residentBefore) >> 20)
    }

    private var occupancy: KeyRunOccupancy {
        stores.reduce(into: KeyRunOccupancy()) { sums, store in
            let one = store.current.occupancy
            sums.runs += one.runs
            sums.keys += one.keys
            sums.memoryBytes += one.memoryBytes
            sums.fileBytes += one.fileBytes
        }
    }

    // MARK: Look-ups

    func lookUp() throws {
        let sets = stores.map(\.current)
        let asked = 20_000_000
        var maybes: [(shard: Int, digest: StoredKeyDigest)] = []
        var filters = Stopwatch()
        filters.measure {
            for number in 0..<asked {
                // Numbers that no key has: absent in every run.
                let place = UInt64(number) | 1 << 60
                let digest = StoredKeyDigest(high: mix(place &* 2), low: mix(place &* 2 &+ 1))
                let shard = number % shardCount
                if sets[shard].mayContain(digest) { maybes.append((shard, digest)) }
            }
        }
        var reads = 0
        for (shard, digest) in maybes {
            let answer = try sets[shard].find(digest, at: second)
            precondition(answer.found == .absent, "a key that never came was found")
            reads += answer.reads
        }
        print(
            "absent keys, look-ups a second",
            Double(asked) / filters.wall,
            "ns each",
            filters.wall / Double(asked) * 1e9
        )
        print("absent keys, disk reads a look-up", Double(reads) / Double(asked), "or one in", asked / max(1, reads))

        let sample = 20_000
        var finding = Stopwatch()
        var blocks = 0
        try finding.measure {
            for number in 0..<sample {
                let shard = number % shardCount
                let place = Int(mix(UInt64(number)) % UInt64(keysPerShard))
                let wanted = key(place, of: shard, at: 0)
                let answer = try sets[shard].find(wanted.digest, at: second)
                guard case .held(let held) = answer.found, held.record == wanted.record,
                    held.fingerprintLow == wanted.fingerprintLow
                else { preconditionFailure("key \(place) of shard \(shard) is not found") }
                blocks += answer.reads
            }
        }
        print(
            "keys in runs, us each",
            finding.wall / Double(sample) * 1e6,
            "blocks read each",
            Double(blocks) / Double(sample)
        )
    }

    // MARK: Restart

    mutating func restart() throws {
        stores = Self.stores(directory, shardCount)
        var opening = Stopwatch()
        try opening.measure {
            for store in stores { _ = try store.open(requiring: UInt64(keysPerShard)) }
        }
        precondition(Int(occupancy.keys) == keyCount, "a restart lost keys")
        print("restart, seconds of the clock", opening.wall, "of CPU", opening.cpu)
    }
}

/// Adds up the wall time and the process's CPU time of what it measures.
private struct Stopwatch {
    private(set) var wall = 0.0
    private(set) var cpu = 0.0

    mutating func measure<Failure: Error>(_ body: () throws(Failure) -> Void) throws(Failure) {
        let wallBefore = millrace_monotonic_nanoseconds()
        let cpuBefore = millrace_thread_cpu_nanoseconds()
        try body()
        wall += Double(millrace_monotonic_nanoseconds() - wallBefore) / 1e9
        cpu += Double(millrace_thread_cpu_nanoseconds() - cpuBefore) / 1e9
    }
}

/// A bijection of 64 bits whose values look random.
private func mix(_ number: UInt64) -> UInt64 {
    var word = number &+ 0x9E37_79B9_7F4A_7C15
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
}

/// Resident memory of this process, from /proc.
private func residentBytes() -> Int {
    guard let file = fopen("/proc/self/statm", "r") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    guard fgets(&line, Int32(line.count), file) != nil else { return 0 }
    let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let fields = text.split(separator: " ")
    return fields.count > 1 ? (Int(fields[1]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE))) : 0
}
