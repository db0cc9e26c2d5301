import Ledger
import Money
import Payments
import ShardCore
import ShardModel
import ShardState
import ShardStorage
import Testing

/// What a shard notes on a payment beside its details.
@Suite("Notes of payments")
struct PaymentNotesTests {
    /// Details as large as a request's body permits, nearly.
    private static func large(_ kind: Command.Kind) -> Command.Kind {
        guard case .create(var payment) = kind else { return kind }
        for number in 0..<50 {
            payment.details.append(.metadataKey, "key\(number)")
            payment.details.append(.metadataValue, String(repeating: "v", count: 1_000))
        }
        return .createPayment(payment)
    }

    private func world() -> ShardWorld {
        var world = ShardWorld()
        world.storage = ShardStorage(directory: "/shard", journalID: 3, fileSystem: MemoryDisk())
        return world
    }

    // MARK: Events

    @Test("An event takes as much of the arena as it says, however large its payment's details are")
    func eventsAreSmall() throws {
        var world = world()
        world.send(Self.large(ShardWorld.create(capture: false)), key: "k")
        world.answer(world.lastCall.token, ShardWorld.success())
        let payment = world.lastCall.call.payment
        let before = world.core.arenaBytes
        #expect(before > 50_000)
        var bytes: [Int] = []
        for number in 1...2_048 {
            world.tell(.moneyUnexplained, of: payment) { $0.amountMinor = 1 }
            #expect(world.lastStatus == 200)
            if number.isMultiple(of: 512) { bytes.append(world.core.arenaBytes - before) }
        }
        // 16 digests of 8 bytes at most, where the part before is, and their two heads.
        #expect(bytes[3] <= 2_048 * (16 * 8 + 12 + 2 * 3))
        // The last ones cost as much as the ones before.
        #expect(bytes[3] - bytes[2] == bytes[2] - bytes[1])
        try world.checkReplay()
    }

    @Test("A settlement of a payment with sellers copies what sellers have, and none of its details")
    func settlementsAreSmall() throws {
        var world = world()
        world.send(Self.large(ShardWorld.create(10_000, capture: false)), key: "k")
        world.answer(world.lastCall.token, ShardWorld.success(10_000))
        let payment = world.lastCall.call.payment
        let plan = try ["a", "b", "c", "d"].map {
            SplitRequest(seller: try ShardWalletTests.seller($0), share: .basisPoints(2_000))
        }
        world.send(ShardWalletTests.capture(payment, amount: nil, splits: plan), key: "c")
        world.answer(world.lastCall.token, ShardWorld.success(10_000))
        world.send(.getPayment(payment))
        #expect(world.lastStatus == 200)
        let before = world.core.arenaBytes
        for _ in 0..<500 { world.settle(payment, 20) }
        // Four sellers and the rounding: 28 bytes each; and the event.
        #expect(world.core.arenaBytes - before <= 500 * (2 * 5 * 32 + 146))
        #expect(
            world.sum(.sellerPending, owner: 3 << 48 | 1) == 0
                && world.sum(.sellerAvailable, owner: 3 << 48 | 1) == 1_950
        )
        try world.checkReplay()
    }

    @Test("Notes survive snapshots, cold files and a chunk of the arena that is released")
    func survive() throws {
        var world = world()
        let payment = world.paid(capture: false, key: "k")
        // The arena's first chunk fills up with payments that leave, and the notes of one that
        // stays are spread over it.
        for number in 0..<45 {
            world.tell(.moneyUnexplained, of: payment, id: "evt\(number)") { $0.amountMinor = 1 }
            world.send(Self.large(ShardWorld.create()), key: "p\(number)")
            world.answer(world.lastCall.token, ShardWorld.success())
        }
        #expect(world.core.arenaBytes > 2 << 20)
        let digest = world.digest()
        try world.snapshot()
        #expect(world.core.arenaBytes < 1 << 20 && world.core.warmPaymentCount == 1)
        let after = world.digest()
        #expect(after == digest)
        let written = world.storage
        let storage = try #require(written)
        let restarted = try ShardWorld(from: storage, journal: world.journal, at: world.now)
        let other = restarted.digest()
        #expect(restarted.restored.position > 0 && other == digest)
        // Cancelled, it leaves; read back it knows its events still, long after the table of keys
        // has forgotten them.
        world.send(.cancel(payment), key: "x")
        world.answer(world.lastCall.token, ShardWorld.success())
        try world.snapshot()
        #expect(world.core.warmPaymentCount == 0)
        world.pass(milliseconds: 40 * 86_400_000)
        let known = world.core.statistics.eventsKnown
        for number in 0..<45 {
            world.tell(.moneyUnexplained, of: payment, id: "evt\(number)") { $0.amountMinor = 1 }
        }
        #expect(world.core.statistics.eventsKnown == known + 45)
        world.tell(.moneyUnexplained, of: payment, id: "evt45") { $0.amountMinor = 1 }
        #expect(world.core.statistics.eventsKnown == known + 45)
        try world.checkReplay()
    }

    // MARK: The arena

    private func remembered(_ arena: ByteArena, _ notes: ArenaSlice, among digests: ClosedRange<UInt64>) -> [UInt64] {
        digests.filter { arena.hasApplied($0, in: notes) }
    }

    @Test("The newest 256 events are remembered, in parts or in one piece, and the other fields stay")
    func newest() {
        var arena = ByteArena()
        var details = PaymentDetails()
        details.append(manual: .cash, reason: "till 4")
        var notes = arena.append(details.bytes.span)
        for digest in 1...UInt64(700) {
            notes = arena.append(applied: digest, to: notes)
            let first = digest > 256 ? digest - 255 : 1
            #expect(arena.hasApplied(digest, in: notes) && arena.hasApplied(first, in: notes))
            #expect(first == 1 || !arena.hasApplied(first - 1, in: notes))
        }
        #expect(remembered(arena, notes, among: 1...800) == Array(445...700))
        let flat = arena.flattened(notes)
        #expect(flat.count == details.bytes.count + 3 + 256 * 8)
        let whole = arena.append(flat.span)
        #expect(remembered(arena, whole, among: 1...800) == Array(445...700) && arena.flattened(whole) == flat)
        // One piece goes on as parts.
        let next = arena.append(applied: 701, to: whole)
        #expect(remembered(arena, next, among: 1...800) == Array(446...701) && next.length < 200)
        let method = arena.withBytes(next) { PaymentDetails.manual(in: $0)?.method }
        #expect(method == .cash)
    }

    @Test("Parts that are needed are visited, and older ones are not: their chunks may be gone")
    func slices() {
        var arena = ByteArena()
        var notes = ArenaSlice.empty
        var chunks: [Set<UInt32>] = []
        for digest in 1...UInt64(400) {
            if digest.isMultiple(of: 16) { arena.seal() }
            notes = arena.append(applied: digest, to: notes)
            var needed: Set<UInt32> = []
            arena.forEachSlice(of: notes) { needed.insert($0.chunk) }
            chunks.append(needed)
        }
        let last = chunks[399]
        #expect(last.count <= 18 && last.count >= 16)
        for chunk in 0..<arena.chunkCount - 1 where !last.contains(UInt32(chunk)) { arena.release(chunk: chunk) }
        #expect(remembered(arena, notes, among: 1...400) == Array(145...400))
        #expect(arena.flattened(notes).count == 3 + 256 * 8)
    }
}
