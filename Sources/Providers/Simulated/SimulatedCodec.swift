package import HTTPTransport
package import Payments

/// What `SimulatedProvider` says and understands, without its connections: for deterministic
/// simulations, which carry the requests themselves.
package struct SimulatedCodec {
    private let encoder = SimulatedRequestEncoder(authority: "psp.simulated", isSecure: true, secret: "sk_sim_codec")

    package init() {}

    /// The request for a call; nil if it cannot be said, and then it was not executed.
    package func encode(_ call: ProviderCall) -> HTTPClientRequest? { encoder.encode(call) }

    /// What the result of a call's request means.
    package func outcome(of result: HTTPClientResult, for call: ProviderCall) -> ProviderOutcome {
        SimulatedReplyDecoder.outcome(of: result, for: SimulatedCall(call))
    }
}
