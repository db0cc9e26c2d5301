import Ledger
import Money
import Payments
import ShardRecords
import Time
import WireJSON

extension LedgerQuery {
    /// The parameters of a list of entries.
    static let parameters: [QueryParameter] = [.cursor, .limit, .account, .currency]

    /// - Parameter key: what the cursors of this gateway are signed with.
    init(
        _ query: QueryParameters,
        of merchant: MerchantID,
        key: LedgerCursorKey
    ) throws(Rejection) {
        self.init()
        if let text = query[.limit] { limit = try Self.limit(text.span) }
        if let text = query[.account] {
            let kind = AccountKind(name: String(copying: text.span))
            guard let kind, kind.visibility == .own else { throw Rejection(.parameterValueUnknown, .known("account")) }
            account = kind
        }
        if let text = query[.currency] {
            guard let known = Currency(code: text.span) else { throw Rejection(.currencyUnknown, .known("currency")) }
            currency = known
        }
        guard let text = query[.cursor] else { return }
        guard let cursor = key.cursor(text.span, of: merchant, self) else {
            throw Rejection(.cursorInvalid, .known("cursor"))
        }
        self.cursor = cursor
    }

    private static func limit(_ text: Span<UInt8>) throws(Rejection) -> Int {
        var value = 0
        for index in text.indices {
            guard text[index] >= UInt8(ascii: "0"), text[index] <= UInt8(ascii: "9"), value <= maximumLimit else {
                throw Rejection(value > maximumLimit ? .parameterOutOfRange : .parameterTypeInvalid, .known("limit"))
            }
            value = value * 10 + Int(text[index] - UInt8(ascii: "0"))
        }
        guard (1...maximumLimit).contains(value) else { throw Rejection(.parameterOutOfRange, .known("limit")) }
        return value
    }
}

extension QueryParameters {
    /// The parameters of a balance.
    static let ofBalance: [QueryParameter] = [.at]

    /// The moment that a balance is asked for; nil for now.
    func moment() throws(Rejection) -> Timestamp? {
        guard let text = self[.at] else { return nil }
        guard let time = TimestampText.milliseconds(text.span) else {
            throw Rejection(.parameterTypeInvalid, .known("at"))
        }
        return Timestamp(milliseconds: time)
    }
}
