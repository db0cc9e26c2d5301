import Foundation
import NIOCore

/// Gathers an audit's evidence from a running demonstration.
struct AuditCollector: Sendable {
    /// How long to wait between two looks at payments that are still processing.
    static let pollInterval = Swift.Duration.milliseconds(500)

    let demo: DemoFile
    let http: PlainHTTP
    let settleSeconds: Double

    func collect(_ runs: [ExpectedRun]) async throws -> AuditEvidence {
        let gateway = try await settledPayments()
        let oracle = try await lines(demo.oracleURL, OracleCharge.init(line:))
        let text = try await http.text("\(demo.adminURL)/ledger/trial-balance")
        let trialBalance: TrialBalance
        do {
            trialBalance = try JSONDecoder().decode(TrialBalance.self, from: Data(text.utf8))
        } catch {
            throw LoadUsageError("\(demo.adminURL)/ledger/trial-balance cannot be read: \(error)")
        }
        return AuditEvidence(runs: runs, gateway: gateway, oracle: oracle, trialBalance: trialBalance)
    }

    /// All payments of the gateway, once none is `processing` or the time is up.
    private func settledPayments() async throws -> [GatewayPayment] {
        let deadline = NIODeadline.now() + .milliseconds(Int64(settleSeconds * 1_000))
        while true {
            let payments = try await lines("\(demo.adminURL)/audit/payments", GatewayPayment.init(line:))
            let isSettled = !payments.contains { $0.status == .processing }
            if isSettled || NIODeadline.now() >= deadline { return payments }
            try await Task.sleep(for: Self.pollInterval)
        }
    }

    private func lines<Value: Sendable>(
        _ url: String,
        _ read: @escaping @Sendable (Span<UInt8>) -> Value?
    ) async throws -> [Value] {
        let values = Collected<Value>()
        let unreadable = Collected<String>()
        let status = try await http.request("GET", url) { line in
            if let value = read(line) { values.append(value) } else { unreadable.append(line.string(line.indices)) }
        }
        guard status == 200 else { throw LoadUsageError("GET \(url) answered \(status)") }
        if let line = unreadable.take().first { throw LoadUsageError("\(url) has a line that cannot be read: \(line)") }
        return values.take()
    }
}
