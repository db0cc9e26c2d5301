import Ledger
import LedgerAudit
import Money
import Payments
import ShardCore
import ShardModel
import ShardStorage
import Testing

/// Disputes: docs/payments.md.
@Suite struct DisputeTests {
    private static let day: Int64 = 86_400_000

    private static var configuration: ShardConfiguration {
        var configuration = ShardConfiguration.test
        configuration.disputes = DisputePolicy(fees: [.eur: 15], reservesOnWarning: true)
        return configuration
    }

    /// A settled payment of 1,000, less 25.
    private static func world() -> ShardWorld {
        var world = ShardWorld(configuration: configuration)
        let id = world.paid(1_000, key: "a")
        world.tell(.settlementMatched, of: id) { $0.amountMinor = 1_000 }
        return world
    }

    private static func restart(_ world: inout ShardWorld) throws {
        try ProviderEventTests.restart(&world, configuration)
    }

    private static func balance(_ world: inout ShardWorld) -> String {
        world.send(.getBalance)
        return world.lastBody
    }

    /// The identifier of the payment's newest dispute, from an event's answer.
    private static func id(_ body: String) throws -> DisputeID {
        let word = try #require(body.split(separator: " ").first { $0.hasPrefix("dsp_") })
        return try #require(DisputeID(String(word)))
    }

    @Test("From warning to won: reserve, chargeback with fee, evidence, and the money back")
    func won() throws {
        var world = Self.world()
        let id = world.payment.id
        let dispute = try Self.id(world.tell(.disputeWarning, of: id) { $0.amountMinor = 600 })
        #expect(Self.balance(&world) == "EUR pending=0 available=375 reserve=600")
        #expect(world.tell(.disputeWarning, of: id) { $0.amountMinor = 600 }.contains("none"))
        try Self.restart(&world)
        #expect(try Self.id(world.tell(.disputeOpened, of: id) { $0.amountMinor = 600 }) == dispute)
        #expect(Self.balance(&world) == "EUR pending=0 available=360 reserve=0")
        #expect(world.payment.disputedMinor == 600)
        try Self.restart(&world)
        world.send(.disputeEvidence(dispute, evidence: "file_1\nIt was delivered"), key: "e")
        #expect(world.lastStatus == 200 && world.lastBody.contains("under_review"))
        #expect(world.lastBody.hasSuffix("evidence=file_1/It was delivered"))
        try Self.restart(&world)
        world.send(.disputeEvidence(dispute, evidence: "file_1\nIt was delivered"), key: "e")
        #expect(world.replays.count == 1)
        world.tell(.disputeWon, of: id) { $0.isFeeReturned = true }
        #expect(Self.balance(&world) == "EUR pending=0 available=975 reserve=0")
        #expect(world.payment.disputedMinor == 0)
        try Self.restart(&world)
        world.send(.getDispute(dispute))
        #expect(world.lastBody.contains("won 600 fee=0") && world.lastBody.contains("chargebacks=1"))
        world.send(.getDispute(dispute), merchant: 8)
        #expect(world.lastStatus == 404)
    }

    @Test("A second chargeback after a won one takes the money again; lost after all does so at once")
    func secondChargeback() throws {
        for again in [PaymentEventType.disputeOpened, .disputeLost] {
            var world = Self.world()
            let id = world.payment.id
            world.tell(.disputeOpened, of: id) { $0.amountMinor = 500 }
            world.tell(.disputeWon, of: id)
            #expect(Self.balance(&world) == "EUR pending=0 available=960 reserve=0")
            world.tell(again, of: id) { $0.amountMinor = 500 }
            #expect(world.lastStatus == 200)
            #expect(Self.balance(&world) == "EUR pending=0 available=445 reserve=0")
            try Self.restart(&world)
            world.tell(.disputeLost, of: id)
            #expect(Self.balance(&world) == "EUR pending=0 available=445 reserve=0")
            #expect(world.payment.disputedMinor == 500, "open and lost disputes are shown together")
            // No status is final: arbitration brings the money back.
            #expect(world.tell(.disputeWon, of: id).contains("dispute_won_after_all"))
            #expect(Self.balance(&world) == "EUR pending=0 available=945 reserve=0")
            #expect(world.payment.disputedMinor == 0)
            try Self.restart(&world)
        }
    }

    @Test("The balance may become negative by a chargeback, and the answer says so")
    func owes() throws {
        var world = ShardWorld(configuration: Self.configuration)
        let id = world.paid(1_000, key: "a")
        #expect(
            world.tell(.disputeOpened, of: id) {
                $0.amountMinor = 1_000
                $0.feeMinor = 20
            }.hasSuffix("owes")
        )
        #expect(Self.balance(&world) == "EUR pending=975 available=-1020 reserve=0")
        try Self.restart(&world)
    }

    @Test("Nothing is refunded while a dispute is open, unless the PSP allows it; a lost one takes its part for good")
    func refunds() throws {
        var world = Self.world()
        let id = world.payment.id
        world.tell(.disputeOpened, of: id) { $0.amountMinor = 600 }
        world.send(.refund(id, amountMinor: 100), key: "b")
        #expect(world.lastStatus == 409 && world.lastBody.contains("refused disputed"))
        world.tell(.disputeLost, of: id)
        world.send(.refund(id, amountMinor: 401), key: "c")
        #expect(world.lastStatus == 422)
        world.tell(.disputeOpened, of: id) {
            $0.amountMinor = 300
            $0.reference = "dp_2"
            $0.isChargeRefundable = true
        }
        try Self.restart(&world)
        world.send(.refund(id, amountMinor: 100), key: "d")
        world.answer(world.lastCall.token, ShardWorld.success(100, "re_1"))
        #expect(world.lastStatus == 201)
        world.send(.refund(id, amountMinor: 1), key: "e")
        #expect(world.lastStatus == 409)
        try Self.restart(&world)
    }

    @Test("A chargeback of more than is left is refused, but for one of what was refunded, too")
    func tooMuch() throws {
        var world = Self.world()
        let id = world.payment.id
        world.send(.refund(id, amountMinor: 700), key: "b")
        world.answer(world.lastCall.token, ShardWorld.success(700, "re_1"))
        #expect(world.tell(.disputeOpened, of: id) { $0.amountMinor = 301 }.contains("eventAmountMismatch"))
        world.tell(.disputeOpened, of: id) {
            $0.amountMinor = 1_000
            $0.includesRefunded = true
        }
        #expect(world.lastStatus == 200 && world.payment.disputedMinor == 1_000)
        #expect(
            world.tell(.disputeOpened, of: id) {
                $0.amountMinor = 1
                $0.reference = "dp_2"
                $0.includesRefunded = true
            }
            .contains("eventAmountMismatch")
        )
        try Self.restart(&world)
    }

    @Test("A dispute whose time for evidence passes is lost, also after a restart; one with evidence waits")
    func overdue() throws {
        for sends in [true, false] {
            var world = Self.world()
            let id = world.payment.id
            let due = world.now + 7 * Self.day
            let dispute = try Self.id(
                world.tell(.disputeOpened, of: id) {
                    $0.amountMinor = 600
                    $0.evidenceDueAt = due
                }
            )
            if sends { world.send(.disputeEvidence(dispute, evidence: "\nText"), key: "e") }
            try Self.restart(&world)
            world.pass(milliseconds: 7 * Self.day - 3_600_000)
            for _ in 0..<70 { world.pass(milliseconds: 60_000) }
            world.send(.getDispute(dispute))
            #expect(world.lastBody.contains(sends ? "under_review" : "lost"))
            #expect(world.core.statistics.disputesOverdue == (sends ? 0 : 1))
            world.send(.disputeEvidence(dispute, evidence: "\nLate"), key: "late")
            #expect(world.lastStatus == 409 && world.lastBody.contains("disputeUnexpectedState"))
            try Self.restart(&world)
            // The PSP says the same later.
            world.tell(.disputeLost, of: id)
            #expect(world.lastStatus == 200)
            try Self.restart(&world)
        }
    }

    @Test("A merchant gives a dispute up: lost; nothing of another merchant's")
    func accept() throws {
        var world = Self.world()
        let id = world.payment.id
        let dispute = try Self.id(world.tell(.disputeOpened, of: id) { $0.amountMinor = 600 })
        world.send(.acceptDispute(dispute), key: "x", merchant: 8)
        #expect(world.lastStatus == 404)
        world.send(.acceptDispute(dispute), key: "x")
        #expect(world.lastStatus == 200 && world.lastBody.contains("lost"))
        world.send(.acceptDispute(dispute), key: "y")
        #expect(world.lastStatus == 409)
        try Self.restart(&world)
    }

    @Test("Every pair of a dispute's status and an event is taken or refused as the table says")
    func pairs() throws {
        let ways: [(String, [PaymentEventType])] = [
            ("warning", [.disputeWarning]), ("open", [.disputeOpened]),
            ("under_review", [.disputeOpened, .disputeUnderReview]), ("won", [.disputeOpened, .disputeWon]),
            ("lost", [.disputeOpened, .disputeLost]), ("warning_closed", [.disputeWarning, .disputeWarningClosed]),
        ]
        let taken: [String: [PaymentEventType: PaymentEffect]] = [
            "warning": [
                .disputeWarning: .none, .disputeOpened: .disputeOpened, .disputeWarningClosed: .disputeWarningClosed,
            ],
            "open": [
                .disputeWarning: .none, .disputeOpened: .none, .disputeUnderReview: .disputeUnderReview,
                .disputeWon: .disputeWon, .disputeLost: .disputeLost,
            ],
            "under_review": [
                .disputeWarning: .none, .disputeOpened: .none, .disputeUnderReview: .none, .disputeWon: .disputeWon,
                .disputeLost: .disputeLost,
            ],
            "won": [
                .disputeWarning: .none, .disputeOpened: .disputeOpened, .disputeUnderReview: .none,
                .disputeWon: .none, .disputeLost: .disputeLostAfterAll,
            ],
            "lost": [
                .disputeWarning: .none, .disputeUnderReview: .none, .disputeWon: .disputeWonAfterAll,
                .disputeLost: .none,
            ],
            "warning_closed": [
                .disputeWarning: .none, .disputeWarningClosed: .none, .disputeOpened: .disputeOpened,
            ],
        ]
        for (name, way) in ways {
            for type in PaymentEventType.allCases where type.isPosted && type.isDispute {
                var world = Self.world()
                let id = world.payment.id
                for step in way {
                    world.tell(step, of: id) { $0.amountMinor = 300 }
                    #expect(world.lastStatus == 200, "\(name) \(step)")
                }
                let digest = world.core.stateDigest()
                world.tell(type, of: id) { $0.amountMinor = type.needsAmount ? 300 : nil }
                if let effect = taken[name]?[type] {
                    #expect(
                        world.lastBody.hasPrefix("\(type.name) \(effect.name) "),
                        "\(name) \(type): \(world.lastBody)"
                    )
                } else {
                    #expect(world.lastStatus == 409 && world.core.stateDigest() == digest, "\(name) \(type)")
                }
                try Self.restart(&world)
            }
        }
    }

    @Test("A payment has at most 16 disputes")
    func sixteen() throws {
        var world = Self.world()
        let id = world.payment.id
        for number in 0..<16 {
            world.tell(.disputeOpened, of: id) {
                $0.amountMinor = 10
                $0.reference = "dp_\(number)"
            }
        }
        world.tell(.disputeOpened, of: id) {
            $0.amountMinor = 10
            $0.reference = "dp_16"
        }
        #expect(world.lastStatus == 422)
        try Self.restart(&world)
    }

    @Test("Disputes survive snapshots, leave memory with their payments and come back")
    func snapshots() throws {
        let disk = MemoryDisk()
        func storage() -> ShardStorage { ShardStorage(directory: "/shard", journalID: 3, fileSystem: disk) }
        var world = Self.world()
        let id = world.payment.id
        world.storage = storage()
        let open = world.paid(1_000, key: "b")
        world.tell(.disputeOpened, of: open) {
            $0.amountMinor = 100
            $0.reason = "fraud"
        }
        let dispute = try Self.id(
            world.tell(.disputeOpened, of: id) {
                $0.amountMinor = 600
                $0.reason = "product not received"
            }
        )
        world.send(.disputeEvidence(dispute, evidence: "file_7\nTracking number 1"), key: "e")
        world.tell(.disputeWon, of: id)
        world.now += 1_000
        try world.snapshot()
        #expect(world.core.coldPaymentCount == 1, "the one that is not disputed any more")
        var next = try ShardWorld(
            from: storage(),
            journal: world.journal,
            configuration: Self.configuration,
            at: world.now
        )
        #expect(next.digest() == world.digest())
        next.send(.getDispute(dispute))
        #expect(next.lastBody.contains("won 600") && next.lastBody.hasSuffix("file_7/Tracking number 1"))
        // A cold payment is charged back again.
        world.tell(.disputeOpened, of: id) { $0.amountMinor = 600 }
        #expect(world.lastStatus == 200)
        let tail = try ShardWorld(
            from: storage(),
            journal: world.journal,
            configuration: Self.configuration,
            at: world.now
        )
        #expect(tail.digest() == world.digest())
        world.tell(.disputeLost, of: id)
        world.now += 1_000
        try world.snapshot()
        let again = try ShardWorld(
            from: storage(),
            journal: world.journal,
            configuration: Self.configuration,
            at: world.now
        )
        #expect(again.digest() == world.digest())
        try ProviderEventTests.check(world.journal)
    }
}
