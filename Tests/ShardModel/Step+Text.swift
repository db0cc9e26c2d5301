import Money
import Payments

extension Step: CustomStringConvertible {
    package var description: String {
        switch self {
        case .create(let payment, let creation): "create p\(payment) \(creation.text)"
        case .capture(let payment, let amount, let isFinal, let splits):
            "capture p\(payment) \(amount.map { "\($0)" } ?? "all")\(isFinal ? "" : " open")\(Self.text(splits))"
        case .cancel(let payment): "cancel p\(payment)"
        case .increment(let payment, let amount): "increment p\(payment) \(amount)"
        case .confirm(let payment): "confirm p\(payment)"
        case .refund(let payment, let amount): "refund p\(payment) \(amount.map { "\($0)" } ?? "all")"
        case .approve(let payment): "approve p\(payment)"
        case .reject(let payment): "reject p\(payment)"
        case .score(let score): "score \(score.map { "\($0)" } ?? "failed")"
        case .read(let payment): "read p\(payment)"
        case .event(let payment, let event): "event p\(payment) \(event.text)"
        case .evidence(let payment, let dispute): "evidence p\(payment) \(dispute)"
        case .accept(let payment, let dispute): "accept p\(payment) \(dispute)"
        case .dispute(let payment, let dispute): "dispute p\(payment) \(dispute)"
        case .treasury(let treasury): treasury.text
        case .again: "again"
        case .provider(let payment, let reply): "psp p\(payment) \(reply.text)"
        case .wait(let milliseconds): "wait \(Self.duration(milliseconds))"
        case .restart: "restart"
        case .restore: "restore"
        case .snapshot: "snapshot"
        }
    }

    /// Reads what `description` writes; nil for what it cannot have written.
    package init?(_ text: some StringProtocol) {
        var words = text.split(separator: Character(" ")).map { String($0) }
        guard !words.isEmpty else { return nil }
        let verb = words.removeFirst()
        switch (verb, words.count) {
        case ("again", 0): self = .again
        case ("restart", 0): self = .restart
        case ("restore", 0): self = .restore
        case ("snapshot", 0): self = .snapshot
        case ("score", 1): self = .score(UInt8(words[0]))
        case ("wait", 1):
            guard let time = Self.milliseconds(words[0]) else { return nil }
            self = .wait(time)
        default:
            if let treasury = Treasury(verb: verb, words) {
                self = .treasury(treasury)
                return
            }
            guard let first = words.first, first.hasPrefix("p"), let payment = Int(first.dropFirst()) else {
                return nil
            }
            words.removeFirst()
            guard let step = Self.about(payment, verb: verb, words: words) else { return nil }
            self = step
        }
    }

    private static func about(_ payment: Int, verb: String, words: [String]) -> Step? {
        switch verb {
        case "create": return Creation(words).map { .create(payment, $0) }
        case "capture":
            guard let amount = amount(words.first), let splits = splits(words) else { return nil }
            return .capture(payment, amount: amount, isFinal: !words.contains("open"), splits: splits)
        case "cancel": return .cancel(payment)
        case "confirm": return .confirm(payment)
        case "read": return .read(payment)
        case "approve": return .approve(payment)
        case "reject": return .reject(payment)
        case "increment": return words.first.flatMap { Int64($0) }.map { .increment(payment, $0) }
        case "refund": return amount(words.first).map { .refund(payment, amount: $0) }
        case "event": return Event(words).map { .event(payment, $0) }
        case "evidence": return words.first.flatMap { UInt16($0) }.map { .evidence(payment, dispute: $0) }
        case "accept": return words.first.flatMap { UInt16($0) }.map { .accept(payment, dispute: $0) }
        case "dispute": return words.first.flatMap { UInt16($0) }.map { .dispute(payment, $0) }
        case "psp": return Reply(words).map { .provider(payment, $0) }
        default: return nil
        }
    }

    /// ` split=books:500,toys:2500bp` (basis points); nothing for none.
    fileprivate static func text(_ splits: [SplitRequest]) -> String {
        guard !splits.isEmpty else { return "" }
        let parts = splits.map { split in
            switch split.share {
            case .amount(let minor): "\(split.seller):\(minor)"
            case .basisPoints(let points): "\(split.seller):\(points)bp"
            }
        }
        return " split=" + parts.joined(separator: ",")
    }

    /// The word that names sellers, if there is one; nil where it cannot be read.
    fileprivate static func splits(_ words: [String]) -> [SplitRequest]? {
        guard let word = words.first(where: { $0.hasPrefix("split=") }) else { return [] }
        var splits: [SplitRequest] = []
        for part in word.dropFirst(6).split(separator: ",") {
            let sides = part.split(separator: ":").map { String($0) }
            guard sides.count == 2, let seller = SellerName(sides[0]) else { return nil }
            if sides[1].hasSuffix("bp"), let points = UInt16(sides[1].dropLast(2)) {
                splits.append(SplitRequest(seller: seller, share: .basisPoints(points)))
            } else if let minor = Int64(sides[1]) {
                splits.append(SplitRequest(seller: seller, share: .amount(minor)))
            } else {
                return nil
            }
        }
        return splits
    }

    private static func amount(_ word: String?) -> Int64?? {
        guard let word else { return nil }
        if word == "all" { return .some(nil) }
        return Int64(word).map { .some($0) }
    }

    private static let units: [(name: String, milliseconds: Int64)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1),
    ]

    static func duration(_ milliseconds: Int64) -> String {
        guard let unit = units.first(where: { milliseconds % $0.milliseconds == 0 && milliseconds > 0 }) else {
            return "0s"
        }
        return "\(milliseconds / unit.milliseconds)\(unit.name)"
    }

    package static func milliseconds(_ text: String) -> Int64? {
        let digits = text.prefix { $0.isNumber }
        guard let count = Int64(digits), let unit = units.first(where: { $0.name == text.dropFirst(digits.count) })
        else { return nil }
        return count * unit.milliseconds
    }
}

extension Step.Creation {
    fileprivate var text: String {
        var words = ["\(amount)", "\(currency)", captures ? "sale" : "hold"]
        if acceptsPartial { words.append("partial") }
        if fee != 250 { words.append("fee=\(fee)") }
        if merchant != 7 { words.append("merchant=\(merchant)") }
        if route != [1] { words.append("route=" + route.map { "\($0)" }.joined(separator: ",")) }
        if async { words.append("async") }
        switch funding {
        case .wallet(let number): words.append("from=w\(number)")
        case .topUp(let number): words.append("fills=w\(number)")
        case nil: break
        }
        return words.joined(separator: " ") + Step.text(splits)
    }

    fileprivate init?(_ words: [String]) {
        guard words.count >= 3, let amount = Int64(words[0]), let currency = Currency(code: words[1]),
            words[2] == "sale" || words[2] == "hold"
        else { return nil }
        self.init(amount: amount, currency: currency, captures: words[2] == "sale")
        for word in words.dropFirst(3) {
            switch word {
            case "partial": acceptsPartial = true
            case "async": async = true
            case _ where word.hasPrefix("from=w"): funding = Int(word.dropFirst(6)).map { .wallet($0) }
            case _ where word.hasPrefix("fills=w"): funding = Int(word.dropFirst(7)).map { .topUp($0) }
            case _ where word.hasPrefix("split="):
                guard let shares = Step.splits(words) else { return nil }
                splits = shares
            case _ where word.hasPrefix("fee="): fee = UInt16(word.dropFirst(4)) ?? 250
            case _ where word.hasPrefix("merchant="): merchant = UInt64(word.dropFirst(9)) ?? 7
            case _ where word.hasPrefix("route="):
                route = word.dropFirst(6).split(separator: ",").compactMap { UInt16($0) }
                guard RoutePlan(route.compactMap(ConnectorID.init(rawValue:))) != nil else { return nil }
            default: return nil
            }
        }
    }
}

extension Step.Reply {
    fileprivate var text: String {
        switch self {
        case .ok(let amount, let currency, let expiresIn):
            (["ok"] + [amount.map { "\($0)" }, currency.map { "\($0)" }].compactMap(\.self)
                + (expiresIn > 0 ? ["expires=\(Step.duration(expiresIn))"] : [])).joined(separator: " ")
        case .declined(let code): "declined \(code.name)"
        case .action: "action"
        case .pending: "pending"
        case .unknown(let reason): "unknown \(reason)"
        case .notExecuted(let reason): "not_executed \(reason)"
        case .notFound: "not_found"
        }
    }

    fileprivate init?(_ words: [String]) {
        guard let verb = words.first else { return nil }
        switch verb {
        case "ok":
            var (amount, currency, expiresIn) = (Int64?.none, Currency?.none, Int64(0))
            for word in words.dropFirst() {
                if let number = Int64(word) {
                    amount = number
                } else if let code = Currency(code: word) {
                    currency = code
                } else if word.hasPrefix("expires="), let time = Step.milliseconds(String(word.dropFirst(8))) {
                    expiresIn = time
                } else {
                    return nil
                }
            }
            self = .ok(amount: amount, currency: currency, expiresIn: expiresIn)
        case "declined":
            guard let code = DeclineCode.allCases.first(where: { "\($0.name)" == words.last }) else { return nil }
            self = .declined(code)
        case "unknown", "not_executed":
            guard let reason = CallFailure.allCases.first(where: { "\($0)" == words.last }) else { return nil }
            self = verb == "unknown" ? .unknown(reason) : .notExecuted(reason)
        case "action": self = .action
        case "pending": self = .pending
        case "not_found": self = .notFound
        default: return nil
        }
    }
}
