import Journal
import Payments
import Risk
import ShardCore
import ShardHost
import Testing

/// Questions to the scorer wait for the journal as calls do.
@Suite struct ShardHostRiskTests {
    @Test func `the scorer is asked after the intent is durable, the PSP after the verdict is`() {
        let core = ShardCore(configuration: ShardRiskTests.scored, renderer: TestRenderer())
        let harness = HostHarness(core: core)
        harness.send(ShardRiskTests.create(), key: 1)
        harness.pass(milliseconds: 10)
        #expect(harness.questions.isEmpty && harness.calls.isEmpty)
        harness.flush()
        #expect(harness.questions.count == 1 && harness.calls.isEmpty)
        #expect(harness.questions[0].timeout <= 500)

        harness.host.scored(harness.questions[0].token, .scored(3, reasons: []))
        harness.host.scoresDelivered()
        harness.pass(milliseconds: 10)
        #expect(harness.journal.lastPosition == 2 && harness.calls.isEmpty)
        harness.flush()
        #expect(harness.calls.count == 1 && harness.responses.isEmpty)
        // An answer that comes twice, or too late, is nobody's.
        harness.host.scored(harness.questions[0].token, .failed(.timeout))
        harness.host.scoresDelivered()
        #expect(harness.journal.lastPosition == 2)
    }

    @Test func `an answer of review or block leaves when it is durable`() {
        let core = ShardCore(configuration: ShardRiskTests.scored, renderer: TestRenderer())
        let harness = HostHarness(core: core)
        harness.host.process([
            harness.command(ShardRiskTests.create(), key: 1), harness.command(ShardRiskTests.create(), key: 2),
        ])
        harness.flush()
        harness.host.scored(harness.questions[0].token, .failed(.timeout))
        harness.host.scored(harness.questions[1].token, .scored(90, reasons: ["x"]))
        harness.host.scoresDelivered()
        #expect(harness.journal.lastPosition == 4 && harness.responses.isEmpty)
        harness.flush()
        #expect(harness.responses.map(\.status) == [202, 402] && harness.calls.isEmpty)
        #expect(harness.host.isQuiet)
    }

    @Test func `new rules hold for what comes next`() {
        let harness = HostHarness()
        harness.host.reload(risk: ShardRiskTests.scored.risk, version: 2)
        harness.send(ShardRiskTests.create(), key: 1)
        harness.flush()
        #expect(harness.questions.count == 1)
        harness.host.reload(risk: nil, version: 3)
        harness.send(ShardRiskTests.create(), key: 2)
        harness.flush()
        #expect(harness.questions.count == 1 && harness.calls.count == 1)
    }
}
