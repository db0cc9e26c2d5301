import Money
import Payments
package import Time

extension RiskPolicy {
    /// The assessment of a payment about to be made. Changes nothing: `count` changes the counters,
    /// from the journaled record.
    ///
    /// The order is this. A customer under sanctions gets at least the band `sanctions`. A payment
    /// on a block list is blocked. A payment on an allow list is allowed, without rules and without
    /// the scorer. Then the scores of the rules that fit are added up.
    /// - Parameters:
    ///   - details: the payment's packed details.
    package func assess(
        _ facts: RiskFacts,
        details: Span<UInt8>,
        _ counters: borrowing RiskCounters?,
        at now: Timestamp
    ) -> RiskAssessment {
        let subjects = RiskSubjects(details)
        let customer = details.extracting(subjects.customer)
        var assessment = RiskAssessment(band: .allow, score: 0, reasons: [], asksScorer: false)
        let name = lists.foldedDigest(of: customer, key)
        if lists.sanctionedCustomers.contains(name) {
            assessment.band = sanctions
            assessment.reasons.append(RiskReason.sanctions)
        }
        let paymentMethod = details.extracting(subjects.paymentMethod)
        if lists.blockedPaymentMethods.contains(paymentMethod, key) || lists.blockedCustomers.contains(name) {
            assessment.band = .block
            assessment.score = 100
            assessment.reasons.append(RiskReason.blockList)
            return assessment
        }
        if lists.allowedPaymentMethods.contains(paymentMethod, key) || lists.allowedCustomers.contains(customer, key) {
            assessment.reasons.append(RiskReason.allowList)
            return assessment
        }
        apply(facts, details: details, subjects: subjects, counters: counters, at: now, to: &assessment)
        assessment.band = max(assessment.band, bands.band(of: assessment.score))
        assessment.asksScorer = scorer != nil && assessment.band < .block
        return assessment
    }

    private func apply(
        _ facts: RiskFacts,
        details: Span<UInt8>,
        subjects: RiskSubjects,
        counters: borrowing RiskCounters?,
        at now: Timestamp,
        to assessment: inout RiskAssessment
    ) {
        var total = 0
        for index in rules.indices {
            let fits: Bool
            switch rules[index].condition {
            case .amount(let limit, let currency):
                fits = facts.currency == currency && facts.amountMinor > limit
            case .count(_, _, let limit), .sum(_, _, let limit, _):
                guard let number = meterOfRule[index], let added = meters[number].amount(of: facts),
                    let digest = meters[number].digest(facts, details: details, subjects: subjects, key: key)
                else { continue }
                let (value, overflow) = (counters?.value(digest, width: meters[number].width, at: now) ?? 0)
                    .addingReportingOverflow(added)
                fits = overflow || value > limit
            }
            guard fits else { continue }
            total += Int(rules[index].score)
            assessment.reasons.append(rules[index].name)
        }
        assessment.score = UInt8(min(100, total))
        assessment.countersWereFull = !hasRoom(for: facts, details, subjects: subjects, counters: counters, at: now)
        guard assessment.countersWereFull, whenCountersAreFull > .allow else { return }
        assessment.band = max(assessment.band, whenCountersAreFull)
        assessment.reasons.append(RiskReason.countersFull)
    }

    /// Whether everything about the payment can be counted.
    private func hasRoom(
        for facts: RiskFacts,
        _ details: Span<UInt8>,
        subjects: RiskSubjects,
        counters: borrowing RiskCounters?,
        at now: Timestamp
    ) -> Bool {
        // Nearly always there is room for all meters, and none needs to be looked at.
        guard counters?.hasRoom(for: meters.count, of: facts.merchant, at: now) == false else { return true }
        var new = 0
        for meter in meters where meter.amount(of: facts) != nil {
            guard let digest = meter.digest(facts, details: details, subjects: subjects, key: key) else { continue }
            if counters?.contains(digest) == false { new += 1 }
        }
        return new == 0 || counters?.hasRoom(for: new, of: facts.merchant, at: now) != false
    }

    /// Counts a payment that was made, whatever its assessment is.
    /// - Returns: how many counters found no room.
    @discardableResult
    package func count(
        _ facts: RiskFacts,
        details: Span<UInt8>,
        in counters: inout RiskCounters?,
        at time: Timestamp
    ) -> Int {
        guard counters != nil else { return 0 }
        let subjects = RiskSubjects(details)
        var lost = 0
        for meter in meters {
            guard let amount = meter.amount(of: facts),
                let digest = meter.digest(facts, details: details, subjects: subjects, key: key)
            else {
                continue
            }
            let isCounted = counters?.add(amount, to: digest, of: facts.merchant, width: meter.width, at: time)
            if isCounted == false { lost += 1 }
        }
        return lost
    }

    /// The verdict with the scorer's answer: the higher of the two scores counts, and no earlier
    /// reason is dropped.
    package func combine(_ before: RiskAssessment, _ answer: ScoreOutcome) -> RiskAssessment {
        var after = before
        after.asksScorer = false
        switch answer {
        case .scored(let score, let reasons):
            after.score = max(before.score, min(100, score))
            after.band = max(before.band, bands.band(of: after.score))
            after.reasons += reasons
        case .failed:
            // If there is no scorer now, a reload removed the one that was asked. Then a manual
            // review decides.
            after.band = max(before.band, scorer?.onFailure ?? .review)
            after.reasons.append(RiskReason.scorerFailed)
        }
        return after
    }
}

/// Where in a payment's packed details its subjects stand; an empty range where one is missing.
struct RiskSubjects {
    var paymentMethod = 0..<0
    var customer = 0..<0

    init(_ details: Span<UInt8>) {
        var paymentMethod = 0..<0
        var customer = 0..<0
        PaymentDetails.forEachField(in: details) { field, range in
            switch field {
            case .paymentMethod: paymentMethod = range
            case .customer: customer = range
            case .description, .reference, .statementDescriptor, .metadataKey, .metadataValue, .risk, .wallet,
                .splitPlan, .split, .manual, .appliedEvents, .olderEvents, .endedAttempt, .returnData:
                break
            }
        }
        self.paymentMethod = paymentMethod
        self.customer = customer
    }
}

extension RiskMeter {
    /// What a payment adds; nil when the meter does not count it.
    func amount(of facts: RiskFacts) -> UInt64? {
        guard let currency else { return 1 }
        return currency == facts.currency ? UInt64(facts.amountMinor) : nil
    }

    /// The counter of a payment; nil when it has no such subject.
    func digest(_ facts: RiskFacts, details: Span<UInt8>, subjects: RiskSubjects, key: RiskKey) -> RiskDigest? {
        let merchant = facts.merchant.rawValue
        switch subject {
        case .merchant:
            return RiskDigest(key, first: identity, second: merchant, bytes: Span())
        case .paymentMethod:
            guard !subjects.paymentMethod.isEmpty else { return nil }
            return RiskDigest(key, first: identity, second: merchant, bytes: details.extracting(subjects.paymentMethod))
        case .customer:
            guard !subjects.customer.isEmpty else { return nil }
            return RiskDigest(key, first: identity, second: merchant, bytes: details.extracting(subjects.customer))
        case .amount:
            var value = (facts.amountMinor.littleEndian, Int64(facts.currency.numericCode).littleEndian)
            return withUnsafeBytes(of: &value) { bytes in
                RiskDigest(key, first: identity, second: merchant, bytes: bytes.bindMemory(to: UInt8.self).span)
            }
        }
    }
}
