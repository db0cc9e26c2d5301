import Payments
import ShardCore
import ShardModel
import ShardRecords
import ShardState
import ShardStorage
import Testing

/// What a shopper brings back from the provider's page, and the confirmation that carries it.
@Suite struct ReturnDataTests {
    private static let data = "result=a1&state=b2"

    private let challenge = ProviderOutcome.actionRequired(
        NextAction(kind: .redirect, url: "https://psp.test/redirect/1"),
        providerReference: "ch_1"
    )

    private func confirmed(_ data: String = ReturnDataTests.data) -> ShardWorld {
        var world = ShardWorld()
        world.send(ShardWorld.create(), key: "a")
        world.answer(world.lastCall.token, challenge)
        world.send(.confirm(world.only.id, returnData: data), key: "b")
        return world
    }

    private func journaled(_ journal: [[UInt8]]) throws -> [String] {
        try journal.compactMap { bytes in
            guard case .operationStarted(let started) = try ShardRecord(decoding: bytes.span) else { return nil }
            return PaymentDetails.returnData(in: started.instructions.span)
        }
    }

    @Test("it is journaled with the intent, and sent")
    func sent() throws {
        let world = confirmed()
        #expect(world.lastCall.call.operation == .confirm && world.lastCall.call.returnData == Self.data)
        #expect(try journaled(world.journal) == [Self.data])
    }

    @Test("a call that is sent again is the same call; a question carries nothing")
    func sentAgain() {
        var world = confirmed()
        let first = world.lastCall.call
        world.answer(world.lastCall.token, .unknown(.timeout))
        world.pass(milliseconds: 2_000)
        #expect(world.lastCall.call.mode == .query && world.lastCall.call.returnData.isEmpty)
        world.answer(world.lastCall.token, .notFound)
        world.pass(milliseconds: 10_000)
        #expect(world.lastCall.call == first)
    }

    @Test("after a restart, too, from the journal and from a snapshot", arguments: [false, true])
    func afterARestart(fromSnapshot: Bool) throws {
        var world = confirmed()
        let first = world.lastCall.call
        let disk = MemoryDisk()
        var second: ShardWorld
        let (journal, now, digest) = (world.journal, world.now, world.digest())
        if fromSnapshot {
            world.storage = ShardStorage(directory: "shard", journalID: 3, fileSystem: disk)
            try world.snapshot()
            let storage = ShardStorage(directory: "shard", journalID: 3, fileSystem: disk)
            second = try ShardWorld(from: storage, journal: journal, configuration: .test, at: now)
        } else {
            second = try ShardWorld(replaying: journal, at: now)
        }
        #expect(second.digest() == digest)
        #expect(second.resume() == 1)
        second.pass(milliseconds: 10)
        #expect(second.lastCall.call.mode == .query)
        second.answer(second.lastCall.token, .notFound)
        second.pass(milliseconds: 10_000)
        #expect(second.lastCall.call == first)
    }

    @Test("nothing keeps it when the confirmation has ended, however that was", arguments: [false, true])
    func dropped(succeeds: Bool) {
        let outcome = succeeds ? ShardWorld.success() : challenge
        var world = confirmed()
        var other = confirmed("")
        #expect(world.digest() != other.digest(), "while it runs it is kept")
        world.answer(world.lastCall.token, outcome)
        other.answer(other.lastCall.token, outcome)
        #expect(world.digest() == other.digest(), "as if there had been none")
        guard !succeeds else { return }
        // The next confirmation carries its own, or none.
        world.send(.confirm(world.only.id), key: "c")
        #expect(world.lastCall.call.operation == .confirm && world.lastCall.call.returnData.isEmpty)
    }
}
