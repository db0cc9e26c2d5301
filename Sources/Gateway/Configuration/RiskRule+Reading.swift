import Money
import Risk
import Yams

extension RiskRule {
    /// Longer windows would fill the tables of counters with entries that hardly ever change.
    private static let windows = Duration.seconds(1)...Duration.seconds(31 * 86_400)

    static func readAll(_ section: inout ConfigurationSection) throws(ConfigurationError) -> [RiskRule] {
        guard let nodes = try section.list("rules") else { return [] }
        guard nodes.count <= RiskPolicy.maximumRules else {
            throw section.source.error(nodes[RiskPolicy.maximumRules], "risk.rules: at most \(RiskPolicy.maximumRules)")
        }
        var rules: [RiskRule] = []
        for (index, node) in nodes.enumerated() {
            var nested = try ConfigurationSection(node, path: "risk.rules[\(index)]", source: section.source)
            let rule = try read(&nested)
            guard !rules.contains(where: { $0.name == rule.name }) else {
                throw nested.problem("the rule \(rule.name) is listed twice")
            }
            rules.append(rule)
        }
        return rules
    }

    private static func read(_ section: inout ConfigurationSection) throws(ConfigurationError) -> RiskRule {
        guard let name = try section.value("name") else { throw section.missing("name") }
        guard isName(name.text) else {
            throw name.error("must be 1 to \(maximumNameBytes) lower-case letters, digits or underscores")
        }
        guard !RiskReason.all.contains(name.text) else { throw name.error("is a reason of its own") }
        guard let score = try section.integer("score", in: 0...100) else { throw section.missing("score") }
        var velocity = try section.section("velocity")
        var amount = try section.section("amount")
        guard velocity.isPresent != amount.isPresent else { throw section.problem("needs a velocity or an amount") }
        let condition = velocity.isPresent ? try readVelocity(&velocity) : try readAmount(&amount)
        try section.finish()
        return RiskRule(name: name.text, score: UInt8(score), condition: condition)
    }

    private static func isName(_ text: String) -> Bool {
        (1...maximumNameBytes).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "_")
            }
    }

    private static func readVelocity(_ section: inout ConfigurationSection) throws(ConfigurationError) -> Condition {
        guard let per = try section.value("per") else { throw section.missing("per") }
        guard let subject = subject(per.text) else {
            throw per.error("must be one of merchant, payment_method, customer, amount")
        }
        guard let window = try section.duration("window", in: windows) else { throw section.missing("window") }
        let milliseconds = window.components.seconds * 1_000 + window.components.attoseconds / 1_000_000_000_000_000
        let count = try section.integer("max_count", in: 1...1_000_000_000)
        let sum = try section.integer("max_amount", in: 1...1_000_000_000_000_000)
        let currency = try currency(&section)
        try section.finish()
        switch (count, sum, currency) {
        case (let count?, nil, nil):
            return .count(subject, window: milliseconds, limit: UInt64(count))
        case (nil, let sum?, let currency?):
            guard subject != .amount else { throw section.problem("per amount counts payments: max_count") }
            return .sum(subject, window: milliseconds, limitMinor: UInt64(sum), currency)
        default:
            throw section.problem("needs max_count, or max_amount and currency")
        }
    }

    private static func readAmount(_ section: inout ConfigurationSection) throws(ConfigurationError) -> Condition {
        guard let over = try section.integer("over", in: 0...1_000_000_000_000_000) else {
            throw section.missing("over")
        }
        guard let currency = try currency(&section) else { throw section.missing("currency") }
        try section.finish()
        return .amount(overMinor: Int64(over), currency)
    }

    private static func subject(_ text: String) -> RiskSubject? {
        switch text {
        case "merchant": .merchant
        case "payment_method": .paymentMethod
        case "customer": .customer
        case "amount": .amount
        default: nil
        }
    }

    private static func currency(_ section: inout ConfigurationSection) throws(ConfigurationError) -> Currency? {
        guard let value = try section.value("currency") else { return nil }
        let code = value.text
        guard let currency = Currency(code: code.utf8.span) else {
            throw value.error("must be an ISO 4217 code of a currency with minor units")
        }
        return currency
    }
}
