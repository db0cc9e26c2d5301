import Payments
import ShardRecords

/// One row of the table of routes: a method and a path, and what they ask for.
package struct RouteRule: Sendable {
    package enum Method: Sendable, Equatable {
        case get
        case post

        package var name: StaticString {
            switch self {
            case .get: "GET"
            case .post: "POST"
            }
        }

        /// What a client may send: HEAD wherever GET (RFC 9110 section 9.1).
        var allowed: StaticString {
            switch self {
            case .get: "GET, HEAD"
            case .post: "POST"
            }
        }

        /// Whether a request with that method asks for the route. HEAD is answered as GET, and the
        /// transport leaves the body out.
        func takes(_ name: Span<UInt8>) -> Bool {
            name.equals(self.name) || self == .get && name.equals("HEAD")
        }
    }

    /// Whose keys may use a route.
    enum Audience: Sendable {
        case merchants
        case operators
        case both
        /// No key is needed.
        case everybody

        init(_ route: Route) {
            self =
                switch route {
                case .merchant: .merchants
                case .operator: .operators
                case .review: .both
                case .openAPI: .everybody
                }
        }
    }

    /// What `{id}` of a path stands for, and the route that it makes.
    enum Target: Sendable {
        /// The path has no `{id}`.
        case fixed(Route)
        case payment(@Sendable (PaymentID) -> Route)
        case refund(@Sendable (RefundID) -> Route)
        case dispute(@Sendable (DisputeID) -> Route)
        case payout(@Sendable (PayoutID) -> Route)
        case wallet(@Sendable (WalletID) -> Route)

        /// The route of an identifier; nil for one that the gateway cannot have made.
        func route(_ identifier: Span<UInt8>) -> Route? {
            switch self {
            case .fixed(let route): route
            case .payment(let make):
                Identifier.parse(PaymentID.prefix, identifier).map { make(PaymentID(high: $0.high, low: $0.low)) }
            case .refund(let make):
                Identifier.parse(RefundID.prefix, identifier).map { make(RefundID(high: $0.high, low: $0.low)) }
            case .dispute(let make):
                Identifier.parse(DisputeID.prefix, identifier).map { make(DisputeID(high: $0.high, low: $0.low)) }
            case .payout(let make):
                Identifier.parse(PayoutID.prefix, identifier).map { make(PayoutID(high: $0.high, low: $0.low)) }
            case .wallet(let make):
                Identifier.parse(WalletID.prefix, identifier).map { make(WalletID(high: $0.high, low: $0.low)) }
            }
        }

        /// The audience of every route that the target makes.
        var audience: Audience {
            let zero: (high: UInt64, low: UInt64) = (0, 0)
            let route =
                switch self {
                case .fixed(let route): route
                case .payment(let make): make(PaymentID(high: zero.high, low: zero.low))
                case .refund(let make): make(RefundID(high: zero.high, low: zero.low))
                case .dispute(let make): make(DisputeID(high: zero.high, low: zero.low))
                case .payout(let make): make(PayoutID(high: zero.high, low: zero.low))
                case .wallet(let make): make(WalletID(high: zero.high, low: zero.low))
                }
            return Audience(route)
        }
    }

    package let method: Method
    /// As OpenAPI writes it: `{id}` stands for an identifier, at most once.
    package let path: StaticString
    /// The query parameters that the route knows.
    let query: [QueryParameter]
    let audience: Audience
    private let target: Target
    /// Bytes before `{id}`; all of the path where it has none.
    private let prefixBytes: Int
    /// Bytes behind `{id}`.
    private let suffixBytes: Int

    init(_ method: Method, _ path: StaticString, query: [QueryParameter] = [], is target: Target) {
        self.method = method
        self.path = path
        self.query = query
        self.target = target
        audience = target.audience
        let bytes = UnsafeBufferPointer(start: path.utf8Start, count: path.utf8CodeUnitCount)
        prefixBytes = bytes.firstIndex(of: UInt8(ascii: "{")) ?? bytes.count
        suffixBytes = bytes.firstIndex(of: UInt8(ascii: "}")).map { bytes.count - $0 - 1 } ?? 0
    }

    /// Whether `path` has the shape of this rule's, whatever its identifier is.
    private func hasShape(_ given: Span<UInt8>) -> Bool {
        let length = path.utf8CodeUnitCount
        guard prefixBytes < length else { return given.equals(path) }
        guard given.count > prefixBytes + suffixBytes else { return false }
        let text = path.utf8Start
        for index in 0..<prefixBytes where given[index] != text[index] { return false }
        let suffix = given.count - suffixBytes
        for index in 0..<suffixBytes where given[suffix + index] != text[length - suffixBytes + index] { return false }
        for index in prefixBytes..<suffix where given[index] == UInt8(ascii: "/") { return false }
        return true
    }

    /// The route of a path without its query. Nothing is decoded: no route needs percent-encoding,
    /// and one spelling is enough.
    /// - Returns: nil for a path that no rule has.
    package static func match(_ path: Span<UInt8>) -> RouteMatch? {
        for index in table.indices where table[index].hasShape(path) {
            let rule = table[index]
            let start = rule.prefixBytes
            let identifier = path.extracting(start..<path.count - rule.suffixBytes)
            return RouteMatch(index: index, route: rule.target.route(identifier))
        }
        return nil
    }
}

/// A path's row in the table of routes.
package struct RouteMatch: Sendable {
    fileprivate let index: Int
    /// Nil where the gateway cannot have made the identifier in the path. The answer is then that
    /// of an object that does not exist.
    package let route: Route?

    package var rule: RouteRule { RouteRule.table[index] }
    /// The one method that the path knows.
    package var method: RouteRule.Method { RouteRule.table[index].method }
    /// Any key gets the same answer about an object that cannot exist.
    var audience: RouteRule.Audience { route == nil ? .both : RouteRule.table[index].audience }
}

extension RouteRule {
    /// Every route there is; `docs/openapi.yaml` describes exactly these. The most frequent come
    /// first. No two rows match one path.
    package static let table: [Self] = [
        Self(.post, "/v1/payments", is: .fixed(.merchant(.createPayment))),
        Self(.get, "/v1/payments/{id}", is: .payment { .merchant(.getPayment($0)) }),
        Self(.post, "/v1/payments/{id}/capture", is: .payment { .merchant(.capture($0)) }),
        Self(.post, "/v1/payments/{id}/refunds", is: .payment { .merchant(.refund($0)) }),
        Self(.post, "/v1/payments/{id}/cancel", is: .payment { .merchant(.cancel($0)) }),
        Self(.post, "/v1/payments/{id}/confirm", is: .payment { .merchant(.confirm($0)) }),
        Self(.post, "/v1/payments/{id}/increment", is: .payment { .merchant(.increment($0)) }),
        Self(.get, "/v1/payments/{id}/timeline", is: .payment { .merchant(.getTimeline($0)) }),
        Self(.post, "/v1/payments/{id}/approve", is: .payment { .review(.approve($0)) }),
        Self(.post, "/v1/payments/{id}/reject", is: .payment { .review(.reject($0)) }),
        Self(.post, "/v1/payments/{id}/manual_capture", is: .payment { .operator(.manualCapture($0)) }),
        Self(.get, "/v1/refunds/{id}", is: .refund { .merchant(.getRefund($0)) }),
        Self(.get, "/v1/disputes/{id}", is: .dispute { .merchant(.getDispute($0)) }),
        Self(.post, "/v1/disputes/{id}/evidence", is: .dispute { .merchant(.disputeEvidence($0)) }),
        Self(.post, "/v1/disputes/{id}/accept", is: .dispute { .merchant(.acceptDispute($0)) }),
        Self(.post, "/v1/provider_events", is: .fixed(.operator(.providerEvent))),
        Self(.get, "/v1/balance", query: QueryParameters.ofBalance, is: .fixed(.merchant(.getBalance))),
        Self(.get, "/v1/ledger/accounts", is: .fixed(.merchant(.getAccounts))),
        Self(.get, "/v1/ledger/entries", query: LedgerQuery.parameters, is: .fixed(.merchant(.getEntries))),
        Self(.post, "/v1/payouts", is: .fixed(.merchant(.createPayout))),
        Self(.get, "/v1/payouts/{id}", is: .payout { .merchant(.getPayout($0)) }),
        Self(.post, "/v1/payouts/{id}/events", is: .payout { .operator(.payoutEvent($0)) }),
        Self(.post, "/v1/wallets", is: .fixed(.merchant(.createWallet))),
        Self(.get, "/v1/wallets/{id}", is: .wallet { .merchant(.getWallet($0)) }),
        Self(.post, "/v1/wallets/{id}/top_ups", is: .wallet { .merchant(.topUp($0)) }),
        Self(.post, "/v1/fx/quotes", is: .fixed(.merchant(.quoteExchange))),
        Self(.post, "/v1/fx/conversions", is: .fixed(.merchant(.convertExchange))),
        Self(.get, "/openapi.yaml", is: .fixed(.openAPI)),
    ]
}
