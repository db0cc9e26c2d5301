package import Payments
import ShardRecords

/// What a path asks for. Identifiers that cannot be ours lead to `unknownResource`, which answers like one that is
/// not there.
package enum Route: Sendable, Equatable {
    case createPayment
    case getPayment(PaymentID)
    case getTimeline(PaymentID)
    case capture(PaymentID)
    case cancel(PaymentID)
    case approve(PaymentID)
    case reject(PaymentID)
    case increment(PaymentID)
    case confirm(PaymentID)
    case refund(PaymentID)
    case getRefund(RefundID)
    case getDispute(DisputeID)
    case disputeEvidence(DisputeID)
    case acceptDispute(DisputeID)
    /// Operators only.
    case postEvent
    case getBalance
    case getAccounts
    case getEntries
    case createPayout
    case getPayout(PayoutID)
    /// Operators only: what the bank says of a pay-out.
    case payoutEvent(PayoutID)
    case createWallet
    case getWallet(WalletID)
    case topUp(WalletID)
    case quoteExchange
    case convertExchange
    case openAPI
    /// A known shape around an identifier that no payment or refund can have.
    case unknownResource(method: Method)

    package enum Method: Sendable, Equatable {
        case get
        case post

        package var name: StaticString {
            switch self {
            case .get: "GET"
            case .post: "POST"
            }
        }
    }

    /// The one method that the route knows.
    package var method: Method {
        switch self {
        case .createPayout, .createWallet, .topUp, .quoteExchange, .convertExchange: .post
        case .getPayout, .getWallet: .get
        case .getPayment, .getTimeline, .getRefund, .getDispute, .getBalance, .getAccounts, .getEntries, .openAPI: .get
        case .createPayment, .capture, .cancel, .approve, .reject, .increment, .confirm, .refund, .disputeEvidence,
            .acceptDispute, .postEvent, .payoutEvent:
            .post
        case .unknownResource(let method): method
        }
    }

    /// Whose keys may use a route.
    package enum Audience: Sendable {
        case merchants
        case operators
        /// Merchants for what is theirs, operators for everybody's.
        case both
    }

    var audience: Audience {
        switch self {
        case .postEvent, .payoutEvent: .operators
        // What is not there is not there for anybody.
        case .approve, .reject, .unknownResource, .openAPI: .both
        case .createPayment, .getPayment, .getTimeline, .capture, .cancel, .increment, .confirm, .refund, .getRefund,
            .getDispute, .disputeEvidence, .acceptDispute, .getBalance, .getAccounts, .getEntries, .createPayout,
            .getPayout, .createWallet, .getWallet, .topUp, .quoteExchange, .convertExchange:
            .merchants
        }
    }

    /// The query parameters that the route knows.
    var queryParameters: [QueryParameter] {
        switch self {
        case .getBalance: QueryParameters.ofBalance
        case .getEntries: LedgerQuery.parameters
        default: []
        }
    }

    /// Every route as OpenAPI writes it, with its method; the document must list exactly these.
    package static let templates: [(path: String, method: Method)] = [
        ("/v1/payments", .post),
        ("/v1/payments/{id}", .get),
        ("/v1/payments/{id}/approve", .post),
        ("/v1/payments/{id}/capture", .post),
        ("/v1/payments/{id}/cancel", .post),
        ("/v1/payments/{id}/confirm", .post),
        ("/v1/payments/{id}/increment", .post),
        ("/v1/payments/{id}/refunds", .post),
        ("/v1/payments/{id}/reject", .post),
        ("/v1/payments/{id}/timeline", .get),
        ("/v1/refunds/{id}", .get),
        ("/v1/disputes/{id}", .get),
        ("/v1/disputes/{id}/evidence", .post),
        ("/v1/disputes/{id}/accept", .post),
        ("/v1/provider_events", .post),
        ("/v1/balance", .get),
        ("/v1/ledger/accounts", .get),
        ("/v1/ledger/entries", .get),
        ("/v1/payouts", .post),
        ("/v1/payouts/{id}", .get),
        ("/v1/payouts/{id}/events", .post),
        ("/v1/wallets", .post),
        ("/v1/wallets/{id}", .get),
        ("/v1/wallets/{id}/top_ups", .post),
        ("/v1/fx/quotes", .post),
        ("/v1/fx/conversions", .post),
        ("/openapi.yaml", .get),
    ]

    /// The route of a path without its query; `nil` for a path that no route has. Nothing is decoded: no route needs
    /// percent-encoding, and one spelling is enough.
    package static func match(_ path: Span<UInt8>) -> Route? {
        if path.matches("/v1/payments") { return matchPayments(path) }
        if path.matches("/v1/refunds/") { return matchRefund(path) }
        if path.matches("/v1/disputes/") { return matchDispute(path) }
        if path.equals("/v1/provider_events") { return .postEvent }
        if path.equals("/v1/balance") { return .getBalance }
        if path.equals("/v1/ledger/accounts") { return .getAccounts }
        if path.equals("/v1/ledger/entries") { return .getEntries }
        if path.matches("/v1/payouts") || path.matches("/v1/wallets") || path.matches("/v1/fx/") {
            return matchMoney(path)
        }
        return path.equals("/openapi.yaml") ? .openAPI : nil
    }

    private static func matchPayments(_ path: Span<UInt8>) -> Route? {
        let start = 13
        guard path.count >= start else { return .createPayment }
        guard path[start - 1] == UInt8(ascii: "/"), path.count > start else { return nil }
        var end = start
        while end < path.count && path[end] != UInt8(ascii: "/") { end += 1 }
        guard end > start else { return nil }
        let rest = path.extracting(end..<path.count)
        let numbers = Identifier.parse(PaymentID.prefix, path.extracting(start..<end))
        let id = numbers.map { PaymentID(high: $0.high, low: $0.low) }
        if rest.isEmpty { return id.map(Route.getPayment) ?? .unknownResource(method: .get) }
        if rest.equals("/capture") { return id.map(Route.capture) ?? .unknownResource(method: .post) }
        if rest.equals("/cancel") { return id.map(Route.cancel) ?? .unknownResource(method: .post) }
        if rest.equals("/confirm") { return id.map(Route.confirm) ?? .unknownResource(method: .post) }
        if rest.equals("/increment") { return id.map(Route.increment) ?? .unknownResource(method: .post) }
        if rest.equals("/approve") { return id.map(Route.approve) ?? .unknownResource(method: .post) }
        if rest.equals("/reject") { return id.map(Route.reject) ?? .unknownResource(method: .post) }
        if rest.equals("/refunds") { return id.map(Route.refund) ?? .unknownResource(method: .post) }
        if rest.equals("/timeline") { return id.map(Route.getTimeline) ?? .unknownResource(method: .get) }
        return nil
    }

    private static func matchDispute(_ path: Span<UInt8>) -> Route? {
        let start = 13
        var end = start
        while end < path.count && path[end] != UInt8(ascii: "/") { end += 1 }
        guard end > start else { return nil }
        let rest = path.extracting(end..<path.count)
        let numbers = Identifier.parse(DisputeID.prefix, path.extracting(start..<end))
        let id = numbers.map { DisputeID(high: $0.high, low: $0.low) }
        if rest.isEmpty { return id.map(Route.getDispute) ?? .unknownResource(method: .get) }
        if rest.equals("/evidence") { return id.map(Route.disputeEvidence) ?? .unknownResource(method: .post) }
        if rest.equals("/accept") { return id.map(Route.acceptDispute) ?? .unknownResource(method: .post) }
        return nil
    }

    private static func matchRefund(_ path: Span<UInt8>) -> Route? {
        let identifier = path.extracting(12..<path.count)
        guard !identifier.isEmpty else { return nil }
        for index in identifier.indices where identifier[index] == UInt8(ascii: "/") { return nil }
        guard let numbers = Identifier.parse(RefundID.prefix, identifier) else {
            return .unknownResource(method: .get)
        }
        return .getRefund(RefundID(high: numbers.high, low: numbers.low))
    }
}

extension Route {
    private static func matchMoney(_ path: Span<UInt8>) -> Route? {
        if path.equals("/v1/payouts") { return .createPayout }
        if path.equals("/v1/wallets") { return .createWallet }
        if path.equals("/v1/fx/quotes") { return .quoteExchange }
        if path.equals("/v1/fx/conversions") { return .convertExchange }
        // Payouts and wallets are words of the same length.
        let start = 12
        guard !path.matches("/v1/fx/"), path.count > start, path[start - 1] == UInt8(ascii: "/") else { return nil }
        var end = start
        while end < path.count && path[end] != UInt8(ascii: "/") { end += 1 }
        let identifier = path.extracting(start..<end)
        let rest = path.extracting(end..<path.count)
        guard !identifier.isEmpty else { return nil }
        if path.matches("/v1/payouts/") {
            let numbers = Identifier.parse(PayoutID.prefix, identifier)
            let id = numbers.map { PayoutID(high: $0.high, low: $0.low) }
            if rest.isEmpty { return id.map(Route.getPayout) ?? .unknownResource(method: .get) }
            guard rest.equals("/events") else { return nil }
            return id.map(Route.payoutEvent) ?? .unknownResource(method: .post)
        }
        let wallet = Identifier.parse(WalletID.prefix, identifier).map { WalletID(high: $0.high, low: $0.low) }
        if rest.isEmpty { return wallet.map(Route.getWallet) ?? .unknownResource(method: .get) }
        guard rest.equals("/top_ups") else { return nil }
        return wallet.map(Route.topUp) ?? .unknownResource(method: .post)
    }
}

/// The text form of identifiers (see `Base32`), read from bytes.
enum Identifier {
    static func parse(_ prefix: StaticString, _ text: Span<UInt8>) -> (high: UInt64, low: UInt64)? {
        let skipped = prefix.utf8CodeUnitCount
        guard text.count == skipped + Base32.length, text.matches(prefix), text[skipped] <= UInt8(ascii: "7") else {
            return nil
        }
        var high: UInt64 = 0
        var low: UInt64 = 0
        for index in skipped..<text.count {
            let digit = digits[Int(text[index])]
            guard digit < 32 else { return nil }
            high = high << 5 | low >> 59
            low = low << 5 | UInt64(digit)
        }
        return (high, low)
    }

    private static let digits: [UInt8] = {
        var table = [UInt8](repeating: 255, count: 256)
        for (index, character) in "0123456789abcdefghjkmnpqrstvwxyz".utf8.enumerated() {
            table[Int(character)] = UInt8(index)
        }
        return table
    }()
}
