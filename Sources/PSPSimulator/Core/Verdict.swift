/// What the simulator decided about a request: what to say, how, and when. The shell only carries
/// it out.
struct Verdict: Equatable {
    enum Answer: Equatable {
        /// What is stored under the operation.
        case operation(UInt32)
        case refusal(Refusal)
        /// 200 with a body that is not JSON.
        case malformed
    }

    enum Delivery: Equatable {
        case reply
        /// Byte by byte.
        case drip
        /// The answer never leaves.
        case lose(SimulatorProfile.DropMode)
    }

    var answer: Answer
    var delivery: Delivery = .reply
    /// Milliseconds until then.
    var latency: UInt32 = 0
    /// Whether this is an earlier answer again.
    var replayed = false

    static func refusal(_ refusal: Refusal) -> Verdict { Verdict(answer: .refusal(refusal)) }
}

/// Answers without an operation. None of them moved money, except that `internalError` does not
/// tell.
enum Refusal: UInt8, CaseIterable, Sendable {
    case unauthorized
    case missingKey
    case invalidKey
    case keyReused
    case inProgress
    case invalidJSON
    case invalidRequest
    case invalidAmount
    case invalidCurrency
    case invalidReference
    case unknownToken
    case currencyMismatch
    case referenceMismatch
    case chargeNotFound
    case actionNotFound
    case actionFinished
    case operationNotFound
    /// The simulator's interface does not tell of operations of this kind.
    case operationNotTold
    case routeNotFound
    case methodNotAllowed
    case bodyTooLarge
    case bodyTimeout
    case rateLimited
    case notExecuted
    case internalError

    var status: Int {
        switch self {
        case .unauthorized: 401
        case .missingKey, .invalidKey, .keyReused, .invalidJSON, .invalidRequest, .invalidAmount, .invalidCurrency,
            .invalidReference, .unknownToken, .currencyMismatch, .referenceMismatch, .operationNotTold:
            400
        case .chargeNotFound, .actionNotFound, .operationNotFound, .routeNotFound: 404
        case .methodNotAllowed: 405
        case .bodyTimeout: 408
        case .inProgress, .actionFinished: 409
        case .bodyTooLarge: 413
        case .rateLimited: 429
        case .internalError: 500
        case .notExecuted: 503
        }
    }

    var code: String {
        switch self {
        case .unauthorized: "unauthorized"
        case .missingKey: "idempotency_key_missing"
        case .invalidKey: "idempotency_key_invalid"
        case .keyReused: "idempotency_key_reused"
        case .inProgress: "idempotency_in_progress"
        case .invalidJSON: "invalid_json"
        case .invalidRequest: "invalid_request"
        case .invalidAmount: "invalid_amount"
        case .invalidCurrency: "invalid_currency"
        case .invalidReference: "invalid_reference"
        case .unknownToken: "unknown_token"
        case .currencyMismatch: "currency_mismatch"
        case .referenceMismatch: "reference_mismatch"
        case .chargeNotFound: "charge_not_found"
        case .actionNotFound: "action_not_found"
        case .actionFinished: "action_finished"
        case .operationNotFound: "operation_not_found"
        case .operationNotTold: "query_not_supported"
        case .routeNotFound: "not_found"
        case .methodNotAllowed: "method_not_allowed"
        case .bodyTooLarge: "body_too_large"
        case .bodyTimeout: "body_timeout"
        case .rateLimited: "rate_limited"
        case .notExecuted: "not_executed"
        case .internalError: "internal_error"
        }
    }

    var message: String {
        switch self {
        case .unauthorized: "Send Authorization: Bearer sk_sim_..."
        case .missingKey: "Every POST needs an Idempotency-Key header."
        case .invalidKey: "An idempotency key has 1 to 255 bytes."
        case .keyReused: "The key was used with other parameters."
        case .inProgress: "A request with this key is still being processed."
        case .invalidJSON: "The body is not the JSON object that this route takes."
        case .invalidRequest: "A parameter is missing, unknown or of the wrong type."
        case .invalidAmount: "amount is a positive whole number of minor units."
        case .invalidCurrency: "currency is three capital letters."
        case .invalidReference: "reference has 1 to 255 bytes."
        case .unknownToken: "There is no decline of that name."
        case .currencyMismatch: "The charge is in another currency."
        case .referenceMismatch: "The charge belongs to another reference."
        case .chargeNotFound: "There is no such charge."
        case .actionNotFound: "Nothing waits for a shopper here."
        case .actionFinished: "It has ended another way."
        case .operationNotFound: "Nothing was executed under this key."
        case .operationNotTold: "This interface does not tell what became of this kind of operation."
        case .routeNotFound: "There is nothing here."
        case .methodNotAllowed: "Not with this method."
        case .bodyTooLarge: "The body is too long."
        case .bodyTimeout: "The body took too long."
        case .rateLimited: "Too many requests; nothing was executed."
        case .notExecuted: "Nothing was executed; try again."
        case .internalError: "Something went wrong; whether anything was executed is not known."
        }
    }
}
