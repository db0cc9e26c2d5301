import Money
import WireJSON

/// The members of a reply that the gateway uses, at any place of the flat object; the rest is
/// skipped. Strings are places in the text.
struct SimulatedReply {
    var id: JSONString?
    var reference: JSONString?
    var charge: JSONString?
    var status: JSONString?
    var operation: JSONString?
    var key: JSONString?
    var outcome: JSONString?
    /// Why an operation that a query asked about was declined.
    var code: JSONString?
    /// What the network or the issuer advises after a decline; in error documents it stands in
    /// `error`.
    var adviceCode: JSONString?
    /// `error.code`, of error documents only.
    var errorCode: JSONString?
    /// `error.request_id`: the simulator's own number of a request that it refused without
    /// executing anything.
    var errorRequestID: JSONString?
    var amountMinor: Int64?
    var currency: Currency?
    /// Milliseconds since 1970.
    var expiresAt: Int64?
    /// Of `next_action`.
    var actionType: JSONString?
    var actionURL: JSONString?

    init(_ input: Span<UInt8>) throws(JSONError) {
        var cursor = JSONCursor()
        try cursor.beginObject(input)
        while let name = try cursor.nextMember(input) {
            try read(name, at: &cursor, in: input)
        }
        try cursor.finish(input)
    }

    private mutating func read(_ name: JSONString, at cursor: inout JSONCursor, in input: Span<UInt8>) throws(JSONError)
    {
        // A member that is null counts as absent.
        guard try cursor.peekKind(input) != .null else { return try cursor.readNull(input) }
        if name.equals("id", in: input) {
            id = try cursor.readString(input)
        } else if name.equals("reference", in: input) {
            reference = try cursor.readString(input)
        } else if name.equals("status", in: input) {
            status = try cursor.readString(input)
        } else if name.equals("amount", in: input) {
            amountMinor = try cursor.readInt64(input)
        } else if name.equals("currency", in: input) {
            currency = Self.currency(try cursor.readString(input), input)
        } else {
            try readRest(name, at: &cursor, in: input)
        }
    }

    private mutating func readRest(
        _ name: JSONString,
        at cursor: inout JSONCursor,
        in input: Span<UInt8>
    ) throws(JSONError) {
        if name.equals("charge", in: input) {
            charge = try cursor.readString(input)
        } else if name.equals("operation", in: input) {
            operation = try cursor.readString(input)
        } else if name.equals("key", in: input) {
            key = try cursor.readString(input)
        } else if name.equals("outcome", in: input) {
            outcome = try cursor.readString(input)
        } else if name.equals("code", in: input) {
            code = try cursor.readString(input)
        } else if name.equals("advice_code", in: input) {
            adviceCode = try cursor.readString(input)
        } else if name.equals("error", in: input) {
            try readError(&cursor, input)
        } else if name.equals("expires_at", in: input) {
            expiresAt = try cursor.readInt64(input)
        } else if name.equals("next_action", in: input) {
            try readAction(&cursor, input)
        } else {
            try cursor.skipValue(input)
        }
    }

    private mutating func readError(_ cursor: inout JSONCursor, _ input: Span<UInt8>) throws(JSONError) {
        try cursor.beginObject(input)
        while let name = try cursor.nextMember(input) {
            if name.equals("code", in: input) {
                errorCode = try cursor.readString(input)
            } else if name.equals("advice_code", in: input) {
                guard try cursor.peekKind(input) != .null else {
                    try cursor.readNull(input)
                    continue
                }
                adviceCode = try cursor.readString(input)
            } else if name.equals("request_id", in: input) {
                errorRequestID = try cursor.readString(input)
            } else {
                try cursor.skipValue(input)
            }
        }
    }

    private mutating func readAction(_ cursor: inout JSONCursor, _ input: Span<UInt8>) throws(JSONError) {
        try cursor.beginObject(input)
        while let name = try cursor.nextMember(input) {
            if name.equals("type", in: input) {
                actionType = try cursor.readString(input)
            } else if name.equals("url", in: input) {
                actionURL = try cursor.readString(input)
            } else {
                try cursor.skipValue(input)
            }
        }
    }

    private static func currency(_ text: JSONString, _ input: Span<UInt8>) -> Currency? {
        text.hasEscapes ? nil : Currency(code: input.extracting(text.range))
    }
}
