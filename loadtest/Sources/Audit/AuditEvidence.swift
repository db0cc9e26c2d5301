/// A payment as the gateway tells it.
struct GatewayPayment: Sendable, Equatable {
    var id: EntityID
    var amount: Int64
    var captured: Int64
    var refunded: Int64
    var currency: String
    var status: EntityStatus
    /// What is or was held, if the line says so: less than `amount` after an approval for a part.
    var authorized: Int64?
}

/// An operation that the simulator executed: real money, as far as the test goes.
struct OracleCharge: Sendable, Equatable {
    enum Operation: String, Sendable {
        case authorize
        case capture
        case cancel
        case refund
        /// The amount is the new total of what is held.
        case increment
    }

    /// The payment; `none` when the reference is none of the gateway's identifiers.
    var payment: EntityID
    var operation: Operation
    var amount: Int64
    var currency: String
    var executions: Int64
}

/// The gateway's ledger, summed up.
struct TrialBalance: Sendable, Equatable, Decodable {
    struct Line: Sendable, Equatable, Decodable {
        var currency: String
        var debits: String
        var credits: String
        var balance: String
    }

    var currencies: [Line]
    var balanced: Bool
}

/// Everything the audit compares.
struct AuditEvidence: Sendable {
    var runs: [ExpectedRun]
    var gateway: [GatewayPayment]
    var oracle: [OracleCharge]
    var trialBalance: TrialBalance
    /// Lines of the gateway or of a simulator that say nothing the harness knows.
    var unreadable: [String] = []
}

extension GatewayPayment {
    /// Reads `{"id","status","amount","currency","authorized","captured","refunded"}`, further
    /// members ignored.
    /// Also reads the API's payment object, whose names differ (`captured_amount` …).
    init?(line: Span<UInt8>) {
        self.init(id: .none, amount: -1, captured: 0, refunded: 0, currency: "", status: .none)
        FlatJSON.forEachMember(line) { name, value in
            if line.matches("id", at: name) {
                id = EntityID(line.string(FlatJSON.unquoted(line, value))) ?? .none
            } else if line.matches("status", at: name) {
                status = EntityStatus(line, FlatJSON.unquoted(line, value))
            } else if line.matches("amount", at: name) {
                amount = line.integer(at: value.lowerBound) ?? -1
            } else if line.matches("authorized", at: name) || line.matches("amount_authorized", at: name) {
                authorized = line.integer(at: value.lowerBound)
            } else if line.matches("captured", at: name) || line.matches("amount_captured", at: name) {
                captured = line.integer(at: value.lowerBound) ?? 0
            } else if line.matches("refunded", at: name) || line.matches("amount_refunded", at: name) {
                refunded = line.integer(at: value.lowerBound) ?? 0
            } else if line.matches("currency", at: name) {
                currency = line.string(FlatJSON.unquoted(line, value)).uppercased()
            }
        }
        guard id != .none, amount >= 0, status != .none else { return nil }
    }
}

extension OracleCharge {
    /// Reads `{"reference","operation","amount","currency","executions"}`, further members ignored.
    init?(line: Span<UInt8>) {
        var operation: Operation?
        self.init(payment: .none, operation: .authorize, amount: -1, currency: "", executions: -1)
        FlatJSON.forEachMember(line) { name, value in
            if line.matches("reference", at: name) {
                payment = EntityID(line.string(FlatJSON.unquoted(line, value))) ?? .none
            } else if line.matches("operation", at: name) {
                operation = Operation(rawValue: line.string(FlatJSON.unquoted(line, value)))
            } else if line.matches("amount", at: name) {
                amount = line.integer(at: value.lowerBound) ?? -1
            } else if line.matches("currency", at: name) {
                currency = line.string(FlatJSON.unquoted(line, value)).uppercased()
            } else if line.matches("executions", at: name) {
                executions = line.integer(at: value.lowerBound) ?? -1
            }
        }
        guard let operation, amount >= 0, executions >= 0 else { return nil }
        self.operation = operation
    }
}
