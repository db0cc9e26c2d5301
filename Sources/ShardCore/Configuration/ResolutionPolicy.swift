package import Payments
import ShardState

/// How unknown outcomes of one kind of operation are resolved at a connector (docs/payments.md,
/// "Unknown outcomes").
package struct ResolutionPolicy: Sendable, Equatable {
    /// What the adapter declares of the operation, and what is left of it by the configuration.
    package var means: ResolutionMeans
    /// When to try again after an outcome became unknown, in milliseconds; the last one repeats.
    package var schedule: [Int64]
    /// How often a call is sent again to resolve it, where the PSP can be asked. After that the PSP
    /// is only asked, so that the horizon can pass.
    package var replays: Int
    /// How long after the deadline of a call it may still be on its way to the PSP, in
    /// milliseconds. A PSP that knows nothing of a call after that has not executed it and will
    /// not.
    package var inFlightHorizon: Int64
    /// When to send a call again that certainly was not executed, in milliseconds. After the last
    /// time the operation fails.
    package var retries: [Int64]
    /// How long an authorization may stay unknown, in milliseconds since its request, before it is
    /// given up. It is then voided by the gateway's reference where the provider declares that.
    /// Else it is reversed when its outcome is known. Captures and refunds are never given up.
    package var abandonAfter: Int64
    /// How long an operation may stay unknown, in milliseconds, before an operator must look
    /// (`ShardStatistics.needingAttention`).
    package var attentionAfter: Int64

    package init(
        means: ResolutionMeans = ResolutionMeans(
            queryByReference: 0,
            replayWindow: 86_400_000,
            voidByReference: true
        ),
        schedule: [Int64] = [1_000, 5_000, 30_000, 120_000, 600_000, 3_600_000, 86_400_000],
        replays: Int = 3,
        inFlightHorizon: Int64 = 60_000,
        retries: [Int64] = [100, 400],
        abandonAfter: Int64 = 900_000,
        attentionAfter: Int64 = 86_400_000
    ) {
        precondition(!schedule.isEmpty)
        self.means = means
        self.schedule = schedule
        self.replays = replays
        self.inFlightHorizon = inFlightHorizon
        self.retries = retries
        self.abandonAfter = abandonAfter
        self.attentionAfter = attentionAfter
    }
}

extension OperationStateMachine.Policy {
    /// - Parameters:
    ///   - timeout: how long a call of the operation may take, in milliseconds.
    ///   - isTimeCertain: whether it is known how long ago a call was sent.
    init(_ policy: ResolutionPolicy, timeout: Int64, isTimeCertain: Bool) {
        let query = policy.means.query
        self.init(
            isTimeCertain: isTimeCertain,
            canQuery: query != nil,
            visibleAfter: query?.lag ?? 0,
            canVoid: policy.means.voidByReference,
            replays: policy.replays,
            replayWindow: policy.means.replayWindow,
            horizon: timeout + policy.inFlightHorizon,
            retries: policy.retries,
            schedule: policy.schedule,
            abandonAfter: policy.abandonAfter
        )
    }
}
