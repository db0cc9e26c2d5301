import Journal
import Ledger
import Money
import NIOCore
import Payments
import ShardCore
import ShardHost
import ShardStorage
import Telemetry
import WireJSON

/// What operators can ask: `/healthz`, `/readyz`, `/metrics`, `/ledger/trial-balance`,
/// `/audit/payments`, `/journal/checkpoints`, `/unresolved`.
struct AdminRoutes: Sendable {
    let parts: GatewayParts

    var table: [AdminRoute] {
        let parts = self.parts
        return [
            AdminRoute("/healthz") { _ in .text("ok\n") },
            AdminRoute("/readyz") { _ in Self.ready(parts.readiness.current, parts.roles) },
            AdminRoute("/metrics") { _ in
                .metrics(ByteBuffer(bytes: PrometheusText.render(try await GatewayMetrics.gather(from: parts))))
            },
            AdminRoute("/ledger/trial-balance") { _ in .json(try await TrialBalanceDocument.make(from: parts)) },
            AdminRoute("/journal/checkpoints") { _ in Self.checkpoints(of: parts) },
            AdminRoute("/unresolved") { request in
                guard let limit = UnresolvedDocument.limit(request.value("limit")) else {
                    return .problem(400, code: "invalid_limit", "limit is a number from 1 to 1000")
                }
                return .json(try await UnresolvedDocument.make(from: parts, limit: limit))
            },
            AdminRoute("/audit/payments") { _ in
                // Before the answer begins: afterwards it can only break off.
                try parts.checkServing()
                return .jsonLines(PaymentLines(parts: parts))
            },
        ]
    }

    /// The newest checkpoint of each log, a line each, as `millrace journal verify --checkpoint`
    /// reads them.
    private static func checkpoints(of parts: GatewayParts) -> AdminResponse {
        guard parts.protection.checkpoints != nil else {
            return .problem(404, code: "checkpoints_off", "This gateway signs no checkpoints")
        }
        var text = ""
        for (_, log) in parts.logs.all {
            if let line = log.newestCheckpoint?.line { text += line + "\n" }
        }
        return .text(text)
    }

    static func ready(_ state: Readiness.State, _ roles: ShardRoles) -> AdminResponse {
        switch state {
        case .ready: ready(roles)
        case .starting: .problem(503, code: "starting", "The journals are being recovered")
        case .journalFailed:
            .problem(503, code: "journal_failed", "A journal cannot be written; only reads are answered")
        case .draining: .problem(503, code: "draining", "The gateway is stopping")
        }
    }

    /// A host that takes new work for some of its shards is ready: otherwise nobody would serve
    /// these.
    private static func ready(_ roles: ShardRoles) -> AdminResponse {
        let (missing, short) = (roles.missing, roles.short)
        guard missing.count < roles.count else {
            return .problem(503, code: "no_shard_owned", "Other hosts own all shards")
        }
        guard missing.count + short.count < roles.count else {
            return .problem(
                503,
                code: "journal_room_short",
                "The journals have no room for new payments; reads are answered",
                detail: "The disk is full, or journal.segment_bytes is too small; a retry helps when there is room"
            )
        }
        if missing.isEmpty, short.isEmpty { return .text("ready\n") }
        var text = "ready"
        if !missing.isEmpty { text += ", without the shards that other hosts own: \(list(missing))" }
        if !short.isEmpty { text += ", without room for new payments of the shards: \(list(short))" }
        return .text(text + "\n")
    }

    private static func list(_ shards: [Int]) -> String { shards.map { "\($0)" }.joined(separator: ", ") }
}

/// `GET /ledger/trial-balance`: the ledger's sums over all shards. Amounts are decimal texts: 128
/// bits do not fit a JSON number.
enum TrialBalanceDocument {
    static func make(from parts: GatewayParts) async throws -> ByteBuffer {
        var currencies: [Currency: AccountTotals] = [:]
        var kinds: [KindKey: AccountTotals] = [:]
        for number in 0..<parts.shardCount {
            let balance = try await parts.onShardInTurn(number) { $0.host.trialBalance() }
            for line in balance.currencies { currencies[line.currency, default: AccountTotals()] += line.totals }
            for line in balance.kinds {
                kinds[KindKey(currency: line.currency, kind: line.kind), default: AccountTotals()] += line.totals
            }
        }
        return render(currencies, kinds)
    }

    private struct KindKey: Hashable {
        var currency: Currency
        var kind: AccountKind
    }

    private static func render(_ currencies: [Currency: AccountTotals], _ kinds: [KindKey: AccountTotals]) -> ByteBuffer
    {
        let currencyLines = currencies.sorted { $0.key.numericCode < $1.key.numericCode }.map { currency, totals in
            "{\"currency\":\"\(currency.code)\",\(sums(totals))}"
        }
        let kindLines = kinds.sorted {
            ($0.key.currency.numericCode, $0.key.kind.rawValue) < ($1.key.currency.numericCode, $1.key.kind.rawValue)
        }.map { key, totals in
            "{\"currency\":\"\(key.currency.code)\",\"account\":\"\(key.kind)\",\(sums(totals))}"
        }
        let balanced = currencies.values.allSatisfy { $0.balance == 0 }
        return ByteBuffer(
            string: "{\"balanced\":\(balanced),\"currencies\":[\(currencyLines.joined(separator: ","))],"
                + "\"accounts\":[\(kindLines.joined(separator: ","))]}\n"
        )
    }

    private static func sums(_ totals: AccountTotals) -> String {
        "\"debits\":\"\(totals.debits)\",\"credits\":\"\(totals.credits)\",\"balance\":\"\(totals.balance)\""
    }
}

extension AccountTotals {
    fileprivate static func += (left: inout AccountTotals, right: AccountTotals) {
        left.debits += right.debits
        left.credits += right.credits
    }
}

/// `GET /audit/payments`: every payment as a JSON line, read from the shards in slices so that no
/// loop is held up.
struct PaymentLines: AsyncSequence, Sendable {
    let parts: GatewayParts

    /// Payments per visit of a shard's loop. Their lines are written on the admin server's thread.
    private static let slice = 256

    struct AsyncIterator: AsyncIteratorProtocol {
        let parts: GatewayParts
        var shard = 0
        var next: Int? = 0

        mutating func next() async throws -> ByteBuffer? {
            while shard < parts.shardCount {
                guard let first = next else {
                    shard += 1
                    next = 0
                    continue
                }
                let (following, warm, cold, storage) = try await parts.onShardInTurn(shard) { shard in
                    var warm: [(PaymentView, MerchantID)] = []
                    var cold: [UInt64] = []
                    let following = shard.host.forEachPayment(
                        from: first,
                        count: PaymentLines.slice,
                        cold: { cold.append($0) }
                    ) { warm.append(($0, $1)) }
                    return (following, warm, cold, shard.storage)
                }
                next = following
                var lines = ByteBuffer()
                for (payment, merchant) in warm { PaymentLines.write(payment, merchant, into: &lines) }
                if !cold.isEmpty {
                    var read = try await parts.onAdminDisk { try PaymentLines.lines(of: cold, in: storage) }
                    lines.writeBuffer(&read)
                }
                if lines.readableBytes > 0 { return lines }
            }
            return nil
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(parts: parts) }

    private static func lines(of sequences: [UInt64], in storage: ShardStorage) throws -> ByteBuffer {
        var lines = ByteBuffer()
        for sequence in sequences {
            let (payment, merchant) = try storage.view(sequence)
            write(payment, merchant, into: &lines)
        }
        return lines
    }

    private static func write(_ payment: PaymentView, _ merchant: MerchantID, into lines: inout ByteBuffer) {
        lines.writeString(
            "{\"id\":\"\(payment.id)\",\"merchant\":\"\(String(merchant.rawValue, radix: 16))\","
                + "\"status\":\"\(payment.status.name)\",\"amount\":\(payment.amountMinor),"
                + "\"currency\":\"\(payment.currency.code)\",\"authorized\":\(payment.authorizedMinor),"
                + "\"captured\":\(payment.capturedMinor),\"refunded\":\(payment.refundedMinor),"
                + "\"refund_pending\":\(payment.refundPendingMinor)}\n"
        )
    }
}
