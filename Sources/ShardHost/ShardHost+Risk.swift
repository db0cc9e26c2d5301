package import Risk
import ShardCore

extension ShardHost {
    /// The scorer has answered, or will not. Call `scoresDelivered` after those that came together.
    package func scored(_ token: UInt64, _ outcome: ScoreOutcome) {
        work.handle(outcome, of: token, at: clock())
    }

    package func scoresDelivered() {
        commit(clock())
    }

    /// Replaces the fraud hook's rules.
    /// - Parameter version: of the configuration that the rules are a part of; durable.
    package func reload(risk policy: RiskPolicy?, version: UInt32) {
        work.core.reload(risk: policy, version: version)
    }

    /// How full the fraud hook's table of counters is.
    package var riskOccupancy: (counters: Int, capacity: Int, largestMerchant: Int) { core.riskOccupancy }
}
