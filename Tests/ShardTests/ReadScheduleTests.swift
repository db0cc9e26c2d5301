import Payments
import Testing

@testable import ShardHost

@Suite("Turns of reads off the loop")
struct ReadScheduleTests {
    private static let bounds = ReadSchedule<Int>.Bounds(total: 10, ofMerchant: 8, running: 4)

    private func merchant(_ number: UInt64) -> MerchantID { MerchantID(rawValue: number) }

    private func admit(_ schedule: inout ReadSchedule<Int>, job: Int, _ kind: ReadKind, of number: UInt64) -> String {
        switch schedule.admit(job, kind, of: merchant(number)) {
        case .run(let job): "run \(job)"
        case .waits: "waits"
        case .full: "full"
        case .merchantFull: "merchant full"
        }
    }

    @Test("A kind that is full refuses its own reads alone, and a merchant with its share only that merchant's")
    func bounds() {
        var schedule = ReadSchedule<Int> { _ in Self.bounds }
        let answers = (0..<9).map { admit(&schedule, job: $0, .ledger, of: 7) }
        #expect(answers == ["run 0", "run 1"] + Array(repeating: "waits", count: 6) + ["merchant full"])
        #expect(
            admit(&schedule, job: 10, .ledger, of: 8) == "run 10"
                && admit(&schedule, job: 11, .ledger, of: 9) == "run 11"
        )
        #expect(admit(&schedule, job: 12, .ledger, of: 8) == "full" && schedule.count(.ledger) == 10)
        for kind in [ReadKind.storedAnswer, .coldPayment, .timeline] {
            #expect(admit(&schedule, job: 13, kind, of: 7) == "run 13" && schedule.count(kind) == 1)
        }
        #expect(schedule.count == 13 && schedule.capacity(.ledger) == 10)
    }

    @Test("Merchants take turns, however many reads one has; each one's are in order")
    func turns() {
        var schedule = ReadSchedule<Int> { _ in Self.bounds }
        for job in 0..<6 { _ = admit(&schedule, job: job, .timeline, of: 7) }
        #expect(
            admit(&schedule, job: 20, .timeline, of: 8) == "run 20"
                && admit(&schedule, job: 30, .timeline, of: 9) == "run 30"
        )
        #expect(
            admit(&schedule, job: 31, .timeline, of: 9) == "waits"
                && admit(&schedule, job: 21, .timeline, of: 8) == "waits"
        )
        var order: [Int] = []
        var running: [(job: Int, merchant: UInt64)] = [(0, 7), (20, 8), (1, 7), (30, 9)]
        while !running.isEmpty {
            let ended = running.removeFirst()
            guard let next = schedule.ended(.timeline, of: merchant(ended.merchant)) else { continue }
            order.append(next.job)
            running.append((next.job, next.merchant.rawValue))
        }
        // Merchant 9 and 8 waited before 7 might run another one.
        #expect(order == [31, 21, 2, 3, 4, 5] && schedule.count == 0)
    }

    @Test("Random reads: each that is admitted runs once, never more than may, and in its merchant's order")
    func random() {
        var schedule = ReadSchedule<Int> { _ in Self.bounds }
        var state: UInt64 = 5
        func next(_ bound: UInt64) -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state >> 33) % bound
        }
        var running: [(job: Int, merchant: UInt64)] = []
        var waiting: [UInt64: [Int]] = [:]
        for job in 0..<20_000 {
            if next(2) == 0 || running.isEmpty {
                let number = next(3)
                switch schedule.admit(job, .storedAnswer, of: merchant(number)) {
                case .run(let job): running.append((job, number))
                case .waits: waiting[number, default: []].append(job)
                case .full, .merchantFull: #expect(schedule.count(.storedAnswer) >= 8)
                }
            } else {
                let ended = running.remove(at: Int(next(UInt64(running.count))))
                if let begun = schedule.ended(.storedAnswer, of: merchant(ended.merchant)) {
                    let number = begun.merchant.rawValue
                    #expect(waiting[number]?.first == begun.job)
                    waiting[number]?.removeFirst()
                    running.append((begun.job, number))
                }
            }
            let waits = waiting.values.reduce(0) { $0 + $1.count }
            #expect(running.count <= 4 && schedule.count == running.count + waits)
            for number in 0..<UInt64(3) {
                let mine = running.filter { $0.merchant == number }.count
                #expect(mine <= 2)
                // Who waits, waits for a reason.
                if waiting[number]?.isEmpty == false { #expect(mine == 2 || running.count == 4) }
            }
        }
    }
}
