import HTTPTransport
import NIOCore
import NIOHPACK
import Payments
import Shard
import WireJSON

/// Turns a request into what it asks for, or says why not. Bound to one loop, whose buffers it reuses.
struct RequestInterpreter {
    enum Outcome {
        case openAPI
        /// A read.
        case read(Command.Kind, MerchantID)
        case operation(Command.Kind, MerchantID, KeyDigest, Fingerprint, respondsAtOnce: Bool)
        /// What an operator asks of a shard.
        case operatorOperation(Command.Kind, shard: UInt16, KeyDigest, Fingerprint)
    }

    private let configuration: APIConfiguration
    private var money: MoneyRules { configuration.money }
    private var authenticator: Authenticator
    private var scratch = RequestScratch()

    init(_ configuration: APIConfiguration) {
        self.configuration = configuration
        self.authenticator = Authenticator(configuration.directory)
    }

    mutating func interpret(_ request: HTTPServerRequest) throws(Rejection) -> Outcome {
        let path = request.path.utf8.span
        let (route, query) = try Self.route(path, method: request.method)
        if route == .openAPI { return .openAPI }
        let fields = try HeaderFields(request.headers)
        guard let authorization = fields.authorization else { throw Rejection(.apiKeyMissing) }
        let principal = try authenticator.principal(authorization: authorization)
        let body = request.body.readableBytesUInt8Span
        guard case .merchant(let index) = principal else {
            switch route {
            case .postEvent: return try interpretEvent(fields, path: path, body: body)
            case .payoutEvent(let id): return try interpretPayoutEvent(id, fields, path: path, body: body)
            default: throw Rejection(.apiKeyRoleWrong)
            }
        }
        guard !route.isForOperators else { throw Rejection(.apiKeyRoleWrong) }
        let merchant = configuration.merchants[index]
        switch route {
        case .getPayment(let id): return .read(.getPayment(id), merchant.id)
        case .getTimeline(let id): return .read(.getHistory(id), merchant.id)
        case .getRefund(let id): return .read(.getRefund(id), merchant.id)
        case .getDispute(let id): return .read(.getDispute(id), merchant.id)
        case .getBalance:
            return .read(try query.moment().map { .getPastBalance(at: $0) } ?? .getBalance, merchant.id)
        case .getAccounts: return .read(.getAccounts, merchant.id)
        case .getEntries:
            let entries = try LedgerQuery(query, of: merchant.id, key: configuration.cursorKey)
            return .read(.getEntries(entries), merchant.id)
        case .getPayout(let id): return .read(.getPayout(id), merchant.id)
        case .getWallet(let id): return .read(.getWallet(id), merchant.id)
        case .unknownResource, .openAPI, .postEvent, .payoutEvent: throw Rejection(.resourceNotFound)
        case .createPayment, .capture, .cancel, .approve, .reject, .increment, .confirm, .refund, .disputeEvidence,
            .acceptDispute, .createPayout, .createWallet, .topUp, .quoteExchange, .convertExchange:
            try admit(fields, path: path, body: body)
            let kind = try command(route, body, merchant)
            let key = try digestKey(fields, merchant.id)
            return .operation(kind, merchant.id, key, fingerprint(), respondsAtOnce: fields.prefersAsync)
        }
    }

    /// The route of a path with its query, when `method` is the route's own.
    private static func route(
        _ path: Span<UInt8>,
        method: String
    ) throws(Rejection) -> (Route, QueryParameters) {
        var end = 0
        while end < path.count && path[end] != UInt8(ascii: "?") { end += 1 }
        let route = Route.match(path.extracting(0..<end))
        // A path that is ours to the letter holds nothing of the client's making; any other may end up in a log.
        if route == nil || end < path.count || route?.isUnknownResource == true,
            CardNumberScan.containsCardNumber(path)
        {
            throw Rejection(.cardNumberInRequest)
        }
        guard let route else { throw Rejection(.routeNotFound) }
        guard method.utf8.span.equals(route.method.name) else {
            throw Rejection(.methodNotAllowed, allow: route.method.name)
        }
        guard end + 1 < path.count else { return (route, .none) }
        return (route, try QueryParameters(path.extracting(end + 1..<path.count), allowing: route.queryParameters))
    }

    /// What an operator tells of a pay-out. It goes to the pay-out's shard, whosever it is; keys of operators are apart from those of
    /// merchants, whose identifiers are digests and not numbers of shards.
    private mutating func interpretPayoutEvent(
        _ id: PayoutID,
        _ fields: HeaderFields,
        path: Span<UInt8>,
        body: Span<UInt8>
    ) throws(Rejection) -> Outcome {
        try admit(fields, path: path, body: body)
        let told = try PayoutEventBody.parse(body, scratch: &scratch)
        let shard = MerchantID(rawValue: UInt64(id.shard))
        let key = try digestKey(fields, shard)
        let kind = Command.Kind.payoutEvent(id, told.event, reason: told.reason)
        return .operation(kind, shard, key, fingerprint(), respondsAtOnce: false)
    }

    /// What must hold before the body is read: its type, its form, no card number in it or in the key. Leaves the
    /// headers' key in `scratch.key` and what the fingerprint is taken over in `scratch.canonical`.
    private mutating func admit(
        _ fields: HeaderFields,
        path: Span<UInt8>,
        body: Span<UInt8>
    ) throws(Rejection) {
        if let type = fields.contentType, !body.isEmpty, !HeaderFields.isJSON(type.utf8.span) {
            throw Rejection(.unsupportedMediaType)
        }
        scratch.bodyKey.removeAll(keepingCapacity: true)
        scratch.canonical.removeAll(keepingCapacity: true)
        scratch.canonical.append(contentsOf: "POST ".utf8)
        // A query can only be empty here, and an empty one changes nothing.
        let end = path.isEmpty || path[path.count - 1] != UInt8(ascii: "?") ? path.count : path.count - 1
        path.extracting(0..<end).withUnsafeBufferPointer { scratch.canonical.append(contentsOf: $0) }
        scratch.canonical.append(UInt8(ascii: "\n"))
        try fields.idempotencyKey(into: &scratch.key, other: &scratch.text)
        try RequestBody.admit(body, scratch: &scratch)
    }

    private mutating func command(
        _ route: Route,
        _ body: Span<UInt8>,
        _ merchant: APIConfiguration.Merchant
    ) throws(Rejection) -> Command.Kind {
        switch route {
        case .capture(let id):
            let operation = try OperationBody.parse(.capture, body, scratch: &scratch)
            guard let instructions = operation.instructions else {
                return .capture(id, amountMinor: operation.amountMinor, isFinal: operation.isFinal)
            }
            return .captureWith(id, amountMinor: operation.amountMinor, isFinal: operation.isFinal, instructions)
        case .cancel(let id):
            _ = try OperationBody.parse(.cancel, body, scratch: &scratch)
            return .cancel(id)
        case .confirm(let id):
            _ = try OperationBody.parse(.confirm, body, scratch: &scratch)
            return .confirm(id)
        case .approve(let id):
            _ = try OperationBody.parse(.review, body, scratch: &scratch)
            return .approve(id)
        case .reject(let id):
            _ = try OperationBody.parse(.review, body, scratch: &scratch)
            return .reject(id)
        case .increment(let id):
            let operation = try OperationBody.parse(.increment, body, scratch: &scratch)
            guard let amount = operation.amountMinor else { throw Rejection(.parameterMissing, .known("amount")) }
            return .increment(id, amountMinor: amount)
        case .refund(let id):
            let operation = try OperationBody.parse(.refund, body, scratch: &scratch)
            return .refund(id, amountMinor: operation.amountMinor)
        case .disputeEvidence(let id):
            return .disputeEvidence(id, evidence: try EvidenceBody.parse(body, scratch: &scratch))
        case .acceptDispute(let id):
            _ = try OperationBody.parse(.confirm, body, scratch: &scratch)
            return .acceptDispute(id)
        case .createPayment, .getPayment, .getTimeline, .getRefund, .getDispute, .postEvent, .payoutEvent, .getBalance,
            .getAccounts, .getEntries, .openAPI, .unknownResource, .getPayout, .getWallet:
            let fee = merchant.feeBasisPoints
            return .createPayment(try CreatePaymentBody.parse(body, feeBasisPoints: fee, scratch: &scratch))
        case .topUp(let wallet):
            return .createPayment(
                try CreatePaymentBody.parse(body, feeBasisPoints: 0, toppingUp: wallet, scratch: &scratch)
            )
        case .createPayout: return .createPayout(try PayoutBody.parse(body, merchant, money, scratch: &scratch))
        case .createWallet: return .createWallet(try WalletBody.parse(body, scratch: &scratch))
        case .quoteExchange: return .quoteExchange(try QuoteBody.parse(body, money, scratch: &scratch))
        case .convertExchange:
            guard let quote = try ConversionBody.parse(body, scratch: &scratch) else {
                throw Rejection(.resourceNotFound)
            }
            return .convertExchange(quote)
        }
    }

    /// A provider's event: its own identifier is the key under which it is applied once, whoever posts it.
    private mutating func interpretEvent(
        _ fields: HeaderFields,
        path: Span<UInt8>,
        body: Span<UInt8>
    ) throws(Rejection) -> Outcome {
        try admit(fields, path: path, body: body)
        let event = try ProviderEventBody.parse(body, scratch: &scratch)
        scratch.key.removeAll(keepingCapacity: true)
        scratch.key.append(contentsOf: "event\n\(event.provider)\n\(event.id)".utf8)
        let key = Digest.key(
            seed: configuration.idempotencySeed,
            // No merchant's.
            merchant: MerchantID(rawValue: 0),
            key: scratch.key,
            scratch: &scratch.hashed
        )
        return .operatorOperation(.providerEvent(event), shard: event.payment.shard, key, fingerprint())
    }

    /// The digest of the one key that headers and body name.
    private mutating func digestKey(_ fields: HeaderFields, _ merchant: MerchantID) throws(Rejection) -> KeyDigest {
        if scratch.key.isEmpty {
            swap(&scratch.key, &scratch.bodyKey)
        } else if !scratch.bodyKey.isEmpty && scratch.key != scratch.bodyKey {
            throw Rejection(.idempotencyKeyConflict, .known("idempotency_key"))
        }
        guard !scratch.key.isEmpty else { throw Rejection(.idempotencyKeyMissing) }
        // Not searched for card numbers: nothing but a keyed digest of it leaves this function, and one in thousands of
        // random keys would look like one.
        return Digest.key(
            seed: configuration.idempotencySeed,
            merchant: merchant,
            key: scratch.key,
            scratch: &scratch.hashed
        )
    }

    private func fingerprint() -> Fingerprint {
        let words = Digest.sha256(scratch.canonical.span).words
        return Fingerprint(high: words.0, low: words.1)
    }
}

extension Route {
    fileprivate var isUnknownResource: Bool {
        if case .unknownResource = self { true } else { false }
    }
}
