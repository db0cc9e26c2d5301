import Payments
import ShardCore
import ShardHost

/// Ten days of a world in which everything is final. Now and then a shopper pays, the process
/// restarts, or runs of keys are written and merged. Merchants repeat requests of long ago.
struct OldKeys {
    enum Step {
        /// A request is made again and has the answer that it had.
        case repeated(request: Int)
        /// The same, `margin` before its time is over.
        case repeatedLast(request: Int)
        /// The key of a request is used for another one, `grace` after its time is over.
        case usedAnew(request: Int)
        /// A shopper pays, so that there is something to write.
        case shopper
        /// The process ends in the middle of it, and another one starts.
        case restart(power: Bool)
    }

    /// Microseconds before the end of a key's time. The shard's clock says in which second it ends.
    static let margin: Int64 = 5_000_000
    /// Microseconds after it: keys are forgotten a second later at a tick, and a quiet world has
    /// one every five seconds.
    static let grace: Int64 = 20_000_000
    /// Milliseconds before the end of a key's time. A merchant that repeats a request so early gets
    /// its answer before that end, however often the gateway refuses it.
    static let patience: Int64 = 590_000
    /// Requests that are made again.
    static let requests = 24
    static let shoppers = 16
    static let restarts = 6

    /// What is to come, the last first.
    private(set) var plan: [(time: Int64, step: Step)] = []
    /// The world fails if it lasts longer.
    let limit: Int64
    /// Until then something happens, or has happened just before.
    private var busyUntil: Int64 = 0

    init(_ steps: [(time: Int64, step: Step)], limit: Int64) {
        self.limit = limit
        plan = steps.enumerated().sorted { ($0.element.time, $0.offset) > ($1.element.time, $1.offset) }.map(\.element)
    }

    var isOver: Bool { plan.isEmpty }

    mutating func next(at now: Int64) -> Step? {
        guard let (time, step) = plan.last, time <= now else { return nil }
        plan.removeLast()
        busyUntil = now + 180_000_000
        return step
    }

    /// The step comes later than planned: the process is not up, or its clock is behind.
    mutating func postpone(_ step: Step, to time: Int64) {
        let place = plan.firstIndex { $0.time < time } ?? plan.count
        plan.insert((time, step), at: place)
    }

    /// Often while something happens; seldom between, to save the simulation's time.
    func tickInterval(_ now: Int64, isQuiet: Bool) -> Int64 {
        if !isQuiet { return 100_000 }
        if now < busyUntil { return 5_000_000 }
        return max(10_000, min(3_600_000_000, (plan.last?.time ?? now + 60_000_000) - now))
    }
}

extension World {
    /// Everything is final. Plans the days until the keys are forgotten.
    /// - Returns: false when that is over, or is no part of this world.
    func beginOldKeys() -> Bool {
        // When segments are gone too early, stored answers are gone, too. Another check is to find
        // that defect.
        guard scenario.hasOldKeys, scenario.planted != .neighbourRetired, oldKeys == nil, violation == nil else {
            return false
        }
        var random = SimRandom(seed: scenario.seed, .oldKeys)
        let end = now + Int64(Self.keySeconds) * 1_000_000
        var steps: [(Int64, OldKeys.Step)] = []
        let candidates = requests.indices.filter { number in
            requests[number].final?.variant == Attempt.Variant.original.rawValue
                && books(of: number).expiry(of: key(number)) != nil
        }
        for place in 0..<min(OldKeys.requests, candidates.count) {
            let number = candidates[place * candidates.count / min(OldKeys.requests, candidates.count)]
            guard let expiry = books(of: number).expiry(of: key(number)) else { continue }
            let forgotten = (expiry * 1_000 - Self.epoch - wallOffset) * 1_000
            steps.append((random.between(now, max(now, forgotten - 600_000_000)), .repeated(request: number)))
            steps.append((forgotten - OldKeys.margin, .repeatedLast(request: number)))
            if requests[number].kind == .create { steps.append((forgotten, .usedAnew(request: number))) }
        }
        for place in 0..<OldKeys.shoppers {
            steps.append((now + (end - now) / Int64(OldKeys.shoppers) * Int64(place), .shopper))
        }
        for _ in 0..<OldKeys.restarts {
            let power = random.chance(500_000)
            let time = random.between(now, end - 3_600_000_000)
            guard scenario.faults.contains(power ? .power : .kill) else { continue }
            steps.append((time, .restart(power: power)))
        }
        trace.note("old keys", at: now, of: steps.count)
        oldKeys = OldKeys(steps, limit: end + 3 * 86_400_000_000)
        scheduleOldKey()
        return true
    }

    private func scheduleOldKey() {
        guard let next = oldKeys?.plan.last?.time else { return }
        queue.schedule(.oldKey, at: max(now, next))
    }

    func nextOldKey() {
        defer { scheduleOldKey() }
        guard let step = oldKeys?.next(at: now) else { return }
        guard let gateway, gateway.isUp, let host = gateway.shards[place(of: step)].host else {
            oldKeys?.postpone(step, to: now + 1_000_000)
            return
        }
        let shardTime = gateway.clock() + host.clockAhead
        switch step {
        case .repeated(let number): askAgainForOldKey(number, shardTime)
        case .repeatedLast(let number):
            guard reaches(step, of: number, margin: -OldKeys.margin, at: shardTime) else { return }
            askAgainForOldKey(number, shardTime)
        case .usedAnew(let number):
            guard reaches(step, of: number, margin: OldKeys.grace, at: shardTime) else { return }
            useAnew(number)
        case .shopper: payLate(merchant: UInt64(intents.count % scenario.merchants) + 1, keyOf: nil)
        case .restart(let power): restart(gateway, power: power, step)
        }
    }

    /// The shard that a step is about.
    private func place(of step: OldKeys.Step) -> Int {
        switch step {
        case .repeated(let number), .repeatedLast(let number), .usedAnew(let number):
            shard(of: requests[number].merchant)
        case .shopper, .restart: 0
        }
    }

    /// Whether the shard's time has come that near to the end of the key's time. If it has not, the
    /// step is postponed.
    private func reaches(
        _ step: OldKeys.Step,
        of number: Int,
        margin: Int64,
        at shardTime: Int64
    ) -> Bool {
        guard let expiry = books(of: number).expiry(of: key(number)) else { return false }
        let missing = expiry * 1_000 + margin / 1_000 - shardTime
        guard missing > 0 else { return true }
        // The shard's time may go at half the pace of the clock.
        oldKeys?.postpone(step, to: now + missing * 1_000)
        return false
    }

    /// The answer is the one that was given, whatever memory and disk have gone through since.
    private func askAgainForOldKey(_ number: Int, _ shardTime: Int64) {
        guard let expiry = books(of: number).expiry(of: key(number)), shardTime < expiry * 1_000 - 1_000,
            requests[number].current == nil
        else { return }
        if requests[number].timeLeftForRepeat == nil {
            requests[number].timeLeftForRepeat = expiry * 1_000 - shardTime
        }
        counts.oldKeys += 1
        trace.note("old key", at: now, of: number)
        requests[number].wasAnsweredInCalm = false
        queue.schedule(.send(request: number), at: now)
    }

    /// Whether the time of an answered request's key is over. That may happen to a merchant that
    /// asked just before and was refused. It does not ask again for that answer, because the key
    /// would be a new one.
    func isForgotten(_ number: Int) -> Bool {
        guard oldKeys != nil, requests[number].final != nil else { return false }
        if requests.contains(where: { $0.keyOf == number }) { return true }
        guard let gateway,
            let host = gateway.shards[shard(of: requests[number].merchant)].host,
            let expiry = books(of: number).expiry(of: key(number))
        else { return false }
        return gateway.clock() + host.clockAhead >= expiry * 1_000 - 1_000
    }

    /// A repeat is not sent any more, because its key is forgotten. That may only happen to a
    /// repeat that was first sent shortly before.
    func noteRepeatGivenUp(_ number: Int) {
        guard let left = requests[number].timeLeftForRepeat else { return }
        requests[number].timeLeftForRepeat = nil
        guard left >= OldKeys.patience else { return }
        fail("request \(number) was repeated \(left / 1_000) s before its key was forgotten, and never answered")
    }

    /// A forgotten key is a new one, whatever the runs on the disk still hold.
    private func useAnew(_ number: Int) {
        counts.forgottenKeys += 1
        trace.note("forgotten key", at: now, of: number)
        payLate(merchant: requests[number].merchant, keyOf: number)
    }

    private func payLate(merchant: UInt64, keyOf: Int?) {
        var random = SimRandom(seed: scenario.seed &+ UInt64(intents.count) &* 0x9E37_79B9, .oldKeys)
        intents.append(Intent(merchant: merchant, captures: true, method: "tok_visa"))
        counts.payments += 1
        begin(.create, intents.count - 1, amount: nil, random: &random)
        requests[requests.count - 1].keyOf = keyOf
    }

    /// Not while somebody waits for an answer, nor shortly before somebody asks for the last time.
    private func restart(_ process: GatewayProcess, power: Bool, _ step: OldKeys.Step) {
        let soon = oldKeys?.plan.contains { entry in
            guard entry.time < now + 120_000_000, case .repeatedLast = entry.step else { return false }
            return true
        }
        guard openRequests == 0, soon != true, requests.allSatisfy({ $0.current == nil }) else {
            oldKeys?.postpone(step, to: now + 60_000_000)
            return
        }
        if power { counts.powerFailures += 1 } else { counts.kills += 1 }
        end(process, power: power)
    }
}
