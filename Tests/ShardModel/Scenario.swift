import Money
package import Payments
import Risk
package import ShardCore

/// A scenario file: comments, a configuration, and steps each followed by what came of it.
/// `Tests/ShardTests/Scenarios/README.md` says how one is written.
package struct Scenario {
    package struct Problem: Error, CustomStringConvertible {
        package var description: String
    }

    /// A line of the file that a rewrite keeps, or a step (whose trace is behind it).
    private enum Line {
        case kept(String)
        case step(String, Step)
    }

    private var lines: [Line] = []
    package private(set) var configuration = Self.configuration
    private var rules: [(amount: String, score: UInt8)] = []
    private var asksScorer = false
    private var reviewTimeout: Int64 = 86_400_000

    /// The names of the connectors, numbered from 1. What a configuration says of a connector, it
    /// says of the first.
    package static let registry = ConnectorRegistry("psp", "second", "third", "fourth")

    private static var configuration: ShardConfiguration {
        ShardConfiguration(
            shard: 3,
            connectors: ConnectorTable(registry),
            idempotencyCapacity: 1 << 11,
            paymentCapacity: 1 << 16,
            operationCapacity: 1 << 10
        )
    }

    package init(_ text: String) throws {
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("> ") {
                let words = line.dropFirst(2)
                guard let step = Step(words) else { throw Problem(description: "no step: \(words)") }
                lines.append(.step(String(words), step))
            } else if line.hasPrefix("#") {
                lines.append(.kept(String(line)))
            } else if line.hasPrefix("config ") {
                lines.append(.kept(String(line)))
                try configure(line.dropFirst(7))
            }
        }
    }

    package var steps: [Step] {
        lines.compactMap { line in
            if case .step(_, let step) = line { step } else { nil }
        }
    }

    private mutating func configure(_ line: Substring) throws {
        for word in line.split(separator: " ") {
            let parts = word.split(separator: "=").map(String.init)
            guard parts.count == 2, set(parts[0], parts[1]) else { throw Problem(description: "no setting: \(word)") }
        }
        configureRisk()
    }

    /// Rules of the fraud hook by the amount in EUR.
    private mutating func configureRisk() {
        guard !rules.isEmpty || asksScorer else { return }
        configuration.risk = RiskPolicy(
            rules: rules.map { amount, score in
                let over = RiskRule.Condition.amount(overMinor: Int64(amount) ?? 0, .eur)
                return RiskRule(name: "over_\(amount)", score: score, condition: over)
            },
            scorer: asksScorer ? RiskPolicy.Scorer(timeout: 500, onFailure: .review) : nil,
            reviewTimeout: reviewTimeout,
            key: RiskKey(first: 1, second: 2)
        )
    }

    private mutating func set(_ name: String, _ value: String) -> Bool {
        let time = Step.milliseconds(value)
        switch name {
        case "over_capture": configuration.capabilities.overCaptureBasisPoints = UInt16(value) ?? 0
        case "several_captures": configuration.capabilities.capturesSeveralTimes = value == "yes"
        case "increments": configuration.capabilities.increments = value == "yes"
        case "void_by_reference": configuration.resolution.means.voidByReference = value == "yes"
        case "query": configuration.resolution.canQuery = value == "yes"
        case "replay": configuration.resolution.replayWindow = value == "yes" ? 86_400_000 : 0
        case "give_up": configuration.resolution.abandonAfter = time ?? 0
        case "action": configuration.actionLifetime = time ?? 0
        case "review_over", "block_over": rules.append(name == "review_over" ? (value, 50) : (value, 90))
        case "scorer": asksScorer = value == "yes"
        case "review": reviewTimeout = time ?? 0
        case "dispute_fee": configuration.disputes.fees[.eur] = Int64(value) ?? 0
        case "reserve_on_warning": configuration.disputes.reservesOnWarning = value == "yes"
        case "lifetime": configuration.capabilities.authorizationLifetime = time ?? 0
        case "sellers": configuration.treasury.sellers = Int(value) ?? 0
        case "sellers_of_merchant": configuration.treasury.sellersOfMerchant = Int(value) ?? 0
        default: return false
        }
        return true
    }

    // MARK: Running

    /// Where a run ends the process, apart from what the scenario says: before the step of this
    /// number.
    package typealias Interruption = Int

    /// Runs the scenario and returns the file as it has to be.
    /// - Parameters:
    ///   - interruption: before this step another process goes on from the journal, if no operation
    ///     runs then.
    ///   - check: is called after each step.
    package func run(
        renderer: any ResponseRenderer,
        interruption: Interruption? = nil,
        check: (borrowing ShardDriver, Int) throws -> Void = { _, _ in }
    ) throws -> String {
        var driver = ShardDriver(configuration: configuration, renderer: renderer)
        var text = ""
        var number = 0
        for line in lines {
            switch line {
            case .kept(let kept): text += kept + "\n"
            case .step(let words, let step):
                if number == interruption, driver.core.runningCount == 0 { try driver.take(.restart) }
                text += "\n> \(words)\n"
                try driver.take(step)
                if driver.didNothing { text += "nothing to do\n" }
                for line in Trace(driver).lines(driver) { text += line + "\n" }
                try text += state(driver, after: step)
                try check(driver, number)
                number += 1
            }
        }
        text += "\nend\n"
        for line in Trace.text(driver.core.trialBalance()) { text += line + "\n" }
        return text
    }

    /// The payments that the step was about, or all.
    private func state(_ driver: borrowing ShardDriver, after step: Step) throws -> String {
        let numbers = step.payment.map { [$0] } ?? driver.payments.keys.sorted()
        return try numbers.compactMap { number in
            try driver.view(number).map { Trace.text($0, number: number) + "\n" }
        }.joined()
    }
}
