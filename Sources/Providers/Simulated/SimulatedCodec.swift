package import HTTPTransport
package import Payments

/// Encodes and decodes as `SimulatedProvider` does, without its connections. Deterministic
/// simulations carry the requests themselves.
package struct SimulatedCodec {
    private let encoder = SimulatedRequestEncoder(authority: "psp.simulated", isSecure: true, secret: "sk_sim_codec")

    package init() {}

    /// The request for a call; nil if the protocol cannot express it, and then the call was not
    /// executed.
    package func encode(_ call: ProviderCall) -> HTTPClientRequest? { encoder.encode(call) }

    /// What the result of a call's request means.
    package func outcome(of result: HTTPClientResult, for call: ProviderCall) -> ProviderOutcome {
        SimulatedReplyDecoder.outcome(of: result, for: SimulatedCall(call))
    }
}
