import HTTPTransport
import NIOCore
import NIOHPACK
import Payments
import ShardCore
import ShardRecords
import WireJSON

/// Turns a request into what it asks for, or says why not. Bound to one loop, whose buffers it
/// reuses.
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
    private var treasury: TreasuryRules { configuration.treasury }
    private var authenticator: Authenticator
    /// Names the API key or the operator's credential of the request that was interpreted last
    /// (`Command.credential`).
    var credential: UInt64 { authenticator.credential }
    private var scratch = RequestScratch()

    init(_ configuration: APIConfiguration) {
        self.configuration = configuration
        self.authenticator = Authenticator(configuration.directory)
    }

    mutating func interpret(_ request: HTTPServerRequest) throws(Rejection) -> Outcome {
        let given = request.path.utf8.span
        let path = given.extracting(Self.aliasByteCount(given)..<given.count)
        let (match, query) = try Self.route(path, method: request.method)
        if match.route == .openAPI { return .openAPI }
        let fields = try HeaderFields(request.headers)
        let principal = try principal(fields, for: match.audience)
        guard let route = match.route else { throw Rejection(.resourceNotFound) }
        let body = request.body.readableBytesUInt8Span
        let isPost = match.method == .post
        if isPost {
            try admit(fields, isProviderEvent: route == .operator(.providerEvent), path: path, body: body)
        }
        switch (route, principal) {
        case (.merchant(let route), .merchant(let index)):
            let merchant = configuration.merchants[index]
            let kind = try command(route, query: query, body: body, of: merchant)
            return isPost ? try operation(kind, fields, of: merchant.id) : .read(kind, merchant.id)
        case (.review(let route), .merchant(let index)):
            return try operation(try review(route, body).kind, fields, of: configuration.merchants[index].id)
        case (.review(let route), .operator):
            let (kind, id) = try review(route, body)
            return try operatorOperation(kind, about: "\(id)", shard: id.shard, fields)
        case (.operator(.providerEvent), .operator):
            return try providerEvent(body)
        case (.operator(.payoutEvent(let id)), .operator):
            let report = try PayoutEventBody.parse(body, scratch: &scratch)
            let kind = Command.Kind.treasury(.payoutEvent(id, report.event, reason: report.reason))
            return try operatorOperation(kind, about: "\(id)", shard: id.shard, fields)
        case (.operator(.manualCapture(let id)), .operator):
            let kind = Command.Kind.payment(id, try ManualCaptureBody.parse(body, scratch: &scratch))
            return try operatorOperation(kind, about: "\(id)", shard: id.shard, fields)
        case (.merchant, .operator), (.operator, .merchant), (.openAPI, _):
            throw Rejection(.apiKeyRoleWrong)
        }
    }

    /// Why a request is refused whatever its body is: there is no such route, or the sender may not
    /// use it. Nil when the body matters.
    mutating func refusal(of headers: HPACKHeaders) -> Rejection? {
        guard let path = headers.first(name: ":path"), let method = headers.first(name: ":method") else { return nil }
        do throws(Rejection) {
            let given = path.utf8.span
            let (match, _) = try Self.route(given.extracting(Self.aliasByteCount(given)..<given.count), method: method)
            if match.route == .openAPI { return nil }
            _ = try principal(try HeaderFields(headers), for: match.audience)
            return nil
        } catch {
            return error
        }
    }

    /// The sender of the request, if the route is for it.
    private mutating func principal(
        _ fields: HeaderFields,
        for audience: RouteRule.Audience
    ) throws(Rejection) -> Principal {
        guard let authorization = fields.authorization else { throw Rejection(.apiKeyMissing) }
        let principal = try authenticator.principal(authorization: authorization)
        switch (principal, audience) {
        case (.merchant, .operators), (.operator, .merchants): throw Rejection(.apiKeyRoleWrong)
        case (.merchant, .merchants), (.operator, .operators), (_, .both), (_, .everybody): return principal
        }
    }

    /// `/api/v1/…` is an alias of `/v1/…`: both paths name one route, and a key has one meaning
    /// under both. The bytes to leave out.
    private static func aliasByteCount(_ path: Span<UInt8>) -> Int { path.matches("/api/v1/") ? 4 : 0 }

    /// The route of a path with its query, when `method` is the route's own.
    private static func route(
        _ path: Span<UInt8>,
        method: String
    ) throws(Rejection) -> (RouteMatch, QueryParameters) {
        var end = 0
        while end < path.count && path[end] != UInt8(ascii: "?") { end += 1 }
        let match = RouteRule.match(path.extracting(0..<end))
        // A path that is exactly one of the API's holds no text of the client. Any other path may
        // be written to a log.
        if match?.route == nil || end < path.count, CardNumberScan.containsCardNumber(path) {
            throw Rejection(.cardNumberInRequest)
        }
        guard let match else { throw Rejection(.routeNotFound) }
        guard match.method.takes(method.utf8.span) else {
            throw Rejection(.methodNotAllowed, allow: match.method.allowed)
        }
        guard end + 1 < path.count else { return (match, .none) }
        return (match, try QueryParameters(path.extracting(end + 1..<path.count), allowing: match.rule.query))
    }

    /// What must hold before the body is read: its type, its form, no card number in it or in the
    /// key. Leaves the headers' key in `scratch.key` and what the fingerprint is taken over in
    /// `scratch.canonical`.
    private mutating func admit(
        _ fields: HeaderFields,
        isProviderEvent: Bool,
        path: Span<UInt8>,
        body: Span<UInt8>
    ) throws(Rejection) {
        if let type = fields.contentType, !body.isEmpty, !HeaderFields.isJSON(type.utf8.span) {
            throw Rejection(.unsupportedMediaType)
        }
        if fields.isEncoded, !body.isEmpty { throw Rejection(.unsupportedContentEncoding) }
        scratch.bodyKey.removeAll(keepingCapacity: true)
        scratch.canonical.removeAll(keepingCapacity: true)
        scratch.canonical.append(contentsOf: "POST ".utf8)
        // A query can only be empty here, and an empty one changes nothing.
        let end = path.isEmpty || path[path.count - 1] != UInt8(ascii: "?") ? path.count : path.count - 1
        path.extracting(0..<end).withUnsafeBufferPointer { scratch.canonical.append(contentsOf: $0) }
        scratch.canonical.append(UInt8(ascii: "\n"))
        try fields.idempotencyKey(into: &scratch.key, other: &scratch.text)
        try RequestBody.admit(body, isProviderEvent: isProviderEvent, scratch: &scratch)
    }

    /// What a merchant asks. Bodies are admitted.
    private mutating func command(
        _ route: MerchantRoute,
        query: QueryParameters,
        body: Span<UInt8>,
        of merchant: APIConfiguration.Merchant
    ) throws(Rejection) -> Command.Kind {
        switch route {
        case .getPayment(let id): return .query(.payment(id))
        case .getTimeline(let id): return .query(.history(id))
        case .getRefund(let id): return .query(.refund(id))
        case .getDispute(let id): return .query(.dispute(id))
        case .getBalance: return .query(try query.moment().map { .pastBalance(at: $0) } ?? .balance)
        case .getAccounts: return .query(.accounts)
        case .getEntries:
            return .query(.entries(try LedgerQuery(query, of: merchant.id, key: configuration.cursorKey)))
        case .getPayout(let id): return .query(.payout(id))
        case .getWallet(let id): return .query(.wallet(id))
        case .createPayment:
            let terms = CreatePaymentBody.Terms(feeBasisPoints: merchant.feeBasisPoints, route: merchant.route)
            return .create(try CreatePaymentBody.parse(body, terms, scratch: &scratch))
        case .topUp(let wallet):
            let terms = CreatePaymentBody.Terms(feeBasisPoints: 0, route: merchant.route)
            return .create(try CreatePaymentBody.parse(body, terms, toppingUp: wallet, scratch: &scratch))
        case .capture(let id): return try capture(id, body, of: merchant)
        case .increment(let id):
            let operation = try OperationBody.parse(.increment, body, scratch: &scratch)
            guard let amount = operation.amountMinor else { throw Rejection(.parameterMissing, .known("amount")) }
            return .payment(id, .increment(amountMinor: amount))
        case .refund(let id):
            let operation = try OperationBody.parse(.refund, body, scratch: &scratch)
            return .payment(id, .refund(amountMinor: operation.amountMinor))
        case .cancel(let id):
            _ = try OperationBody.parse(.cancel, body, scratch: &scratch)
            return .payment(id, .cancel)
        case .confirm(let id):
            let operation = try OperationBody.parse(.confirm, body, scratch: &scratch)
            return .payment(id, .confirm(returnData: operation.returnData))
        case .acceptDispute(let id): return try plain(.dispute(id, .accept), body)
        case .disputeEvidence(let id):
            return .dispute(id, .evidence(try EvidenceBody.parse(body, scratch: &scratch)))
        case .createPayout:
            return .treasury(
                .createPayout(try PayoutBody.parse(body, merchant: merchant, rules: treasury, scratch: &scratch))
            )
        case .createWallet: return .treasury(.createWallet(try WalletBody.parse(body, scratch: &scratch)))
        case .quoteExchange: return .treasury(.quote(try QuoteBody.parse(body, treasury, scratch: &scratch)))
        case .convertExchange:
            guard let quote = try ConversionBody.parse(body, scratch: &scratch) else {
                throw Rejection(.resourceNotFound)
            }
            return .treasury(.convert(quote))
        }
    }

    /// A manual capture credits the merchant without any provider's word. So operators make one,
    /// and a merchant only with that permission.
    private mutating func capture(
        _ id: PaymentID,
        _ body: Span<UInt8>,
        of merchant: APIConfiguration.Merchant
    ) throws(Rejection) -> Command.Kind {
        let operation = try OperationBody.parse(.capture, body, scratch: &scratch)
        if operation.instructions?.manual != nil, !merchant.capturesManually {
            throw Rejection(.manualCaptureNotPermitted, .known("manual"))
        }
        let capture = PaymentOperation.capture(
            amountMinor: operation.amountMinor,
            isFinal: operation.isFinal,
            instructions: operation.instructions
        )
        return .payment(id, capture)
    }

    /// An operation whose body has no parameters.
    private mutating func plain(_ kind: Command.Kind, _ body: Span<UInt8>) throws(Rejection) -> Command.Kind {
        _ = try OperationBody.parse(.plain, body, scratch: &scratch)
        return kind
    }

    /// The end of a review, and the payment.
    private mutating func review(
        _ route: ReviewRoute,
        _ body: Span<UInt8>
    ) throws(Rejection) -> (kind: Command.Kind, id: PaymentID) {
        switch route {
        case .approve(let id): (try plain(.review(id, .approve), body), id)
        case .reject(let id): (try plain(.review(id, .reject), body), id)
        }
    }

    private mutating func operation(
        _ kind: Command.Kind,
        _ fields: HeaderFields,
        of merchant: MerchantID
    ) throws(Rejection) -> Outcome {
        let key = try digestKey(fields, merchant)
        return .operation(kind, merchant, key, fingerprint(), respondsAtOnce: fields.prefersAsync)
    }

    /// A request of an operator. It goes to the shard that owns the payment or pay-out, whichever
    /// merchant that belongs to. Operators share one space of keys for each payment and pay-out. So
    /// a key counts for one object, on whichever shard that is.
    private mutating func operatorOperation(
        _ kind: Command.Kind,
        about object: String,
        shard: UInt16,
        _ fields: HeaderFields
    ) throws(Rejection) -> Outcome {
        let key = try digestKey(fields, Self.noMerchant, about: object)
        return .operatorOperation(kind, shard: shard, key, fingerprint(), respondsAtOnce: fields.prefersAsync)
    }

    /// A provider's event. The key under which it is applied once has the provider, the payment and
    /// the event's own identifier, whoever posts it. The key includes the payment, so that it means
    /// the same on every shard.
    private mutating func providerEvent(_ body: Span<UInt8>) throws(Rejection) -> Outcome {
        let event = try ProviderEventBody.parse(body, scratch: &scratch)
        // No key of the headers has a line break.
        scratch.key.removeAll(keepingCapacity: true)
        scratch.key.append(contentsOf: "event\n\(event.provider)\n\(event.payment)\n\(event.id)".utf8)
        let key = Digest.key(
            seed: configuration.idempotencySeed,
            merchant: Self.noMerchant,
            key: scratch.key,
            scratch: &scratch.hashed
        )
        let shard = event.payment.shard
        return .operatorOperation(.event(event), shard: shard, key, fingerprint(), respondsAtOnce: false)
    }

    private static var noMerchant: MerchantID { MerchantID(rawValue: 0) }

    /// The digest of the one key that headers and body name. An operator's key counts for the
    /// object of its request.
    private mutating func digestKey(
        _ fields: HeaderFields,
        _ merchant: MerchantID,
        about object: String = ""
    ) throws(Rejection) -> KeyDigest {
        if scratch.key.isEmpty {
            swap(&scratch.key, &scratch.bodyKey)
        } else if !scratch.bodyKey.isEmpty && scratch.key != scratch.bodyKey {
            throw Rejection(.idempotencyKeyConflict, .known("idempotency_key"))
        }
        guard !scratch.key.isEmpty else { throw Rejection(.idempotencyKeyMissing) }
        // No key has a line break.
        if !object.isEmpty { scratch.key.append(contentsOf: "\n\(object)".utf8) }
        // The key is not searched for card numbers: only a keyed digest of it leaves this function.
        // One in thousands of random keys would look like a card number.
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
