import Money
import Payments

/// SplitMix64, and what a step may be.
struct WorkloadRandom {
    var state: UInt64
    private var created = 0
    /// The payment that much happens to now.
    private var focus = 0
    /// The payment that was disputed last.
    var disputed = 0

    /// Seeds that are near each other begin far apart: the generator goes on in steps of one number, so a multiple of that would give
    /// every seed the same draws, a few places on.
    init(seed: UInt64) {
        state = seed
        state = next()
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }
    mutating func chance(_ percent: Int) -> Bool { below(100) < percent }

    mutating func step(_ driver: borrowing ShardDriver) -> Step {
        if !driver.questions.isEmpty, chance(40) { return .score(chance(15) ? nil : UInt8(below(101))) }
        switch below(1_000) {
        case ..<70: return creation()
        case ..<500: if let step = answer(driver) { return step }
        case ..<710: return operation(driver)
        case ..<860: return event(recent(), driver)
        case ..<900: return .again
        case ..<930: return .read(recent())
        case ..<990: return .wait(Int64(1 + below(20)) * 500)
        case ..<995: return .wait(Int64(1 + below(90)) * 60_000)
        case 995: return .wait(Int64(1 + below(36)) * 3_600_000)
        case 996: return .wait(86_400_000 * Int64(1 + below(4)))
        case 997: return chance(10) ? .restart : .snapshot
        case 998: return chance(20) ? .restore : .snapshot
        default: break
        }
        return operation(driver)
    }

    /// Mostly one of the newest, so that payments get far; often the same one as before, so that some get very far; sometimes any.
    private mutating func recent() -> Int {
        guard created > 0 else { return 1 }
        if chance(25) {
            if focus == 0 || chance(4) { focus = max(1, created - below(40)) }
            return focus
        }
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
        if chance(40) { creation.route = Self.routes[below(Self.routes.count)] }
        return .create(created, creation)
    }

    private mutating func operation(_ driver: borrowing ShardDriver) -> Step {
        let payment = recent()
        if driver.isHeld(payment), chance(70) { return chance(70) ? .approve(payment) : .reject(payment) }
        let amount: Int64? = chance(50) ? nil : Int64(1 + below(60_000))
        switch below(20) {
        case 0: return .approve(payment)
        case 1: return .reject(payment)
        default: break
        }
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

    private static let routes: [[UInt16]] = [[1, 2], [2, 1], [1, 2, 3], [2], [4, 3, 2, 1]]
    private static let codes: [DeclineCode] = [
        .insufficientFunds, .issuerUnavailable, .authorizationExpired, .alreadyCaptured, .authenticationRequired,
        .processingError,
    ]
    private static let doubts: [CallFailure] = [.timeout, .connectionLost, .streamReset, .serverError, .badResponse]
    private static let refusals: [CallFailure] = [.connectionFailed, .overloaded, .misconfigured, .rateLimited]

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
