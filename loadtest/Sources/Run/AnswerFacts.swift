/// A payment's or a refund's status as the API names it.
enum EntityStatus: UInt8, CaseIterable, Sendable {
    case none
    case processing
    case authorized
    case captured
    case partiallyRefunded
    case refunded
    case cancelled
    case failed
    case conflicted
    case pending
    case succeeded
    case requiresAction
    case review
    case expired
    case partiallyCaptured
    /// A name the harness does not know.
    case other

    /// Somebody has to do something before money moves: a shopper or a reviewer.
    var waitsForSomebody: Bool { self == .requiresAction || self == .review }

    var name: StaticString {
        switch self {
        case .none: "-"
        case .processing: "processing"
        case .authorized: "authorized"
        case .captured: "captured"
        case .partiallyRefunded: "partially_refunded"
        case .refunded: "refunded"
        case .cancelled: "cancelled"
        case .failed: "failed"
        case .conflicted: "conflicted"
        case .pending: "pending"
        case .succeeded: "succeeded"
        case .requiresAction: "requires_action"
        case .review: "review"
        case .expired: "expired"
        case .partiallyCaptured: "partially_captured"
        case .other: "other"
        }
    }

    init(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        self = Self.allCases.first { bytes.matches($0.name, at: range) } ?? .other
    }

    init(_ text: String) {
        let bytes = Array(text.utf8)
        self.init(bytes.span, bytes.indices)
    }
}

/// What the harness needs to know of a JSON answer, picked out in one pass over its string tokens:
/// the whole document is not parsed, because the harness shares two cores with what it measures.
struct AnswerFacts: Equatable {
    /// The first payment identifier; `none` when there is none.
    var payment = EntityID.none
    /// The first refund identifier.
    var refund = EntityID.none
    /// The first `status` that is a text (a problem document's is a number).
    var status = EntityStatus.none
    /// The first `code`: where its text is.
    var code: Range<Int>?
    /// The document says `"retryable":true`.
    var isRetryable = false
    /// The first `amount`; -1 when there is none.
    var amount: Int64 = -1

    init() {}

    init(_ bytes: Span<UInt8>) {
        var index = 0
        while index < bytes.count {
            guard bytes[index] == UInt8(ascii: "\"") else {
                index += 1
                continue
            }
            let start = index + 1
            let end = bytes.endOfString(from: start)
            note(bytes, start..<end)
            index = end + 1
        }
    }

    private mutating func note(_ bytes: Span<UInt8>, _ token: Range<Int>) {
        guard let first = token.first.map({ bytes[$0] }) else { return }
        if token.count == EntityID.textLength, bytes[token.lowerBound + 3] == UInt8(ascii: "_") {
            noteIdentifier(bytes, token, isPayment: first == UInt8(ascii: "p"))
        } else if first == UInt8(ascii: "s"), status == .none, bytes.matches("status", at: token) {
            if let value = bytes.stringValue(after: token) { status = EntityStatus(bytes, value) }
        } else if first == UInt8(ascii: "c"), code == nil, bytes.matches("code", at: token) {
            code = bytes.stringValue(after: token)
        } else if first == UInt8(ascii: "r"), bytes.matches("retryable", at: token) {
            let value = bytes.valueStart(after: token)
            if value < bytes.count, bytes[value] == UInt8(ascii: "t") { isRetryable = true }
        } else if first == UInt8(ascii: "a"), amount < 0, bytes.matches("amount", at: token) {
            if let value = bytes.integer(at: bytes.valueStart(after: token)) { amount = value }
        }
    }

    private mutating func noteIdentifier(_ bytes: Span<UInt8>, _ token: Range<Int>, isPayment: Bool) {
        guard let found = EntityID(bytes, at: token.lowerBound + 4) else { return }
        if isPayment {
            if payment == .none { payment = found }
        } else if refund == .none, bytes[token.lowerBound] == UInt8(ascii: "r"),
            bytes[token.lowerBound + 2] == UInt8(ascii: "f")
        {
            refund = found
        }
    }
}

extension Span<UInt8> {
    /// The index of the quotation mark that ends the string which begins at `start`.
    func endOfString(from start: Int) -> Int {
        var index = start
        while index < count, self[index] != UInt8(ascii: "\"") {
            index += self[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        return Swift.min(index, count)
    }

    func matches(_ text: StaticString, at range: Range<Int>) -> Bool {
        guard range.count == text.utf8CodeUnitCount else { return false }
        return text.withUTF8Buffer { buffer in
            for offset in 0..<buffer.count where self[range.lowerBound + offset] != buffer[offset] { return false }
            return true
        }
    }

    /// Where the value of the member begins whose name is `token` (without its quotation marks).
    func valueStart(after token: Range<Int>) -> Int {
        var index = token.upperBound + 1
        while index < count, self[index] == UInt8(ascii: ":") || self[index] == UInt8(ascii: " ") { index += 1 }
        return index
    }

    /// The text of a member's value; `nil` when the token is no name, or the value no string.
    func stringValue(after token: Range<Int>) -> Range<Int>? {
        let start = valueStart(after: token)
        guard start > token.upperBound + 1, start < count, self[start] == UInt8(ascii: "\"") else { return nil }
        return start + 1..<endOfString(from: start + 1)
    }

    /// A decimal integer without fraction at `start`; `nil` when there is none.
    func integer(at start: Int) -> Int64? {
        var index = start
        let isNegative = index < count && self[index] == UInt8(ascii: "-")
        if isNegative { index += 1 }
        let first = index
        var value: Int64 = 0
        while index < count, self[index] >= 48, self[index] <= 57 {
            let (product, overflowed) = value.multipliedReportingOverflow(by: 10)
            guard !overflowed, product <= Int64.max - 9 else { return nil }
            value = product + Int64(self[index] - 48)
            index += 1
        }
        return index == first ? nil : isNegative ? -value : value
    }

    func string(_ range: Range<Int>) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(range.count)
        for index in range { bytes.append(self[index]) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
