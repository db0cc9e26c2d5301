import HTTPTransport
import Testing

@testable import LoadTest

@Suite struct ReportTests {
    @Test func `CPU time is user and system time, whatever the process is called`() {
        let stat = "42 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20 0 1 0 100 5 6"
        #expect(ProcessUsage.cpuMicroseconds(stat: stat, ticksPerSecond: 100) == 2_000_000)
        #expect(ProcessUsage.cpuMicroseconds(stat: "nonsense", ticksPerSecond: 100) == nil)
    }

    @Test func `flush latency is what the histogram grew by, over all shards`() {
        let before = MetricsText("x_flush_seconds_bucket{shard=\"0\",le=\"0.001\"} 100\n")
        let after = MetricsText(
            """
            # HELP x_flush_seconds text
            x_flush_seconds_bucket{shard="0",le="0.001"} 150
            x_flush_seconds_bucket{shard="1",le="0.001"} 40
            x_flush_seconds_bucket{shard="0",le="0.004"} 199
            x_flush_seconds_bucket{shard="1",le="0.004"} 0
            x_flush_seconds_bucket{shard="0",le="+Inf"} 200
            other_bucket{le="1"} 5
            """
        )
        let lines = after.flushLines(since: before)
        #expect(
            lines == [
                "x_flush_seconds: 200 in the run, p50 <= 4 ms, p99 <= 4 ms, p99.9 <= beyond the last bucket, slowest <= beyond the last bucket"
            ]
        )
    }

    private func record(errors: UInt64 = 0, succeeded: UInt64 = 100, latency: UInt64 = 1_000_000) -> PhaseRecord {
        var record = PhaseRecord(name: "p", isWarmUp: false, durationSeconds: 1)
        record.issued = succeeded + errors
        for _ in 0..<succeeded { record.record(.succeeded, class: 0, latency: latency) }
        for _ in 0..<errors { record.record(.failed, class: 0, latency: latency) }
        return record
    }

    private func failures(
        _ record: PhaseRecord,
        _ limits: Scenario.Limits = .init(),
        violations: UInt64 = 0,
        stopped: String? = nil,
        audit: AuditReport? = nil
    ) -> [String] {
        var scenario = Scenario(name: "s")
        scenario.limits = limits
        return VerdictRules.failures(
            scenario: scenario,
            total: record,
            violations: violations,
            stopped: stopped,
            audit: audit
        )
    }

    @Test func `a clean run passes, each fault fails it`() {
        #expect(failures(record()).isEmpty)
        #expect(failures(record(), violations: 1).count == 1)
        #expect(failures(record(errors: 1)).count == 1)
        #expect(failures(record(errors: 1), .init(errorRate: 0.02)).isEmpty)
        #expect(failures(PhaseRecord(name: "p", isWarmUp: false, durationSeconds: 1)).count == 1)
        #expect(failures(record(latency: 20_000_000), .init(percentiles: [.p99: 10])).count == 1)
        #expect(failures(record(), .init(percentiles: [.p99: 10])).isEmpty)
        var audit = AuditReport()
        #expect(failures(record(), audit: audit).isEmpty)
        audit.add(.orphanCharge, "x")
        #expect(failures(record(), audit: audit).count == 1)
    }

    @Test func `a run whose requests were sent late fails, unless saturation was searched for`() {
        var late = record()
        late.worstLag = 5_000_000_000
        #expect(failures(late).isEmpty)
        late.worstLag += 1
        #expect(failures(late).count == 1 && failures(late)[0].contains("5.0 s late"))
        #expect(failures(late, .init(allowsSaturation: true)).isEmpty)
        #expect(failures(late, .init(sendLag: 6_000_000_000)).isEmpty)
    }

    @Test func `an audit that could not be made fails the run`() {
        let failures = VerdictRules.failures(
            scenario: Scenario(name: "s"),
            total: record(),
            violations: 0,
            stopped: nil,
            audit: nil,
            auditFailure: "the simulator does not answer"
        )
        #expect(failures == ["the audit could not be made: the simulator does not answer"])
    }

    @Test func `the whole run's throughput is over the time that its phases took`() {
        func phase(start: UInt64, lastEnd: UInt64) -> PhaseRecord {
            var record = PhaseRecord(name: "p", isWarmUp: false, durationSeconds: 1, start: start)
            record.issued = 100
            for _ in 0..<100 { record.record(.succeeded, class: 0, latency: 1) }
            record.lastEnd = lastEnd
            return record
        }
        let result = LoopResult(
            records: [phase(start: 0, lastEnd: 900_000_000), phase(start: 1_000_000_000, lastEnd: 5_000_000_000)],
            violations: ViolationList(),
            errorSamples: [],
            expectations: [],
            repeatsSkipped: 0,
            substituted: 0,
            transport: HTTPClientStatistics(),
            duration: 5_000_000_000
        )
        // One second, and four for the second phase.
        #expect(LoadReport.Phase(RunSummary([result]).total).completedPerSecond == 40)
    }

    @Test func `requests that were never sent are errors`() {
        var unsent = record()
        unsent.unsent = 5
        #expect(failures(unsent).count == 1)
    }

    @Test func `saturation fails a run, unless it was searched for`() {
        var saturated = record()
        saturated.saturatedTicks = 3
        #expect(failures(saturated).count == 1)
        #expect(failures(saturated, .init(allowsSaturation: true)).isEmpty)
        #expect(failures(saturated, stopped: "found it").isEmpty)
    }

    @Test func `the verdict is the exit status`() {
        #expect(LoadVerdict().exitStatus == 0 && LoadVerdict(failures: ["x"]).exitStatus == 1)
    }
}
