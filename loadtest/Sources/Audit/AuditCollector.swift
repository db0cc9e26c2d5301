import Foundation
import NIOCore

/// Gathers an audit's evidence from a running demonstration.
struct AuditCollector: Sendable {
    /// How long to wait between two looks at payments that are still processing.
    static let pollInterval = Swift.Duration.milliseconds(500)

    let demo: DemoFile
    let http: PlainHTTP
    let settleSeconds: Double

    /// What was read of a listing, and the lines that were not understood.
    private struct Listing<Value: Sendable> {
        var values: [Value] = []
        var unreadable: [String] = []

        mutating func add(_ other: Listing) {
            values += other.values
            unreadable += other.unreadable
        }
    }

    func collect(_ runs: [ExpectedRun]) async throws -> AuditEvidence {
        let gateway = try await settledPayments()
        var oracle = Listing<OracleCharge>()
        for url in demo.oracleURLs { oracle.add(try await lines(url, OracleCharge.init(line:))) }
        let text = try await http.text("\(demo.adminURL)/ledger/trial-balance")
        let trialBalance: TrialBalance
        do {
            trialBalance = try JSONDecoder().decode(TrialBalance.self, from: Data(text.utf8))
        } catch {
            throw LoadUsageError("\(demo.adminURL)/ledger/trial-balance cannot be read: \(error)")
        }
        return AuditEvidence(
            runs: runs,
            gateway: gateway.values,
            oracle: oracle.values,
            trialBalance: trialBalance,
            unreadable: gateway.unreadable + oracle.unreadable
        )
    }

    /// All payments of the gateway, once none is `processing` or the time is up.
    private func settledPayments() async throws -> Listing<GatewayPayment> {
        let deadline = NIODeadline.now() + .milliseconds(Int64(settleSeconds * 1_000))
        while true {
            let payments = try await lines("\(demo.adminURL)/audit/payments", GatewayPayment.init(line:))
            let isSettled = !payments.values.contains { $0.status == .processing }
            if isSettled || NIODeadline.now() >= deadline { return payments }
            try await Task.sleep(for: Self.pollInterval)
        }
    }

    private func lines<Value: Sendable>(
        _ url: String,
        _ read: @escaping @Sendable (Span<UInt8>) -> Value?
    ) async throws -> Listing<Value> {
        let values = Collected<Value>()
        let unreadable = Collected<String>()
        let status = try await http.request("GET", url) { line in
            if let value = read(line) { values.append(value) } else { unreadable.append(line.string(line.indices)) }
        }
        guard status == 200 else { throw LoadUsageError("GET \(url) answered \(status)") }
        return Listing(values: values.take(), unreadable: unreadable.take().map { "\(url): \($0)" })
    }
}
