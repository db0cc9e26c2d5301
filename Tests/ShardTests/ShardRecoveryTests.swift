import Journal
import Ledger
import Money
import NIOCore
import Payments
import ShardCore
import ShardModel
import ShardRecords
import Testing

@Suite("A shard comes back from its journal")
struct ShardRecoveryTests {
    @Test("Replay makes the same state, at every length of the journal")
    func replayEqualsLive() throws {
        var world = ShardWorld()
        var digests: [UInt64] = []
        let id = world.paid(1000, capture: false, key: "a")
        world.send(.capture(id, amountMinor: 800), key: "b")
        world.answer(world.lastCall.token, ShardWorld.success(800))
        digests.append(world.core.stateDigest())
        world.send(.refund(id, amountMinor: 100), key: "c")
        world.answer(world.lastCall.token, .unknown(.timeout))
        world.send(ShardWorld.create(500), key: "d")
        world.answer(world.lastCall.token, .declined(Decline(category: .hard, code: .lostCard, providerCode: "p")))
        digests.append(world.core.stateDigest())
        let first = try ShardWorld(replaying: Array(world.journal.prefix(4)), at: world.now)
        #expect(first.core.stateDigest() == digests[0])
        let second = try ShardWorld(replaying: world.journal, at: world.now)
        #expect(second.core.stateDigest() == digests[1])
    }

    @Test("What was in flight is asked for after a restart, never sent blindly; the key answers 202 meanwhile")
    func inFlightIsResolved() throws {
        var world = ShardWorld()
        world.send(ShardWorld.create(), key: "a")
        let original = world.lastCall.call

        var next = try ShardWorld(replaying: world.journal, at: world.now + 3_000)
        let resumed = next.resume()
        #expect(resumed == 1)
        #expect(next.calls.isEmpty)
        next.send(ShardWorld.create(), key: "a")
        #expect(next.lastStatus == 202 && next.responses.last?.isReplay == true)
        next.pass(milliseconds: 20)
        #expect(next.lastCall.call.mode == .query && next.lastCall.call.providerKey == original.providerKey)
        next.answer(next.lastCall.token, .notFound)
        #expect(next.lastCall.call == original)
        next.answer(next.lastCall.token, ShardWorld.success())
        next.send(ShardWorld.create(), key: "a")
        #expect(next.replays.count == 1)
        #expect(next.core.trialBalance().isBalanced)
    }

    @Test("A stored answer is the same bytes after a restart")
    func replayedAnswerSurvives() throws {
        var world = ShardWorld()
        _ = world.paid(key: "a")
        let body = world.lastBody
        var next = try ShardWorld(replaying: world.journal, at: world.now)
        _ = next.resume()
        next.send(ShardWorld.create(), key: "a")
        let stored = try StoredResponse(record: next.journal[Int(next.replays[0].record) - 1])
        #expect(String(buffer: stored.body) == body)
        next.send(ShardWorld.create(), key: "a", body: 2)
        #expect(next.lastStatus == 422)
    }

    @Test("Many operations in flight are resolved a few at a time")
    func recoveryIsPaced() throws {
        var world = ShardWorld()
        for index in 0..<200 { world.send(ShardWorld.create(), key: "k\(index)") }
        var next = try ShardWorld(replaying: world.journal, at: world.now)
        let resumed = next.resume()
        #expect(resumed == 200)
        next.pass(milliseconds: 8)
        #expect(next.calls.count <= 64)
        for _ in 0..<20 { next.pass(milliseconds: 8) }
        #expect(next.calls.count == 200)
    }

    @Test("A record that is cut or of another version stops the replay")
    func damagedRecord() throws {
        var world = ShardWorld()
        _ = world.paid(key: "a")
        for record in world.journal {
            for length in 0..<record.count {
                #expect(throws: RecordDecodingError.self) {
                    _ = try ShardRecord(decoding: Array(record.prefix(length)).span)
                }
            }
            var newer = record
            newer[1] = 200
            #expect(throws: RecordDecodingError.unsupportedVersion(200)) { _ = try ShardRecord(decoding: newer.span) }
        }
    }

    @Test("A record that names another one as the merchant's entry before it stops the replay")
    func wrongLink() throws {
        var world = ShardWorld()
        let id = world.paid(key: "a")
        world.send(.refund(id, amountMinor: 5), key: "b")
        var journal = world.journal
        #expect(journal[2].suffix(8) == [2, 0, 0, 0, 0, 0, 0, 0])
        journal[2][journal[2].count - 8] = 1
        #expect(throws: RecordDecodingError.invalidValue) { _ = try ShardWorld(replaying: journal, at: world.now) }
    }

    @Test("A header that disagrees with the payment that its record leaves stops the replay")
    func wrongHeader() throws {
        var world = ShardWorld()
        let id = world.paid(key: "a")
        world.send(.refund(id, amountMinor: 5), key: "b")
        // Status, the payment's version, its merchant, its record before.
        for offset in [2, 4, 16, 48] {
            var journal = world.journal
            journal[2][offset] += 1
            #expect(throws: RecordDecodingError.invalidValue) { _ = try ShardWorld(replaying: journal, at: world.now) }
        }
    }

    @Test("Every record of a payment names its merchant, its version, its status and who caused it")
    func headers() throws {
        var world = ShardWorld()
        let id = world.paid(key: "a")
        world.send(.refund(id, amountMinor: 5), key: "b")
        world.answer(world.lastCall.token, ShardWorld.success(5, "re_1"))
        let headers = try world.journal.map { try LinkedRecord(decoding: $0.span).header }
        #expect(headers.map(\.paymentVersion) == [1, 2, 3, 4])
        #expect(headers.map(\.status) == [.processing, .captured, .captured, .partiallyRefunded])
        #expect(headers.map(\.actor.kind) == [.merchant, .provider, .merchant, .provider])
        #expect(headers.map(\.previous) == [0, 1, 2, 3])
        #expect(headers.allSatisfy { $0.payment == id && $0.merchant.rawValue == 7 && $0.configurationVersion == 1 })
    }

    @Test(
        "A record's header says who caused it: the merchant's key, the operator's, a connector, or the gateway itself"
    )
    func actors() throws {
        var configuration = ShardConfiguration.test
        configuration.connectors = ConnectorTable(ConnectorRegistry("other", "psp"))
        let second = try #require(ConnectorID(rawValue: 2))
        configuration.connectors[second].capabilities = PaymentCapabilities(authorizationLifetime: 3_600_000)
        var world = ShardWorld(configuration: configuration)
        let (key, otherKey, desk) =
            (0xACE0_0000_0000_0001, 0xACE0_0000_0000_0002, 0x0DE5_0000_0000_0003) as (UInt64, UInt64, UInt64)
        world.send(ShardWorld.create(capture: false, route: RoutePlan(second)), key: "a", credential: key)
        let id = world.lastCall.call.payment
        world.answer(world.lastCall.token, ShardWorld.success())
        world.send(.capture(id, amountMinor: 400, isFinal: false), key: "b", credential: otherKey)
        world.answer(world.lastCall.token, ShardWorld.success(400))
        world.tell(.settlementMatched, of: id, credential: desk) { $0.amountMinor = 400 }
        // What is left of the authorization runs out.
        world.pass(milliseconds: 3_600_000)
        world.pass(milliseconds: 2_000)
        let headers = try world.journal.map { try LinkedRecord(decoding: $0.span).header }
        #expect(
            headers.map(\.actor) == [
                RecordActor(.merchant, identity: key), RecordActor(.provider, identity: 2),
                RecordActor(.merchant, identity: otherKey), RecordActor(.provider, identity: 2),
                RecordActor(.operator, identity: desk), RecordActor(.gateway, identity: 0),
            ]
        )
        #expect(headers.map(\.kind).suffix(2) == [.eventApplied, .paymentChanged] && world.only.status == .captured)
    }

    @Test(
        "Records name the configuration that decides: the start's, and after a reload the reload's; a replay takes both"
    )
    func configurationVersions() throws {
        var configuration = ShardConfiguration.test
        configuration.version = 7
        var world = ShardWorld(configuration: configuration)
        let id = world.paid(key: "a")
        world.core.reload(risk: nil, version: 8)
        world.send(.refund(id, amountMinor: 5), key: "b")
        world.answer(world.lastCall.token, ShardWorld.success(5, "re_1"))
        let versions = try world.journal.map { try LinkedRecord(decoding: $0.span).header.configurationVersion }
        #expect(versions == [7, 7, 8, 8])
        let digest = world.core.stateDigest()
        configuration.version = 9
        var next = try ShardWorld(replaying: world.journal, configuration: configuration, at: world.now)
        let (replayed, version) = (next.core.stateDigest(), next.core.configurationVersion)
        #expect(replayed == digest && version == 9)
        next.send(.refund(id, amountMinor: 5), key: "c")
        let newest = try next.journal.suffix(1).map { try LinkedRecord(decoding: $0.span).header.configurationVersion }
        #expect(newest == [9])
    }

    @Test("A journal with more keys than are remembered at once replays: old keys expire by the journal's own time")
    func oldKeysExpireOnReplay() throws {
        var configuration = ShardConfiguration.test
        configuration.idempotencyCapacity = 4
        configuration.idempotencySeconds = 3_600
        var world = ShardWorld(configuration: configuration)
        for day in 0..<5 {
            for index in 0..<3 { _ = world.paid(key: "\(day)-\(index)") }
            world.now += 2 * 3_600_000
            world.pass(milliseconds: 0)
        }
        let next = try ShardWorld(replaying: world.journal, configuration: configuration, at: world.now)
        #expect(next.core.paymentCount == 15)
    }

    @Test("A key that was free again when the journal was written is free on replay, whatever the clocks say")
    func keyUsedAgainOnReplay() throws {
        var configuration = ShardConfiguration.test
        configuration.idempotencySeconds = 3_600
        var world = ShardWorld(configuration: configuration)
        _ = world.paid(key: "a")
        for _ in 0..<80 { world.pass(milliseconds: 60_000) }
        _ = world.paid(key: "a")
        #expect(world.core.paymentCount == 2)
        // Remembered for longer than when the journal was written: the first use would still be
        // there.
        configuration.idempotencySeconds = 86_400
        var next = try ShardWorld(replaying: world.journal, configuration: configuration, at: world.now)
        _ = next.resume()
        #expect(next.core.paymentCount == 2)
        next.send(ShardWorld.create(), key: "a")
        #expect(next.replays.map(\.record) == [RecordPosition(world.journal.count)])
    }

    @Test("A call that was in flight at the crash may be on its way: its horizon counts from the restart")
    func horizonAfterRestart() throws {
        var world = ShardWorld()
        world.send(ShardWorld.create(), key: "a")
        var next = try ShardWorld(replaying: world.journal, at: world.now + 3_600_000)
        _ = next.resume()
        next.pass(milliseconds: 20)
        #expect(next.lastCall.call.mode == .query)
        next.answer(next.lastCall.token, .notFound)
        #expect(next.core.runningCount == 1 && next.lastCall.call == world.lastCall.call)
    }

    @Test("A capture that the PSP executed for another amount keeps that amount through a restart")
    func conflictingAmountSurvives() throws {
        var world = ShardWorld()
        let id = world.paid(1000, capture: false, key: "a")
        world.send(.capture(id, amountMinor: 800), key: "b")
        world.answer(world.lastCall.token, ShardWorld.success(700))
        let last = world.journal[3]
        let record = try ShardRecord(decoding: last.span)
        guard case .operationFinished(let finished) = record else {
            Issue.record("the last record is no outcome")
            return
        }
        #expect(finished.result == .conflicted && finished.executedMinor == 700 && finished.executedCurrency == .eur)
        #expect(finished.amountMinor == 800)
        let next = try ShardWorld(replaying: world.journal, at: world.now)
        #expect(next.core.stateDigest() == world.core.stateDigest())
    }
}
