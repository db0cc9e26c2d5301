import HTTPTransport
import NIOCore
import NIOHPACK
import Payments
import ShardCore
import ShardRecords
import WireJSON

/// Turns a request into what it asks for, or says why not. Bound to one loop, whose buffers it reuses.
struct RequestInterpreter {
    enum Outcome {
        case openAPI
        /// A read.
        case read(Command.Kind, MerchantID)
        case operation(Command.Kind, MerchantID, KeyDigest, Fingerprint, respondsAtOnce: Bool)
        /// What an operator asks of a shard.
        case operatorOperation(Command.Kind, shard: UInt16, KeyDigest, Fingerprint, respondsAtOnce: Bool)
    }

    private let configuration: APIConfiguration
    private var money: MoneyRules { configuration.money }
    private var authenticator: Authenticator
    /// Names the API key or the operator's credential of the request that was interpreted last (`Command.credential`).
    var credential: UInt64 { authenticator.credential }
    private var scratch = RequestScratch()

    init(_ configuration: APIConfiguration) {
        self.configuration = configuration
        self.authenticator = Authenticator(configuration.directory)
    }

    mutating func interpret(_ request: HTTPServerRequest) throws(Rejection) -> Outcome {
        let given = request.path.utf8.span
        let path = given.extracting(Self.aliasByteCount(given)..<given.count)
        let (route, query) = try Self.route(path, method: request.method)
        if route == .openAPI { return .openAPI }
        let fields = try HeaderFields(request.headers)
        guard let authorization = fields.authorization else { throw Rejection(.apiKeyMissing) }
        let principal = try authenticator.principal(authorization: authorization)
        switch (principal, route.audience) {
        case (.merchant, .operators), (.operator, .merchants): throw Rejection(.apiKeyRoleWrong)
        case (.merchant, .merchants), (.merchant, .both), (.operator, .operators), (.operator, .both): break
        }
        if route.isUnknownResource { throw Rejection(.resourceNotFound) }
        let body = request.body.readableBytesUInt8Span
        if route.method == .post { try admit(fields, route, path: path, body: body) }
        guard case .merchant(let index) = principal else { return try operatorOperation(route, fields, body) }
        let merchant = configuration.merchants[index]
        let kind = try command(route, query, body, merchant)
        if route.method == .get { return .read(kind, merchant.id) }
        let key = try digestKey(fields, merchant.id)
        return .operation(kind, merchant.id, key, fingerprint(), respondsAtOnce: fields.prefersAsync)
    }

    /// Why a request is refused whatever its body is: no such route, or nobody that may use it. Nil when the body matters.
    mutating func refusal(of headers: HPACKHeaders) -> Rejection? {
        guard let path = headers.first(name: ":path"), let method = headers.first(name: ":method") else { return nil }
        do throws(Rejection) {
            let given = path.utf8.span
            let (route, _) = try Self.route(given.extracting(Self.aliasByteCount(given)..<given.count), method: method)
            if route == .openAPI { return nil }
            guard let authorization = try HeaderFields(headers).authorization else { throw Rejection(.apiKeyMissing) }
            switch (try authenticator.principal(authorization: authorization), route.audience) {
            case (.merchant, .operators), (.operator, .merchants): return Rejection(.apiKeyRoleWrong)
            case (.merchant, .merchants), (.merchant, .both), (.operator, .operators), (.operator, .both): return nil
            }
        } catch {
            return error
        }
    }

    /// `/api/v1/…` is an alias of `/v1/…`: both paths name one route, and a key has one meaning under both. The bytes to leave out.
    private static func aliasByteCount(_ path: Span<UInt8>) -> Int { path.matches("/api/v1/") ? 4 : 0 }

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

    /// What must hold before the body is read: its type, its form, no card number in it or in the key. Leaves the
    /// headers' key in `scratch.key` and what the fingerprint is taken over in `scratch.canonical`.
    private mutating func admit(
        _ fields: HeaderFields,
        _ route: Route,
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
        try RequestBody.admit(body, isProviderEvent: route == .postEvent, scratch: &scratch)
    }

    /// What a merchant asks. Bodies are admitted.
    private mutating func command(
        _ route: Route,
        _ query: QueryParameters,
        _ body: Span<UInt8>,
        _ merchant: APIConfiguration.Merchant
    ) throws(Rejection) -> Command.Kind {
        switch route {
        case .getPayment(let id): return .getPayment(id)
        case .getTimeline(let id): return .getHistory(id)
        case .getRefund(let id): return .getRefund(id)
        case .getDispute(let id): return .getDispute(id)
        case .getBalance: return try query.moment().map { .getPastBalance(at: $0) } ?? .getBalance
        case .getAccounts: return .getAccounts
        case .getEntries:
            return .getEntries(try LedgerQuery(query, of: merchant.id, key: configuration.cursorKey))
        case .getPayout(let id): return .getPayout(id)
        case .getWallet(let id): return .getWallet(id)
        case .createPayment:
            let fee = merchant.feeBasisPoints
            return .createPayment(try CreatePaymentBody.parse(body, feeBasisPoints: fee, scratch: &scratch))
        case .topUp(let wallet):
            return .createPayment(
                try CreatePaymentBody.parse(body, feeBasisPoints: 0, toppingUp: wallet, scratch: &scratch)
            )
        case .capture(let id): return try capture(id, body, merchant)
        case .increment(let id):
            let operation = try OperationBody.parse(.increment, body, scratch: &scratch)
            guard let amount = operation.amountMinor else { throw Rejection(.parameterMissing, .known("amount")) }
            return .increment(id, amountMinor: amount)
        case .refund(let id):
            let operation = try OperationBody.parse(.refund, body, scratch: &scratch)
            return .refund(id, amountMinor: operation.amountMinor)
        case .cancel(let id):
            _ = try OperationBody.parse(.cancel, body, scratch: &scratch)
            return .cancel(id)
        case .confirm(let id): return try plain(.confirm(id), body)
        case .approve(let id): return try plain(.approve(id), body)
        case .reject(let id): return try plain(.reject(id), body)
        case .acceptDispute(let id): return try plain(.acceptDispute(id), body)
        case .disputeEvidence(let id):
            return .disputeEvidence(id, evidence: try EvidenceBody.parse(body, scratch: &scratch))
        case .createPayout: return .createPayout(try PayoutBody.parse(body, merchant, money, scratch: &scratch))
        case .createWallet: return .createWallet(try WalletBody.parse(body, scratch: &scratch))
        case .quoteExchange: return .quoteExchange(try QuoteBody.parse(body, money, scratch: &scratch))
        case .convertExchange:
            guard let quote = try ConversionBody.parse(body, scratch: &scratch) else {
                throw Rejection(.resourceNotFound)
            }
            return .convertExchange(quote)
        case .postEvent, .payoutEvent, .openAPI, .unknownResource: preconditionFailure("not of merchants: \(route)")
        }
    }

    /// A manual capture credits the merchant without any provider's word, so only a merchant with that permission makes one.
    private mutating func capture(
        _ id: PaymentID,
        _ body: Span<UInt8>,
        _ merchant: APIConfiguration.Merchant
    ) throws(Rejection) -> Command.Kind {
        let operation = try OperationBody.parse(.capture, body, scratch: &scratch)
        if operation.instructions?.manual != nil, !merchant.capturesManually {
            throw Rejection(.manualCaptureNotPermitted, .known("manual"))
        }
        guard let instructions = operation.instructions else {
            return .capture(id, amountMinor: operation.amountMinor, isFinal: operation.isFinal)
        }
        return .captureWith(id, amountMinor: operation.amountMinor, isFinal: operation.isFinal, instructions)
    }

    /// An operation whose body says nothing.
    private mutating func plain(_ kind: Command.Kind, _ body: Span<UInt8>) throws(Rejection) -> Command.Kind {
        _ = try OperationBody.parse(.plain, body, scratch: &scratch)
        return kind
    }

    /// What an operator asks: of the shard that owns what it is about, whosever that is. Operators share one space of keys, that of
    /// no merchant.
    private mutating func operatorOperation(
        _ route: Route,
        _ fields: HeaderFields,
        _ body: Span<UInt8>
    ) throws(Rejection) -> Outcome {
        let kind: Command.Kind
        let shard: UInt16
        switch route {
        case .postEvent: return try providerEvent(body)
        case .payoutEvent(let id):
            let told = try PayoutEventBody.parse(body, scratch: &scratch)
            (kind, shard) = (.payoutEvent(id, told.event, reason: told.reason), id.shard)
        case .approve(let id): (kind, shard) = (try plain(.approve(id), body), id.shard)
        case .reject(let id): (kind, shard) = (try plain(.reject(id), body), id.shard)
        default: preconditionFailure("not of operators: \(route)")
        }
        let key = try digestKey(fields, Self.noMerchant)
        return .operatorOperation(kind, shard: shard, key, fingerprint(), respondsAtOnce: fields.prefersAsync)
    }

    /// A provider's event: its own identifier is the key under which it is applied once, whoever posts it.
    private mutating func providerEvent(_ body: Span<UInt8>) throws(Rejection) -> Outcome {
        let event = try ProviderEventBody.parse(body, scratch: &scratch)
        // No key of the headers has a line break.
        scratch.key.removeAll(keepingCapacity: true)
        scratch.key.append(contentsOf: "event\n\(event.provider)\n\(event.id)".utf8)
        let key = Digest.key(
            seed: configuration.idempotencySeed,
            merchant: Self.noMerchant,
            key: scratch.key,
            scratch: &scratch.hashed
        )
        let shard = event.payment.shard
        return .operatorOperation(.providerEvent(event), shard: shard, key, fingerprint(), respondsAtOnce: false)
    }

    private static var noMerchant: MerchantID { MerchantID(rawValue: 0) }

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
