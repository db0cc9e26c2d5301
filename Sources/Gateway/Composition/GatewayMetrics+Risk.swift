import ShardCore
import ShardHost
import Telemetry

extension GatewayMetrics {
    /// What the fraud hook of a shard has done; nothing where none is configured and none ever was.
    static func addRisk(_ shard: ShardRuntime, _ labels: [MetricLabel], to metrics: inout MetricsSnapshot) {
        let risk = shard.host.shardStatistics.risk
        for (band, value) in [("allow", risk.allowed), ("review", risk.reviewed), ("block", risk.blocked)] {
            metrics.counter(
                "millrace_risk_verdicts_total",
                help: "Payments that the fraud hook looked at, by outcome.",
                labels: labels + [MetricLabel("band", band)],
                value: UInt64(value)
            )
        }
        let counters: [(StaticString, StaticString, Int)] = [
            ("millrace_risk_counters_full_total", "Payments that could not be counted.", risk.countersFull),
            ("millrace_risk_reviews_approved_total", "Manual reviews that ended with an approval.", risk.approved),
            ("millrace_risk_reviews_rejected_total", "Manual reviews that ended with a rejection.", risk.rejected),
            ("millrace_risk_reviews_timed_out_total", "Reviews that nobody ended in time.", risk.timedOut),
            ("millrace_risk_scorer_failures_total", "Payments decided without a score.", risk.scorerFailures),
        ]
        for (name, help, value) in counters { metrics.counter(name, help: help, labels: labels, value: UInt64(value)) }
        let table = shard.host.riskOccupancy
        metrics.gauge(
            "millrace_risk_counters",
            help: "Velocity counters in use.",
            labels: labels,
            value: Int64(table.counters)
        )
        metrics.gauge(
            "millrace_risk_counter_capacity",
            help: "Velocity counters that fit.",
            labels: labels,
            value: Int64(table.capacity)
        )
        metrics.gauge(
            "millrace_risk_counters_largest_merchant",
            help: "The most velocity counters that one merchant has.",
            labels: labels,
            value: Int64(table.largestMerchant)
        )
    }
}
