import HTTPTransport
import NIOCore
import Testing

@testable import LoadTest

@Suite struct LoadDriverTests {
    private static let millisecond: UInt64 = 1_000_000

    private struct World {
        let gateway = ScriptedGateway()
        let driver: LoadDriver

        init(_ text: String, merchants: Int = 3, seed: UInt64 = 1, basePath: String = "") throws {
            let scenario = try Scenario(file: "s.yaml", text: "name: s\n" + text)
            let compiled = try CompiledScenario(scenario, merchantCount: merchants)
            let plan = LoadPlan(
                compiled: compiled,
                seed: seed,
                loops: 1,
                retries: scenario.retries,
                keepsExpectations: true,
                stopSignal: SharedStop()
            )
            let factory = RequestFactory(
                scheme: "https",
                authority: "h",
                basePath: basePath,
                apiKeys: (0..<merchants).map { "mk_\($0)" },
                compiled: compiled
            )
            driver = LoadDriver(plan: plan, loop: 0, factory: factory, journal: nil, transport: gateway)
        }

        /// Runs the clock in milliseconds, answering after each tick.
        func run(milliseconds: ClosedRange<UInt64>, answers: Bool = true) {
            for time in milliseconds {
                let now = time * LoadDriverTests.millisecond
                driver.tick(now: now)
                if answers { while !gateway.waiting.isEmpty { gateway.answer(driver, now: now) } }
            }
        }
    }

    @Test func `a steady phase sends what is due, under different keys, and everything ends well`() throws {
        let world = try World("phases: [{duration: 1s, rate: 1000}]")
        world.run(milliseconds: 0...1_000)
        #expect(world.driver.isDone(now: 1_000 * Self.millisecond))
        #expect(world.gateway.sent.count == 1_000)
        #expect(Set(world.gateway.sent.compactMap(\.key)).count == 1_000)
        #expect(world.driver.records[0].outcome(.succeeded) == 1_000)
        #expect(world.driver.violations.total == 0)
        #expect(world.driver.expectations.allSatisfy { $0.isAcknowledged && $0.payment != .none })
    }

    @Test func `the same seed sends the same requests`() throws {
        let text = "mix: {sale: 2, authorize: 1, refund: 1}\nphases: [{duration: 1s, rate: 200, arrival: poisson}]"
        let (first, second) = (try World(text, seed: 5), try World(text, seed: 5))
        first.run(milliseconds: 0...1_000)
        second.run(milliseconds: 0...1_000)
        #expect(first.gateway.sent.map(\.body) == second.gateway.sent.map(\.body))
        #expect(first.gateway.sent.map(\.key) == second.gateway.sent.map(\.key))
    }

    @Test func `a target that stalls does not stop the clock: latency counts from the due time`() throws {
        let world = try World("phases: [{duration: 100ms, rate: 1000}]")
        world.run(milliseconds: 0...100, answers: false)
        #expect(world.gateway.sent.count == 100)
        world.gateway.answer(world.driver, now: 1_000 * Self.millisecond)
        let final = world.driver.records[0].final
        // Due at 0, 1, … 99 ms, all answered at 1,000 ms.
        #expect(abs(final.milliseconds(.max) - 1_000) < 2)
        #expect(abs(final.milliseconds(.p50) - 951) < 2)
    }

    @Test func `a harness that is late does not forgive itself: latency counts from the due time`() throws {
        let world = try World("phases: [{duration: 100ms, rate: 1000}]")
        world.run(milliseconds: 500...500)
        #expect(world.gateway.sent.count == 100)
        #expect(abs(world.driver.records[0].final.milliseconds(.max) - 500) < 1)
        #expect(world.driver.records[0].worstLag == 500 * Self.millisecond)
    }

    @Test func `the in-flight limit holds requests back, which keep their due times`() throws {
        let world = try World("in_flight: 10\nphases: [{duration: 100ms, rate: 1000}]")
        world.run(milliseconds: 0...99, answers: false)
        #expect(world.gateway.sent.count == 10)
        #expect(world.driver.records[0].saturatedTicks > 0)
        world.run(milliseconds: 200...220)
        #expect(world.driver.records[0].outcome(.succeeded) == 100)
        // The eleventh was due at 10 ms and sent at 200 or later.
        #expect(world.driver.records[0].final.milliseconds(.p50) >= 150)
    }

    @Test func `what was never sent and what was never answered is written down`() throws {
        let world = try World("in_flight: 10\nphases: [{duration: 100ms, rate: 1000}]")
        world.run(milliseconds: 0...99, answers: false)
        #expect(!world.driver.isDone(now: 100 * Self.millisecond))
        #expect(world.driver.isDone(now: 100_000 * Self.millisecond))
        world.driver.finish(now: 100_000 * Self.millisecond)
        #expect(world.driver.records[0].unsent == 90)
        #expect(world.driver.records[0].outcome(.gaveUp) == 10)
        #expect(world.driver.slots.used == 0)
        #expect(world.driver.expectations.allSatisfy { $0.answer == 0 })
    }

    @Test func `duplicates and conflicts are answered as the contract says`() throws {
        let world = try World(
            "duplicates: {rate: 0.5, concurrent: 0.5}\nconflicts: {rate: 0.5}\nphases: [{duration: 1s, rate: 500}]"
        )
        world.run(milliseconds: 0...1_100)
        let record = world.driver.records[0]
        #expect(record.outcome(.succeeded) == 500)
        #expect(record.outcome(.repeated) > 200 && record.outcome(.refusedConflict) > 200)
        #expect(record.errors == 0 && world.driver.violations.total == 0)
        #expect(world.driver.groups.count == 0)
        #expect(record.final.count == 500)
    }

    private func violations(
        _ text: String,
        _ misbehave: @escaping (ScriptedGateway, ScriptedGateway.Sent) -> HTTPClientResult?
    ) throws
        -> Set<Violation.Kind>
    {
        let world = try World(text + "\nphases: [{duration: 50ms, rate: 1000}]")
        world.gateway.interceptor = { [unowned gateway = world.gateway] in misbehave(gateway, $0) }
        world.run(milliseconds: 0...200)
        #expect(world.driver.violations.total > 0)
        return Set(world.driver.violations.kept.map(\.kind))
    }

    @Test func `a gateway that executes a key twice is caught`() throws {
        let found = try violations("duplicates: {rate: 1}") { gateway, sent in
            ScriptedGateway.response(
                201,
                body:
                    "{\"id\":\"\(EntityID(high: 1, low: 1).payment)\",\"status\":\"captured\",\"amount\":\(sent.body.firstMatch(of: /"amount":(\d+)/)?.output.1 ?? "")}"
            )
        }
        #expect(found == [.executedTwice])
    }

    @Test func `a replay with other bytes is caught`() throws {
        let found = try violations("duplicates: {rate: 1}") { gateway, sent in
            guard gateway.sent.filter({ $0.key == sent.key }).count > 1 else { return nil }
            return ScriptedGateway.response(
                201,
                body: gateway.payment(sent, status: "captured"),
                headers: [("idempotent-replayed", "true")]
            )
        }
        #expect(found.contains(.replayDiffers))
    }

    @Test func `an accepted conflict is caught`() throws {
        let found = try violations("conflicts: {rate: 1}") { gateway, sent in
            ScriptedGateway.response(201, body: gateway.payment(sent, status: "captured"))
        }
        #expect(found == [.conflictNotRefused])
    }

    @Test func `a replay of a key that was never used is caught`() throws {
        let found = try violations("merchants: {count: 1}") { gateway, sent in
            ScriptedGateway.response(
                201,
                body: gateway.payment(sent, status: "captured"),
                headers: [("idempotent-replayed", "true")]
            )
        }
        #expect(found == [.replayedOnFirstUse])
    }

    @Test func `a success without a payment or with another amount is caught`() throws {
        #expect(
            try violations("merchants: {count: 1}") { _, _ in ScriptedGateway.response(201, body: "{}") } == [
                .answerIncomplete
            ]
        )
        let found = try violations("merchants: {count: 1}") { _, _ in
            ScriptedGateway.response(201, body: "{\"id\":\"\(EntityID(high: 1, low: 1).payment)\",\"amount\":1}")
        }
        #expect(found == [.answerIncomplete])
    }

    @Test func `lost answers and busy keys are asked for again under the same key`() throws {
        let world = try World("phases: [{duration: 100ms, rate: 1000}]")
        world.gateway.interceptor = { [unowned gateway = world.gateway] sent in
            switch gateway.sent.filter({ $0.key == sent.key }).count {
            case 1:
                // Executed, and the answer is lost.
                _ = gateway.result(of: sent)
                return .unknown(.connectionLost)
            case 2: return ScriptedGateway.response(409, body: "{\"retryable\":true}", headers: [("retry-after", "1")])
            case 3: return ScriptedGateway.response(503, body: "{}")
            default: return nil
            }
        }
        world.run(milliseconds: 0...3_000)
        let record = world.driver.records[0]
        #expect(record.outcome(.succeeded) == 100 && record.retries == 300)
        #expect(record.statuses[0] == 100 && record.statuses[409] == 100 && record.statuses[503] == 100)
        #expect(world.driver.violations.total == 0)
        // The first answer was the 409, the final one came more than a second after it.
        #expect(record.first.milliseconds(.max) < 300 && record.final.milliseconds(.p50) > 1_000)
    }

    @Test func `without retries the first failure is final`() throws {
        let world = try World("retries: off\nphases: [{duration: 10ms, rate: 1000}]")
        world.gateway.interceptor = { _ in .unknown(.timeout) }
        world.run(milliseconds: 0...100)
        #expect(world.gateway.sent.count == 10 && world.driver.records[0].outcome(.lost) == 10)
    }

    @Test func `retries end at the give-up time`() throws {
        let world = try World("give_up: 1s\nphases: [{duration: 10ms, rate: 1000}]")
        world.gateway.interceptor = { _ in ScriptedGateway.response(503, body: "{}") }
        world.run(milliseconds: 0...2_000)
        #expect(world.driver.records[0].outcome(.gaveUp) == 10)
        #expect(world.driver.isDone(now: 2_000 * Self.millisecond))
        #expect(world.driver.records[0].final.milliseconds(.max) <= 1_000)
    }

    @Test func `a payment that stays 202 under its key is asked for by its identifier`() throws {
        let world = try World("phases: [{duration: 5ms, rate: 200}]")
        let id = EntityID(high: 9, low: 9)
        world.gateway.interceptor = { sent in
            let body = "{\"id\":\"\(id.payment)\",\"status\":\"processing\",\"amount\":5}"
            if sent.method == "POST" {
                return ScriptedGateway.response(202, body: body, headers: [("idempotent-replayed", "true")])
            }
            return ScriptedGateway.response(200, body: body.replacing("processing", with: "captured"))
        }
        world.run(milliseconds: 0...1_000)
        #expect(world.gateway.sent.last?.path == "/v1/payments/\(id.payment)")
        #expect(world.driver.records[0].outcome(.succeeded) == 1)
        #expect(world.driver.expectations[0].isAcknowledged && world.driver.expectations[0].payment == id)
    }

    @Test func `later operations work on payments that exist, one at a time`() throws {
        let world = try World(
            "mix: {authorize: 4, capture: 2, capture_partial: 1, cancel: 1, refund: 1, refund_partial: 1, get: 1}\n"
                + "phases: [{duration: 1s, rate: 1000}]"
        )
        world.gateway.interceptor = { [unowned gateway = world.gateway] sent in
            guard sent.path.hasSuffix("/refunds"), sent.body == "{}" else { return nil }
            // A full refund's amount is for the gateway to know; the scripted one asks the driver's
            // ledger.
            let expectation = world.driver.expectations.last {
                sent.path.contains($0.payment.payment) && $0.operation == .refund
            }
            let id = EntityID(high: 2, low: UInt64(gateway.sent.count))
            return ScriptedGateway.response(
                201,
                body: "{\"id\":\"\(id.refund)\",\"status\":\"succeeded\",\"amount\":\(expectation?.amount ?? 0)}"
            )
        }
        world.run(milliseconds: 0...1_100)
        let record = world.driver.records[0]
        #expect(record.errors == 0 && world.driver.violations.total == 0, "\(world.driver.violations.kept.prefix(3))")
        for operation in Operation.allCases where operation != .sale && operation != .raw {
            #expect(record.byClass[Int(operation.rawValue)]?.count ?? 0 > 0, "\(operation)")
        }
        var refunded: [EntityID: Int64] = [:]
        for expectation in world.driver.expectations where [.refund, .refundPartial].contains(expectation.operation) {
            refunded[expectation.payment, default: 0] += expectation.amount
        }
        #expect(refunded.values.allSatisfy { $0 <= 99_999 })
    }

    @Test func `a payment that waits for its shopper is neither captured nor refunded`() throws {
        let world = try World(
            "mix: {sale: 1, authorize: 1, capture: 2, cancel: 1, refund: 2}\nphases: [{duration: 500ms, rate: 1000}]"
        )
        world.gateway.interceptor = { [unowned gateway = world.gateway] sent in
            guard sent.path == "/v1/payments" else { return nil }
            return ScriptedGateway.response(201, body: gateway.payment(sent, status: "requires_action"))
        }
        world.run(milliseconds: 0...600)
        #expect(world.driver.records[0].outcome(.succeeded) == 500 && world.driver.violations.total == 0)
        #expect(world.gateway.sent.allSatisfy { $0.path == "/v1/payments" })
        #expect(world.driver.expectations.allSatisfy { $0.isAcknowledged && $0.isOpen })
    }

    @Test func `a target's own path comes before every request's`() throws {
        let world = try World(
            "mix: {authorize: 2, capture: 1, cancel: 1, get: 1}\nphases: [{duration: 200ms, rate: 1000}]",
            basePath: "/pay/eu"
        )
        world.run(milliseconds: 0...300)
        #expect(world.gateway.sent.count == 200)
        #expect(world.gateway.sent.allSatisfy { $0.path.hasPrefix("/pay/eu/v1/payments") })
        for suffix in ["/v1/payments", "/capture", "/cancel"] {
            #expect(world.gateway.sent.contains { $0.path.hasSuffix(suffix) }, "\(suffix)")
        }
        let raw = try World("raw: {path: /x}\nphases: [{duration: 3ms, rate: 1000}]", basePath: "/pay")
        raw.run(milliseconds: 0...10)
        #expect(raw.gateway.sent.map(\.path) == ["/pay/x", "/pay/x", "/pay/x"])
    }

    @Test func `a raw run against a target without that path is called off and says why`() throws {
        let world = try World("raw: {api: provider, path: /v1/charges}\nphases: [{duration: 1s, rate: 1000}]")
        world.gateway.interceptor = { _ in ScriptedGateway.response(404, body: "{}") }
        world.run(milliseconds: 0...20)
        let reason = (world.driver.stopSignal as? SharedStop)?.reason
        #expect(reason?.contains("/v1/charges") == true && reason?.contains("404") == true)
        #expect(world.gateway.sent.count < 20 && world.driver.isDone(now: 20 * Self.millisecond))
    }

    @Test func `one refusal after successes does not call a raw run off`() throws {
        let world = try World("raw: {path: /x}\nphases: [{duration: 20ms, rate: 1000}]")
        world.gateway.interceptor = { [unowned gateway = world.gateway] _ in
            ScriptedGateway.response(gateway.sent.count == 10 ? 403 : 200, body: "{}")
        }
        world.run(milliseconds: 0...30)
        #expect(world.gateway.sent.count == 20 && world.driver.stopSignal?.isStopped == false)
    }

    @Test func `a target that does not keep up ends fewer a second than are due`() throws {
        let world = try World("phases: [{duration: 100ms, rate: 1000, warm_up: true}, {duration: 100ms, rate: 1000}]")
        world.run(milliseconds: 0...200, answers: false)
        world.gateway.answer(world.driver, now: 1_100 * Self.millisecond)
        // 100 requests of the second phase, which began at 100 ms, ended at 1,100 ms.
        let phase = LoadReport.Phase(world.driver.records[1])
        #expect(phase.durationSeconds == 0.1 && phase.elapsedSeconds == 1 && phase.completedPerSecond == 100)
    }

    @Test func `a step that is too slow ends the search`() throws {
        let world = try World(
            "phases: [{duration: 100ms, steps: {from: 100, to: 1000, by: 100}, stop_above_p99: 50ms}]"
        )
        for time in UInt64(0)...2_000 {
            world.driver.tick(now: time * Self.millisecond)
            // From the third step on answers take 80 ms.
            if time < 200 || time % 80 == 0 { world.gateway.answer(world.driver, now: time * Self.millisecond) }
        }
        #expect(world.driver.isDone(now: 2_000 * Self.millisecond))
        #expect(world.driver.stopSignal?.isStopped == true)
        // A step is judged when it ends, by what has been answered until then.
        #expect((3...6).contains(world.driver.records.filter { $0.issued > 0 }.count))
    }

    @Test func `a raw scenario posts its body under new keys and numbers`() throws {
        let world = try World(
            "raw: {path: /x, body: 'a{sequence}b', headers: {X-Test: 'yes'}}\nphases: [{duration: 3ms, rate: 1000}]"
        )
        world.run(milliseconds: 0...10)
        #expect(world.gateway.sent.map(\.body) == ["a0000000000b", "a0000000001b", "a0000000002b"])
        #expect(world.gateway.sent.allSatisfy { $0.path == "/x" && $0.key != nil })
        #expect(world.driver.expectations.isEmpty && world.driver.violations.total == 0)
    }
}
