import Foundation

/// Turns measurements into reasons for failure.
enum VerdictRules {
    static func failures(
        scenario: Scenario,
        total: PhaseRecord,
        violations: UInt64,
        stopped: String?,
        audit: AuditReport?,
        auditFailure: String? = nil
    ) -> [String] {
        var failures: [String] = []
        if violations > 0 { failures.append("\(violations) answers broke the contract") }
        if total.completed == 0 { failures.append("nothing was measured") }
        let due = total.issued + total.unsent
        let rate = due == 0 ? 0 : Double(total.errors) / Double(due)
        if rate > scenario.limits.errorRate {
            failures.append(
                "\(total.errors) errors in \(due) requests, more than a share of \(scenario.limits.errorRate)"
            )
        }
        if total.saturatedTicks > 0, !scenario.limits.allowsSaturation, stopped == nil {
            failures.append("saturated: the in-flight limit of \(scenario.inFlight) was reached")
        }
        if total.worstLag > scenario.limits.sendLag, !scenario.limits.allowsSaturation, stopped == nil {
            let (late, bound) = (Double(total.worstLag) / 1e9, Double(scenario.limits.sendLag) / 1e9)
            failures.append(
                String(
                    format: "requests were sent up to %.1f s late, above %.1f s: harness or target did not keep up",
                    late,
                    bound
                )
            )
        }
        for percentile in Percentile.allCases {
            guard let bound = scenario.limits.percentiles[percentile] else { continue }
            let value = total.final.milliseconds(percentile)
            if value > bound {
                failures.append(String(format: "\(percentile.rawValue) is %.2f ms, above %.2f ms", value, bound))
            }
        }
        if let auditFailure { failures.append("the audit could not be made: \(auditFailure)") }
        if let audit, !audit.passed { failures.append("the audit found \(audit.counts.values.reduce(0, +)) faults") }
        return failures
    }
}
