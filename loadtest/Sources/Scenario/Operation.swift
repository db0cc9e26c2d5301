/// What a request does. The raw value indexes tables and is written to journals.
enum Operation: UInt8, CaseIterable, Sendable {
    /// Authorize and capture at once.
    case sale = 0
    /// Authorize only.
    case authorize = 1
    /// Capture all of an authorized payment.
    case capture = 2
    /// Capture half of an authorized payment.
    case capturePartial = 3
    /// Cancel an authorized payment.
    case cancel = 4
    /// Refund all that is refundable.
    case refund = 5
    /// Refund half of what is refundable.
    case refundPartial = 6
    case get = 7
    /// The scenario's fixed request.
    case raw = 8

    /// The name in scenarios and reports.
    var name: String {
        switch self {
        case .sale: "sale"
        case .authorize: "authorize"
        case .capture: "capture"
        case .capturePartial: "capture_partial"
        case .cancel: "cancel"
        case .refund: "refund"
        case .refundPartial: "refund_partial"
        case .get: "get"
        case .raw: "raw"
        }
    }

    init?(name: String) {
        guard let found = Self.allCases.first(where: { $0.name == name && $0 != .raw }) else { return nil }
        self = found
    }

    var isCreate: Bool { self == .sale || self == .authorize }
    /// Whether it takes an idempotency key.
    var isMutation: Bool { self != .get }
}
