import Money
import Payments
import Shard

/// A run of random steps against a shard and the naive model (`Auditor`): equal after each step.
package struct Workload: Sendable {
    package var seed: UInt64
    package var steps: Int
    package var faults: Set<PlantedFault> = []

    package init(seed: UInt64, steps: Int, faults: Set<PlantedFault> = []) {
        self.seed = seed
        self.steps = steps
        self.faults = faults
    }

    package struct Failure: Error {
        package var steps: [Step]
        /// The steps agreed, and not what was left when everything ought to have ended.
        package var isOfDrain: Bool
        package var mismatch: String
    }

    package struct Report: Sendable {
        /// Without those that had nothing to happen to.
        package var steps = 0
        package var payments = 0
        package var records = 0
        package var checks = 0
        package var restarts = 0

        package init() {}
    }

    /// As a scenario says it; seeds differ in what the provider can do.
    package var configurationText: String {
        let words = [
            seed % 3 == 1 ? "query=no" : "", seed % 4 == 2 ? "void_by_reference=no" : "",
            seed % 2 == 1 ? "over_capture=1500" : "", seed % 5 == 3 ? "replay=no" : "", "lifetime=3d",
        ]
        return "config " + words.filter { !$0.isEmpty }.joined(separator: " ")
    }

    private func configuration(_ steps: Int) throws -> ShardConfiguration {
        var configuration = try Scenario(configurationText + "\n").configuration
        configuration.idempotencyCapacity = max(1 << 10, steps)
        configuration.operationCapacity = 1 << 14
        return configuration
    }

    /// Between two comparisons of everything.
    private static let checkpoint = 4_000

    /// - Throws: `Failure` with the steps up to where the two do not agree.
    package func run() throws -> Report {
        let configuration = try configuration(steps)
        var driver = ShardDriver(configuration: configuration, renderer: WorkloadRenderer())
        var auditor = Auditor(configuration: configuration, faults: faults)
        var random = WorkloadRandom(state: seed)
        var report = Report()
        var taken: [Step] = []
        var effective = 0
        taken.reserveCapacity(steps)
        do {
            while taken.count < steps {
                let step = random.step(driver)
                taken.append(step)
                try Self.take(step, &driver, &auditor)
                if !driver.didNothing { effective += 1 }
                if step == .restart || step == .restore { report.restarts += 1 }
                if taken.count % Self.checkpoint == 0 || step == .restart || step == .restore {
                    try auditor.compareAll(driver)
                }
            }
        } catch {
            throw Failure(steps: taken, isOfDrain: false, mismatch: "\(error)")
        }
        do { report.steps = try effective + Self.drain(&driver, &auditor) } catch {
            throw Failure(steps: taken, isOfDrain: true, mismatch: "\(error)")
        }
        report.payments = auditor.paymentCount
        report.records = driver.journal.count
        report.checks = auditor.checks
        return report
    }

    private static func take(_ step: Step, _ driver: inout ShardDriver, _ auditor: inout Auditor) throws {
        let before = driver.now
        try driver.take(step)
        try auditor.audit(step, driver, before: before)
    }

    /// The PSP answers everything from now on: all must come to an end, and nothing may be forgotten.
    /// - Returns: how many steps that took.
    private static func drain(_ driver: inout ShardDriver, _ auditor: inout Auditor) throws -> Int {
        var count = 0
        for _ in 0..<60 {
            for (number, _) in driver.payments.sorted(by: { $0.key < $1.key }) {
                while driver.hasWaitingCall(number) {
                    try take(.provider(number, .ok(amount: nil, currency: nil, expiresIn: 0)), &driver, &auditor)
                    count += 1
                }
            }
            try take(.wait(86_400_000), &driver, &auditor)
            count += 1
            if driver.core.runningCount == 0, (try? auditor.expectNothingOverdue(at: driver.now)) != nil { break }
        }
        try auditor.compareAll(driver)
        try auditor.expectNothingOverdue(at: driver.now)
        return count
    }

    // MARK: Shrinking

    /// Whether these steps, from the beginning, end in a disagreement: which, and after how many.
    package func failure(of steps: [Step], draining: Bool = false) -> (mismatch: String, count: Int)? {
        guard let configuration = try? configuration(steps.count) else { return nil }
        var driver = ShardDriver(configuration: configuration, renderer: WorkloadRenderer())
        var auditor = Auditor(configuration: configuration, faults: faults)
        for (index, step) in steps.enumerated() {
            do { try Self.take(step, &driver, &auditor) } catch { return ("\(error)", index + 1) }
        }
        do {
            try auditor.compareAll(driver)
            if draining { _ = try Self.drain(&driver, &auditor) }
        } catch {
            return ("\(error)", steps.count)
        }
        return nil
    }

    /// The fewest steps found that still end in a disagreement (delta debugging: Zeller and Hildebrandt, 2002), as a scenario.
    package func shrink(_ failure: Failure) -> (steps: [Step], mismatch: String)? {
        let draining = failure.isOfDrain
        guard var (mismatch, count) = self.failure(of: failure.steps, draining: draining) else { return nil }
        var steps = Array(failure.steps.prefix(count))
        // A disagreement about one payment seldom needs the others.
        if let payment = steps.last?.payment {
            let own = steps.filter { $0.payment == nil || $0.payment == payment }
            if let (found, length) = self.failure(of: own, draining: draining) {
                (steps, mismatch) = (Array(own.prefix(length)), found)
            }
        }
        var size = max(1, steps.count / 2)
        while true {
            var start = 0
            var hasShrunk = false
            while start < steps.count {
                let candidate = Array(steps[..<start] + steps[min(steps.count, start + size)...])
                if let (found, length) = self.failure(of: candidate, draining: draining) {
                    (steps, mismatch, count) = (Array(candidate.prefix(length)), found, length)
                    hasShrunk = true
                } else {
                    start += size
                }
            }
            if size == 1, !hasShrunk { break }
            if !hasShrunk || size > steps.count { size = max(1, size / 2) }
        }
        return (steps, mismatch)
    }

    /// The steps as a file for `Tests/ShardTests/Scenarios`.
    package func scenario(_ steps: [Step], _ mismatch: String) -> String {
        "# Seed \(seed): \(mismatch)\n\(configurationText)\n" + steps.map { "\n> \($0)\n" }.joined()
    }
}

extension ShardDriver {
    func hasWaitingCall(_ payment: Int) -> Bool { payments[payment].map { waiting[$0.id] != nil } ?? false }
}

/// SplitMix64, and what a step may be.
struct WorkloadRandom {
    var state: UInt64
    private var created = 0
    private var isShort = true

    init(state: UInt64) { self.state = state &* 0x9E37_79B9_7F4A_7C15 }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    private mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }
    private mutating func chance(_ percent: Int) -> Bool { below(100) < percent }

    mutating func step(_ driver: borrowing ShardDriver) -> Step {
        switch below(1_000) {
        case ..<70: return creation()
        case ..<560: if let step = answer(driver) { return step }
        case ..<860: return operation()
        case ..<900: return .again
        case ..<930: return .read(recent())
        case ..<990: return .wait(Int64(1 + below(20)) * 500)
        case ..<995: return .wait(Int64(1 + below(90)) * 60_000)
        case 995: return .wait(Int64(1 + below(36)) * 3_600_000)
        case 996: return .wait(86_400_000 * Int64(1 + below(4)))
        case 997: return chance(10) ? .restart : .snapshot
        case 998: return chance(30) ? .restore : .snapshot
        default: break
        }
        return operation()
    }

    /// Mostly one of the newest, so that payments get far; sometimes any.
    private mutating func recent() -> Int {
        guard created > 0 else { return 1 }
        return chance(95) ? max(1, created - below(40)) : 1 + below(created)
    }

    private mutating func creation() -> Step {
        created += 1
        let currencies: [Currency] = [.eur, .usd, .jpy]
        var creation = Step.Creation(
            amount: Int64(1 + below(chance(10) ? 20 : 100_000)),
            currency: currencies[below(3)],
            captures: chance(40)
        )
        creation.acceptsPartial = chance(30)
        creation.fee = UInt16(chance(10) ? 10_000 : below(1_000))
        creation.merchant = UInt64(1 + below(5))
        creation.async = chance(10)
        return .create(created, creation)
    }

    private mutating func operation() -> Step {
        let payment = recent()
        let amount: Int64? = chance(50) ? nil : Int64(1 + below(60_000))
        switch below(10) {
        case ..<3: return .capture(payment, amount: amount, isFinal: chance(40))
        case 3: return .cancel(payment)
        case 4: return .increment(payment, Int64(1 + below(200_000)))
        case 5: return .confirm(payment)
        default: return .refund(payment, amount: amount)
        }
    }

    private mutating func answer(_ driver: borrowing ShardDriver) -> Step? {
        var payment = recent()
        for _ in 0..<40 where !driver.hasWaitingCall(payment) { payment = recent() }
        return driver.hasWaitingCall(payment) ? .provider(payment, reply()) : nil
    }

    private static let codes: [DeclineCode] = [
        .insufficientFunds, .issuerUnavailable, .authorizationExpired, .alreadyCaptured, .authenticationRequired,
    ]
    private static let doubts: [FailureReason] = [.timeout, .connectionLost, .streamReset, .serverError, .badResponse]
    private static let refusals: [FailureReason] = [.connectionFailed, .overloaded, .misconfigured, .rateLimited]

    private mutating func reply() -> Step.Reply {
        switch below(100) {
        case ..<55: return .ok(amount: nil, currency: nil, expiresIn: chance(20) ? Int64(1 + below(72)) * 3_600_000 : 0)
        case ..<60: return .ok(amount: Int64(1 + below(60_000)), currency: nil, expiresIn: 0)
        case 60: return .ok(amount: nil, currency: .gbp, expiresIn: 0)
        case ..<72: return .declined(Self.codes[below(Self.codes.count)])
        case ..<78: return .action
        case ..<82: return .pending
        case ..<90: return .unknown(Self.doubts[below(Self.doubts.count)])
        case ..<95: return .notExecuted(Self.refusals[below(Self.refusals.count)])
        default: return .notFound
        }
    }
}
