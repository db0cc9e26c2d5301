import Foundation

extension LoadReport {
    /// The report as lines for people.
    var lines: [String] {
        var lines = ["scenario \(scenario) on \(target), seed \(seed), \(loops) loop(s) × \(connections) connections"]
        lines += phases.count > 1 ? phaseTable : []
        lines += [
            "",
            "measured: \(total.issued) requests due and sent, \(total.completed) ended, \(number(total.completedPerSecond, 0))/s",
        ]
        lines.append(
            "  \(total.retries) retries, \(total.unsent) never sent, \(total.errors) errors, \(violations) violations"
        )
        lines.append("  outcomes: " + list(total.outcomes))
        lines.append("  answers:  " + list(total.statuses))
        if total.saturatedTicks > 0 {
            lines.append("  SATURATED: the in-flight limit held requests back at \(total.saturatedTicks) ticks")
        }
        if repeatsSkipped > 0 {
            lines.append("  \(repeatsSkipped) duplicates or conflicts left out at the in-flight limit")
        }
        if substituted > 0 { lines.append("  \(substituted) operations found no payment and became creations") }
        if connectionsLost + timeouts > 0 {
            lines.append("  transport: \(connectionsLost) connections lost, \(timeouts) attempts timed out")
        }
        lines += [""] + latencyTable + [""]
        lines.append(
            "latency counts from the due time; the harness sent at most \(number(total.worstSendLagMilliseconds, 2)) ms late"
        )
        lines += cpuLines + flush
        if let stopped { lines.append("stopped: \(stopped)") }
        lines += errorDetails.map { "error: \($0)" }
        lines += violationDetails.map { "violation: \($0)" }
        lines += audit?.lines ?? []
        lines.append(failures.isEmpty ? "PASSED" : "FAILED")
        return lines + failures.map { "  - \($0)" }
    }

    private var phaseTable: [String] {
        let head = "  phase                     due/s    done/s       p50       p99     p99.9       max  errors"
        return ["", head]
            + phases.map { phase in
                let name = (phase.name + (phase.isWarmUp ? " (warm-up)" : "")).padding(
                    toLength: 24,
                    withPad: " ",
                    startingAt: 0
                )
                let due = Double(phase.issued + phase.unsent) / max(phase.durationSeconds, 1e-9)
                let values = [Percentile.p50, .p99, .p99_9, .max].map {
                    padded(number(phase.final.percentiles[$0.rawValue] ?? 0, 2), 10)
                }
                return "  \(name)\(padded(number(due, 0), 8))\(padded(number(phase.completedPerSecond, 0), 10))"
                    + values.joined() + padded("\(phase.errors)", 8)
            }
    }

    private var latencyTable: [String] {
        let head = "  ms".padding(toLength: 18, withPad: " ", startingAt: 0) + padded("count", 10)
        let columns = Percentile.allCases.map { padded($0.rawValue, 10) }.joined()
        var rows = [
            head + padded("mean", 10) + columns, row("final answer", total.final), row("first answer", total.first),
        ]
        for index in 0..<LatencyClass.count {
            let name = LatencyClass.name(index)
            if let latency = total.byOperation[name] { rows.append(row("  " + name, latency)) }
        }
        return rows
    }

    private func row(_ name: String, _ latency: Latency) -> String {
        let values = Percentile.allCases.map { padded(number(latency.percentiles[$0.rawValue] ?? 0, 2), 10) }
        return "  " + name.padding(toLength: 16, withPad: " ", startingAt: 0) + padded("\(latency.count)", 10)
            + padded(number(latency.mean, 2), 10) + values.joined()
    }

    private var cpuLines: [String] {
        guard !cpu.isEmpty else { return [] }
        let parts = cpu.map { "\($0.process) \(number($0.microsecondsPerRequest, 1))" }
        let sum = cpu.reduce(0) { $0 + $1.microsecondsPerRequest }
        return ["CPU us per request: " + parts.joined(separator: ", ") + ", together \(number(sum, 1))"]
    }

    private func list(_ counts: [String: UInt64]) -> String {
        counts.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", ")
    }

    private func number(_ value: Double, _ decimals: Int) -> String { String(format: "%.\(decimals)f", value) }

    private func padded(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(1, width - text.count)) + text
    }
}
