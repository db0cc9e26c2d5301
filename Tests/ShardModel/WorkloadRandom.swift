import Money
import Payments
import ShardCore

/// SplitMix64, and what a step may be.
struct WorkloadRandom: RandomNumberGenerator {
    var state: UInt64
    /// What pays or is paid, so that none makes the others rarer: cards alone, cards with sellers,
    /// wallets and what fills them.
    enum Pool: Int, CaseIterable {
        case plain, shared, funded
    }

    private var created = 0
    /// Which payments the step is about.
    var pool = Pool.plain
    /// Of each pool: the payments; the one that much happens to now; the one that was disputed
    /// last.
    private var numbers = [[Int]](repeating: [], count: Pool.allCases.count)
    private var focus = [Int](repeating: 0, count: Pool.allCases.count)
    private var lastDisputed = [Int](repeating: 0, count: Pool.allCases.count)
    var disputed: Int {
        get { lastDisputed[pool.rawValue] }
        set { lastDisputed[pool.rawValue] = newValue }
    }
    /// Who was to get something lately.
    var shared: [(merchant: UInt64, seller: String, currency: Currency)] = []
    /// How many of each were asked for.
    var payouts = 0
    var quotes = 0
    var wallets = 0

    /// Seeds that are near each other begin far apart: the generator goes on in steps of one
    /// number, so a multiple of that would give every seed the same draws, a few places on.
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

    /// What part of the steps is about pay-outs and exchange, payments with sellers, and wallets,
    /// of a thousand.
    private static let shares = (treasury: 60, shared: 60, funded: 60)

    mutating func step(_ driver: borrowing ShardDriver) -> Step {
        pool = .plain
        switch below(1_000) {
        case ..<Self.shares.treasury: return treasury(driver)
        case ..<(Self.shares.treasury + Self.shares.shared):
            pool = .shared
            return special(driver)
        case ..<(Self.shares.treasury + Self.shares.shared + Self.shares.funded):
            pool = .funded
            return chance(12) ? .treasury(wallet()) : special(driver)
        default: return payment(driver)
        }
    }

    /// As `payment`, with no time and no restarts of its own.
    private mutating func special(_ driver: borrowing ShardDriver) -> Step {
        switch below(930) {
        case ..<90: return creation(driver)
        case ..<500: if let step = answer(driver) { return step }
        case ..<690: return operation(driver)
        case ..<750:
            // What is captured is settled, mostly all of it.
            let payment = recent()
            guard let view = driver.glance(payment), view.capturedMinor > view.settledMinor else { break }
            let left = view.capturedMinor - view.settledMinor
            return .event(payment, Step.Event(.settlementMatched, amount: chance(60) ? left : part(of: left)))
        case ..<890: return event(recent(), driver)
        case ..<910: return .again
        default: return .read(recent())
        }
        return operation(driver)
    }

    private mutating func payment(_ driver: borrowing ShardDriver) -> Step {
        if !driver.questions.isEmpty, chance(40) { return .score(chance(15) ? nil : UInt8(below(101))) }
        switch below(1_000) {
        case ..<70: return creation(driver)
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

    /// Mostly one of the newest, so that payments get far; often the same one as before, so that
    /// some get very far; sometimes any.
    private mutating func recent() -> Int {
        let (pool, count) = (pool.rawValue, numbers[pool.rawValue].count)
        guard count > 0 else { return 1 }
        if chance(25) {
            if focus[pool] == 0 || chance(4) { focus[pool] = numbers[pool][max(0, count - 1 - below(40))] }
            return focus[pool]
        }
        return numbers[pool][chance(95) ? max(0, count - 1 - below(40)) : below(count)]
    }

    private mutating func creation(_ driver: borrowing ShardDriver) -> Step {
        created += 1
        var creation = Step.Creation(
            amount: Int64(1 + below(chance(10) ? 20 : 100_000)),
            currency: Self.currencies[below(3)],
            captures: chance(40)
        )
        creation.acceptsPartial = chance(30)
        creation.fee = UInt16(chance(10) ? 10_000 : below(1_000))
        creation.merchant = merchant()
        creation.async = chance(10)
        if chance(40) { creation.route = Self.routes[below(Self.routes.count)] }
        if pool == .shared, creation.captures { creation.splits = splits(creation.merchant, creation.currency) }
        if pool == .funded { fund(&creation, driver) }
        numbers[pool.rawValue].append(created)
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
        case ..<3:
            var splits: [SplitRequest] = []
            if pool == .shared ? chance(80) : pool == .funded && chance(2),
                let (_, merchant) = driver.payments[payment],
                let view = driver.glance(payment)
            {
                splits = self.splits(merchant, view.currency)
            }
            return .capture(payment, amount: amount, isFinal: chance(40), splits: splits)
        case 3: return .cancel(payment)
        case 4: return .increment(payment, Int64(1 + below(200_000)))
        case 5: return .confirm(payment)
        default: return .refund(payment, amount: amount)
        }
    }

    private mutating func splits(_ merchant: UInt64, _ currency: Currency) -> [SplitRequest] {
        var splits: [SplitRequest] = []
        for name in Self.sellers.shuffled(using: &self).prefix(1 + below(chance(5) ? 5 : 3)) {
            guard let seller = SellerName(name) else { continue }
            let isPart = chance(60)
            let points = UInt16(chance(10) ? 1 + below(10_000) : 1 + below(4_000))
            let amount = Int64(1 + below(chance(70) ? 2_000 : 40_000))
            splits.append(SplitRequest(seller: seller, share: isPart ? .basisPoints(points) : .amount(amount)))
            shared.append((merchant, name, currency))
        }
        if shared.count > 60 { shared.removeFirst(20) }
        return splits
    }

    static let sellers = ["a", "b", "c", "d", "e", "f", "g"]

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
