package import Risk
import ShardCore

extension ShardHost {
    /// The scorer has answered, or will not. Call `scoresDelivered` after those that came together.
    package func scored(_ token: UInt64, _ outcome: ScoreOutcome) {
        core.handle(outcome, of: token, at: clock(), into: &output)
    }

    package func scoresDelivered() {
        commit(clock())
    }

    /// Swaps the fraud hook's rules.
    package func reload(risk policy: RiskPolicy?) {
        core.reload(risk: policy)
    }

    /// How full the fraud hook's table of counters is.
    package var riskOccupancy: (counters: Int, capacity: Int, largestMerchant: Int) { core.riskOccupancy }
}
