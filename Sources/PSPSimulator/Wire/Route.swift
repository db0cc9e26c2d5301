/// Where a request goes.
enum Route: Equatable {
    case createCharge
    case listCharges
    /// Nil when the identifier names no charge of this store.
    case readCharge(UInt32?)
    case followUp(OperationKind, UInt32?)
    case readOperation
    case voidReference
    /// The shopper's page, and what the shopper does there; nil when the identifier names no action
    /// of this store.
    case showAction(UInt32?)
    case finishAction(UInt32?, succeeds: Bool)
    case oracle
    case readProfile
    case writeProfile
    case reset
    case statistics
    case health
    case methodNotAllowed
    case notFound

    /// Whether it needs `authorization` (the provider's API does; control and oracle are the
    /// operator's).
    var needsAuthorization: Bool {
        switch self {
        case .createCharge, .listCharges, .readCharge, .followUp, .readOperation, .voidReference: true
        case .showAction, .finishAction, .oracle, .readProfile, .writeProfile, .reset, .statistics, .health,
            .methodNotAllowed, .notFound:
            false
        }
    }

    private static let charges: StaticString = "/v1/charges"
    private static let actions: StaticString = "/actions/"

    /// Reads a path without its query.
    init(method: String, path: Span<UInt8>, epoch: UInt32) {
        if path.starts(with: Self.charges) {
            let prefix = Self.charges.utf8CodeUnitCount
            if path.count == prefix {
                self = Self.choose(method, get: .listCharges, post: .createCharge)
                return
            }
            if path[prefix] == UInt8(ascii: "/") {
                self = Self.ofCharge(method: method, rest: path.extracting(prefix + 1..<path.count), epoch: epoch)
                return
            }
        }
        if path.starts(with: Self.actions) {
            let rest = path.extracting(Self.actions.utf8CodeUnitCount..<path.count)
            self = Self.ofAction(method: method, rest: rest, epoch: epoch)
            return
        }
        self = Self.fixed(method: method, path: path)
    }

    private static func ofAction(method: String, rest: Span<UInt8>, epoch: UInt32) -> Route {
        let length = rest.firstIndex(of: UInt8(ascii: "/")) ?? rest.count
        let charge = Identifier.actionNumber(rest.extracting(0..<length), epoch: epoch)
        let verb = rest.extracting(length..<rest.count)
        if verb.isEmpty { return choose(method, get: .showAction(charge)) }
        if verb.equals("/complete") { return choose(method, post: .finishAction(charge, succeeds: true)) }
        if verb.equals("/fail") { return choose(method, post: .finishAction(charge, succeeds: false)) }
        return .notFound
    }

    private static func ofCharge(method: String, rest: Span<UInt8>, epoch: UInt32) -> Route {
        let length = rest.firstIndex(of: UInt8(ascii: "/")) ?? rest.count
        let charge = Identifier.chargeNumber(rest.extracting(0..<length), epoch: epoch)
        let action = rest.extracting(length..<rest.count)
        if action.isEmpty { return choose(method, get: .readCharge(charge)) }
        if action.equals("/capture") { return choose(method, post: .followUp(.capture, charge)) }
        if action.equals("/cancel") { return choose(method, post: .followUp(.cancel, charge)) }
        if action.equals("/refunds") { return choose(method, post: .followUp(.refund, charge)) }
        if action.equals("/increment") { return choose(method, post: .followUp(.increment, charge)) }
        if action.equals("/confirm") { return choose(method, post: .followUp(.confirm, charge)) }
        return .notFound
    }

    private static func fixed(method: String, path: Span<UInt8>) -> Route {
        if path.equals("/v1/operations") { return choose(method, get: .readOperation) }
        if path.equals("/v1/cancellations") { return choose(method, post: .voidReference) }
        if path.equals("/oracle/charges") { return choose(method, get: .oracle) }
        if path.equals("/control/profile") { return choose(method, get: .readProfile, put: .writeProfile) }
        if path.equals("/control/reset") { return choose(method, post: .reset) }
        if path.equals("/control/statistics") { return choose(method, get: .statistics) }
        if path.equals("/healthz") { return choose(method, get: .health) }
        return .notFound
    }

    private static func choose(_ method: String, get: Route? = nil, post: Route? = nil, put: Route? = nil) -> Route {
        switch method {
        case "GET": get ?? .methodNotAllowed
        case "POST": post ?? .methodNotAllowed
        case "PUT": put ?? .methodNotAllowed
        default: .methodNotAllowed
        }
    }
}
