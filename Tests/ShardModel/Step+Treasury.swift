package import Money
package import Payments

extension Step {
    /// What is asked of pay-outs, wallets and exchange. They are named by the number of their
    /// creation (`o1`, `w1`, `q1`); 0 names one that never was.
    package enum Treasury: Hashable, Sendable {
        case payout(Int, PayoutRequest)
        /// An operator reports what became of a pay-out at the bank.
        case bank(Int, PayoutEvent, reason: String)
        /// `merchant` nil: the one that it is of.
        case readPayout(Int, merchant: UInt64?)
        case wallet(Int, WalletRequest)
        case readWallet(Int, merchant: UInt64?)
        case quote(Int, QuoteTerms)
        case convert(Int, merchant: UInt64?)
        /// What the ledger owes the merchant and its sellers.
        case balance(UInt64)
    }

    package struct PayoutRequest: Hashable, Sendable {
        /// nil: all that is available.
        package var amount: Int64?
        package var currency: Currency
        package var merchant: UInt64 = 7
        /// The seller whose balance pays; nil for the merchant's own.
        package var seller: String?
        package var minimum: Int64 = 1
        /// The merchant's pay-outs are held back.
        package var isHeld = false
    }

    package struct WalletRequest: Hashable, Sendable {
        package var currency: Currency
        package var merchant: UInt64 = 7
    }

    package struct QuoteTerms: Hashable, Sendable {
        package var amount: Int64
        package var sold: Currency
        package var bought: Currency
        /// Decimal text.
        package var rate: String
        /// Basis points.
        package var spread: UInt16 = 50
        /// Milliseconds.
        package var valid: Int64 = 60_000
        package var merchant: UInt64 = 7
    }
}

// MARK: Text

extension Step.Treasury {
    var text: String {
        switch self {
        case .payout(let number, let request): "payout o\(number) \(request.text)"
        case .bank(let number, let event, let reason):
            "bank o\(number) \(event.name)" + (reason.isEmpty ? "" : " \(reason)")
        case .readPayout(let number, let merchant): "read o\(number)" + Self.text(merchant)
        case .wallet(let number, let request): "wallet w\(number) \(request.currency)" + Self.text(request.merchant)
        case .readWallet(let number, let merchant): "read w\(number)" + Self.text(merchant)
        case .quote(let number, let terms): "quote q\(number) \(terms.text)"
        case .convert(let number, let merchant): "convert q\(number)" + Self.text(merchant)
        case .balance(let merchant): "balance m\(merchant)"
        }
    }

    private static func text(_ merchant: UInt64?) -> String { merchant.map { " merchant=\($0)" } ?? "" }

    /// Reads what `text` writes; nil for what it cannot have written.
    init?(verb: String, _ words: [String]) {
        guard let name = words.first, let number = UInt64(name.dropFirst()) else { return nil }
        let rest = Array(words.dropFirst())
        let options = Step.options(rest)
        let merchant = options["merchant"].flatMap { UInt64($0) }
        switch (verb, name.first) {
        case ("payout", "o"):
            guard let request = Step.PayoutRequest(rest, options) else { return nil }
            self = .payout(Int(number), request)
        case ("bank", "o"):
            guard let event = PayoutEvent.allCases.first(where: { "\($0.name)" == rest.first }) else { return nil }
            self = .bank(Int(number), event, reason: rest.count > 1 ? rest[1] : "")
        case ("read", "o"): self = .readPayout(Int(number), merchant: merchant)
        case ("read", "w"): self = .readWallet(Int(number), merchant: merchant)
        case ("wallet", "w"):
            guard let currency = rest.first.flatMap({ Currency(code: $0) }) else { return nil }
            self = .wallet(Int(number), Step.WalletRequest(currency: currency, merchant: merchant ?? 7))
        case ("quote", "q"):
            guard let terms = Step.QuoteTerms(rest, options) else { return nil }
            self = .quote(Int(number), terms)
        case ("convert", "q"): self = .convert(Int(number), merchant: merchant)
        case ("balance", "m"): self = .balance(number)
        default: return nil
        }
    }
}

extension Step {
    /// The words of the form `name=value`.
    fileprivate static func options(_ words: [String]) -> [String: String] {
        var options: [String: String] = [:]
        for word in words {
            let parts = word.split(separator: "=", maxSplits: 1).map { String($0) }
            if parts.count == 2 { options[parts[0]] = parts[1] }
        }
        return options
    }
}

extension Step.PayoutRequest {
    fileprivate var text: String {
        var words = [amount.map { "\($0)" } ?? "all", "\(currency)"]
        if merchant != 7 { words.append("merchant=\(merchant)") }
        if let seller { words.append("seller=\(seller)") }
        if minimum != 1 { words.append("minimum=\(minimum)") }
        if isHeld { words.append("held") }
        return words.joined(separator: " ")
    }

    fileprivate init?(_ words: [String], _ options: [String: String]) {
        guard words.count >= 2, words[0] == "all" || Int64(words[0]) != nil, let currency = Currency(code: words[1])
        else { return nil }
        self.init(amount: Int64(words[0]), currency: currency)
        merchant = options["merchant"].flatMap { UInt64($0) } ?? 7
        seller = options["seller"]
        minimum = options["minimum"].flatMap { Int64($0) } ?? 1
        isHeld = words.contains("held")
    }
}

extension Step.QuoteTerms {
    fileprivate var text: String {
        var words = ["\(amount)", "\(sold)", "\(bought)", rate]
        if spread != 50 { words.append("spread=\(spread)") }
        if valid != 60_000 { words.append("valid=\(Step.duration(valid))") }
        if merchant != 7 { words.append("merchant=\(merchant)") }
        return words.joined(separator: " ")
    }

    fileprivate init?(_ words: [String], _ options: [String: String]) {
        guard words.count >= 4, let amount = Int64(words[0]), let sold = Currency(code: words[1]),
            let bought = Currency(code: words[2]), ExchangeRate(words[3]) != nil
        else { return nil }
        self.init(amount: amount, sold: sold, bought: bought, rate: words[3])
        spread = options["spread"].flatMap { UInt16($0) } ?? 50
        valid = options["valid"].flatMap { Step.milliseconds($0) } ?? 60_000
        merchant = options["merchant"].flatMap { UInt64($0) } ?? 7
    }
}
