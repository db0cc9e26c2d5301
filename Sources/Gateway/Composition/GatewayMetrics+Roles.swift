import ShardHost
import Telemetry

extension GatewayMetrics {
    /// This host's role for a shard, and how its ownerships ended.
    static func addRole(of replica: ShardReplica, _ labels: [MetricLabel], to metrics: inout MetricsSnapshot) {
        let role = replica.roleName
        for name in ShardReplica.RoleName.allCases {
            metrics.gauge(
                "millrace_shard_role",
                help: "1 for what this host is to the shard; without an owner here, commands are refused.",
                labels: labels + [MetricLabel("role", name.rawValue)],
                value: role == name ? 1 : 0
            )
        }
        metrics.gauge(
            "millrace_shard_follower_lag_records",
            help: "Durable records that a follower has not applied; 0 for an owner.",
            labels: labels,
            value: Int64(clamping: replica.lag)
        )
        let statistics = replica.statistics
        let counters: [(StaticString, StaticString, Int)] = [
            ("millrace_shard_builds_total", "Times that a lost shard was built again.", statistics.builds),
            ("millrace_shard_acquisitions_total", "Times that this host became the owner.", statistics.acquisitions),
            ("millrace_shard_claims_refused_total", "Claims that another owner kept out.", statistics.claimsRefused),
            ("millrace_shard_handovers_total", "Shards released because another host asked.", statistics.handovers),
            ("millrace_shard_losses_total", "Alarm: ownerships that another host took.", statistics.losses),
            ("millrace_shard_expiries_total", "Alarm: leases not renewed in time.", statistics.expiries),
        ]
        for (name, help, value) in counters {
            metrics.counter(name, help: help, labels: labels, value: UInt64(value))
        }
    }
}
