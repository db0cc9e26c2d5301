import HTTPTransport
import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Where shoppers are sent: what a challenge or a bank's page is at a real provider.
extension SimulatorApplication {
    /// `GET /actions/{id}`
    func showAction(_ charge: UInt32?, _ token: HTTPStreamToken) {
        guard let charge else { return reply(token, response(.actionNotFound)) }
        let text: String
        switch core.action(ofCharge: charge, now: now) {
        case .none: return reply(token, response(.actionNotFound))
        case .waiting: text = Self.buttons
        case .completed: text = "<p>Done.</p>"
        case .failed: text = "<p>It did not work.</p>"
        case .cancelled: text = "<p>It was cancelled.</p>"
        }
        let page = "<!doctype html><title>Simulated bank</title><h1>Simulated bank</h1>" + text
        reply(token, HTTPServerResponse(headers: headers.page, body: ByteBuffer(string: page)))
    }

    private static let buttons = """
        <p>Do you want to pay?</p>
        <button onclick="fetch(location.pathname + '/complete', {method: 'POST'}).then(() => location.reload())">Pay</button>
        <button onclick="fetch(location.pathname + '/fail', {method: 'POST'}).then(() => location.reload())">Cancel</button>
        """

    /// `POST /actions/{id}/complete`, `/fail`
    func finishAction(_ charge: UInt32?, succeeds: Bool, _ token: HTTPStreamToken) {
        if let refusal = core.finishAction(charge, succeeds: succeeds, now: now) {
            return reply(token, response(refusal))
        }
        let state = succeeds ? "completed" : "failed"
        reply(token, json(200, ByteBuffer(string: #"{"status":"\#(state)"}"#)))
    }

    /// Milliseconds since 1970.
    static func wallClock() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    }
}
