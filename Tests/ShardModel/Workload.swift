import Money
import Payments
import ShardCore

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
        /// How often what happened, as `Auditor.tally`.
        package var tally: [String: Int] = [:]

        package init() {}

        /// What an event can do, or how it can be refused, that never happened.
        package var missing: [String] {
            let effects = PaymentEffect.allCases.map { "told: \($0.name)" }
            let others = [
                "judged: allow", "judged: review", "judged: block", "reviewRejected",
                "reviewTimedOut", "refused disputed", "refused eventNotAllowed", "refused eventAmountMismatch",
                "refused disputeUnexpectedState", "refused notInReview", "refused connectorMismatch", "attempt 1 ends",
                "attempt 2 ends",
            ]
            return (effects + others + Self.treasury).filter { tally[$0] == nil }
        }

        private static let treasury = [
            "payout requested", "payout sent", "payout paid", "payout failed", "payout returned",
            "refused balanceInsufficient", "refused payoutBelowMinimum", "refused payoutsOnHold",
            "refused payoutUnexpectedState", "refused notFound", "exchange quoted", "exchange converted",
            "wallet opened", "wallet held", "wallet released", "wallet paid", "wallet topped up",
            "wallet's unsettled money", "top-up frees", "refused walletUnknown", "refused walletCurrencyMismatch",
            "refused walletFundsInsufficient", "refused splitsNotPossible", "read back: payout", "read back: wallet",
            "sellers share", "sellers settled", "refused splitsExceedCapture", "refused tooManySellers",
            "refused sellerLimitReached", "refused sellerTableFull", "refused quoteExpired", "refused quoteUsed",
            "refused exchangeAmountTooSmall",
        ]
    }

    /// As a scenario says it; seeds differ in what the provider can do.
    package var configurationText: String {
        let words = [
            seed % 3 == 1 ? "query=no" : "", seed % 4 == 2 ? "void_by_reference=no" : "",
            seed % 2 == 1 ? "over_capture=1500" : "", seed % 5 == 3 ? "replay=no" : "", "lifetime=3d",
            seed % 3 == 0 ? "" : "dispute_fee=1500", seed % 2 == 1 ? "reserve_on_warning=yes" : "",
            seed % 4 == 3 ? "" : "review_over=60000 block_over=90000", seed % 4 == 1 ? "scorer=yes" : "", "review=5h",
            seed % 3 == 2 ? "sellers_of_merchant=5" : "", seed % 4 == 0 ? "sellers=16" : "",
        ]
        return "config " + words.filter { !$0.isEmpty }.joined(separator: " ")
    }

    private func configuration(_ steps: Int) throws -> ShardConfiguration {
        var configuration = try Scenario(configurationText + "\n").configuration
        configuration.idempotencyCapacity = max(1 << 10, steps)
        configuration.operationCapacity = 1 << 14
        return configuration
    }

    /// The most steps between two comparisons of everything.
    private static let checkpoint = 4_000

    /// - Throws: `Failure` with the steps up to where the two do not agree.
    package func run() throws -> Report {
        let configuration = try configuration(steps)
        var driver = ShardDriver(configuration: configuration, renderer: WorkloadRenderer())
        var auditor = Auditor(configuration: configuration, faults: faults)
        var random = WorkloadRandom(seed: seed)
        var report = Report()
        var taken: [Step] = []
        var effective = 0
        var compared = 0
        taken.reserveCapacity(steps)
        do {
            while taken.count < steps {
                let step = random.step(driver)
                taken.append(step)
                try Self.take(step, by: &driver, hearing: &auditor)
                if !driver.didNothing { effective += 1 }
                if step == .restart || step == .restore { report.restarts += 1 }
                if taken.count - compared >= Self.checkpoint || step == .restart || step == .restore {
                    try auditor.compareAll(driver)
                    compared = taken.count
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
        report.tally = auditor.tally
        return report
    }

    private static func take(_ step: Step, by driver: inout ShardDriver, hearing auditor: inout Auditor) throws {
        let before = driver.now
        try driver.take(step)
        try auditor.audit(step, driver, before: before)
    }

    /// The PSP answers everything from now on: all must come to an end, and nothing may be
    /// forgotten.
    /// - Returns: how many steps that took.
    private static func drain(_ driver: inout ShardDriver, _ auditor: inout Auditor) throws -> Int {
        var count = 0
        for _ in 0..<60 {
            while !driver.questions.isEmpty {
                try take(.score(0), by: &driver, hearing: &auditor)
                count += 1
            }
            for (number, _) in driver.payments.sorted(by: { $0.key < $1.key }) {
                while driver.hasWaitingCall(number) {
                    try take(
                        .provider(number, .ok(amount: nil, currency: nil, expiresIn: 0)),
                        by: &driver,
                        hearing: &auditor
                    )
                    count += 1
                }
            }
            try take(.wait(86_400_000), by: &driver, hearing: &auditor)
            count += 1
            if driver.core.runningCount == 0, (try? auditor.expectNothingOverdue(at: driver.now)) != nil { break }
        }
        for number in driver.payouts.keys.sorted() {
            try take(.treasury(.readPayout(number, merchant: nil)), by: &driver, hearing: &auditor)
        }
        for number in driver.wallets.keys.sorted() {
            try take(.treasury(.readWallet(number, merchant: nil)), by: &driver, hearing: &auditor)
        }
        for merchant in 1...5 { try take(.treasury(.balance(UInt64(merchant))), by: &driver, hearing: &auditor) }
        count += driver.payouts.count + driver.wallets.count + 5
        for (number, disputes) in auditor.disputes {
            for dispute in 1...disputes { try take(.dispute(number, UInt16(dispute)), by: &driver, hearing: &auditor) }
            count += disputes
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
            do { try Self.take(step, by: &driver, hearing: &auditor) } catch { return ("\(error)", index + 1) }
        }
        do {
            try auditor.compareAll(driver)
            if draining { _ = try Self.drain(&driver, &auditor) }
        } catch {
            return ("\(error)", steps.count)
        }
        return nil
    }

    /// The fewest steps found that still end in a disagreement (delta debugging: Zeller and
    /// Hildebrandt, 2002), as a scenario.
    package func shrink(_ failure: Failure) -> (steps: [Step], mismatch: String)? {
        let draining = failure.isOfDrain
        guard let (first, count) = self.failure(of: failure.steps, draining: draining) else { return nil }
        var mismatch = first
        var steps = Array(failure.steps.prefix(count))
        // A disagreement about one payment seldom needs the others.
        if let payment = steps.last?.payment {
            let own = steps.filter { $0.payment == nil || $0.payment == payment }
            if let (found, length) = self.failure(of: own, draining: draining) {
                (steps, mismatch) = (Array(own.prefix(length)), found)
            }
        }
        reduce(&steps, &mismatch, draining: draining)
        // Fewer steps are needed for a payment that is large enough from the beginning, or captured
        // at once.
        for place in steps.indices {
            guard place < steps.count, case .create(let payment, let creation) = steps[place] else { continue }
            for simpler in creation.simpler {
                var candidate = steps
                candidate[place] = .create(payment, simpler)
                guard let (found, length) = self.failure(of: candidate, draining: draining) else { continue }
                candidate = Array(candidate.prefix(length))
                var explained = found
                reduce(&candidate, &explained, draining: draining)
                if candidate.count < steps.count { (steps, mismatch) = (candidate, explained) }
            }
        }
        return (steps, mismatch)
    }

    /// Leaves steps out as long as a disagreement stays.
    private func reduce(_ steps: inout [Step], _ mismatch: inout String, draining: Bool) {
        var size = max(1, steps.count / 2)
        while true {
            var start = 0
            var hasShrunk = false
            while start < steps.count {
                let candidate = Array(steps[..<start] + steps[min(steps.count, start + size)...])
                if let (found, length) = self.failure(of: candidate, draining: draining) {
                    (steps, mismatch) = (Array(candidate.prefix(length)), found)
                    hasShrunk = true
                } else {
                    start += size
                }
            }
            if size == 1, !hasShrunk { break }
            if !hasShrunk || size > steps.count { size = max(1, size / 2) }
        }
    }

    /// The steps as a file for `Tests/ShardTests/Scenarios`.
    package func scenario(_ steps: [Step], _ mismatch: String) -> String {
        "# Seed \(seed): \(mismatch)\n\(configurationText)\n" + steps.map { "\n> \($0)\n" }.joined()
    }
}

extension ShardDriver {
    func hasWaitingCall(_ payment: Int) -> Bool { payments[payment].map { waiting[$0.id] != nil } ?? false }
}
