import Payments
import ShardRecords
import Testing
import Time

@testable import ShardState

/// The table of operations that wait, and the shares of merchants.
@Suite("The table of waiting operations")
struct WaitingOperationsTests {
    private static func operation(_ payment: Int, tries: UInt16 = 0) -> WaitingOperation {
        WaitingOperation(
            RunningOperation(
                payment: Index(payment),
                refund: OptionalIndex(stored: UInt32(payment % 3)),
                operation: .capture,
                ordinal: UInt16(payment % 7) + 1,
                attempt: 1,
                amountMinor: Int64(payment) * 10,
                key: payment % 2 == 0
                    ? nil
                    : RequestKey(
                        digest: KeyDigest(high: 1, low: UInt64(payment)),
                        fingerprint: Fingerprint(high: 2, low: 3),
                        requestID: RequestID(high: 4, low: 5)
                    ),
                step: .waiting,
                staysOpen: payment % 5 == 0,
                hasSplitPlan: payment % 4 == 0,
                isUncertain: true,
                isKnownToProvider: payment % 3 == 0,
                tries: tries,
                replays: 2,
                startedAt: 1_000,
                reservedBytes: 20_480,
                sentAt: 2_000
            )
        )
    }

    @Test("an entry takes 96 bytes")
    func size() { #expect(MemoryLayout<WaitingOperation?>.stride == 96) }

    @Test("an operation comes out as it went in, marked as a resolution")
    func roundTrip() {
        for payment in 1...60 {
            let operation = Self.operation(payment)
            let running = operation.running(reservedBytes: 4_096)
            #expect(running.isResolution && running.reply == nil && running.reservedBytes == 4_096)
            #expect(running.payment.position == payment && running.key == operation.key && running.isUncertain)
            #expect(running.staysOpen == (payment % 5 == 0) && running.hasSplitPlan == (payment % 4 == 0))
            #expect(running.isKnownToProvider == (payment % 3 == 0) && running.replays == 2)
            #expect(WaitingOperation(running) == operation)
        }
    }

    @Test("agrees with a dictionary through arrivals, departures and searches")
    func againstDictionary() {
        var table = WaitingOperations(capacity: 5_000, share: MerchantShare(percent: 60))
        var model: [Int: (payment: Int, merchant: UInt64, dueAt: Timestamp)] = [:]
        var seed: UInt64 = 20_261_129
        func random(_ bound: Int) -> Int {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(seed >> 33) % bound
        }
        for step in 0..<20_000 {
            if random(3) > 0 || model.isEmpty {
                let merchant = UInt64(random(4))
                let due = Timestamp(milliseconds: Int64(random(1_000)))
                guard table.hasRoom(for: MerchantID(rawValue: merchant)) else { continue }
                let slot = table.insert(Self.operation(step), of: MerchantID(rawValue: merchant), dueAt: due)
                #expect(model[slot] == nil)
                model[slot] = (step, merchant, due)
            } else {
                var looks = table.slotCount
                let time = Timestamp(milliseconds: Int64(random(1_000)))
                guard let slot = table.nextDue(by: time, looks: &looks) else {
                    #expect(!model.values.contains { $0.dueAt <= time })
                    continue
                }
                #expect(model[slot].map { $0.dueAt <= time } == true)
                #expect(table.remove(slot) == Self.operation(model[slot]?.payment ?? -1))
                model[slot] = nil
            }
            #expect(table.count == model.count && table.count <= 5_000)
        }
        for merchant in 0..<4 as Range<UInt64> {
            let count = model.values.count { $0.merchant == merchant }
            #expect(table.count(of: MerchantID(rawValue: merchant)) == count && count <= 3_000)
        }
        var seen: Set<Int> = []
        table.forEach { slot, operation in
            #expect(model[slot]?.payment == operation.payment.position && seen.insert(slot).inserted)
        }
        #expect(seen.count == model.count && model.count > 100)
    }

    @Test("what is due is found within one round, whatever is in the way")
    func searchIsBounded() {
        var table = WaitingOperations(capacity: 10_000, share: MerchantShare(percent: 100))
        for payment in 0..<10_000 {
            let due: Timestamp = payment == 9_000 ? 5 : 1_000_000
            _ = table.insert(Self.operation(payment), of: MerchantID(rawValue: 1), dueAt: due)
        }
        var found: Int?
        var rounds = 0
        while found == nil, rounds < 11 {
            var looks = 1_024
            found = table.nextDue(by: 10, looks: &looks)
            rounds += 1
        }
        #expect(found.map { table[$0].payment.position } == 9_000 && rounds <= 10)
    }

    @Test("a share leaves something to the others, and never nothing to one", arguments: [1, 2, 3, 4, 100, 4_096])
    func share(capacity: Int) {
        #expect(MerchantShare(percent: 100).of(capacity) == capacity)
        let share = MerchantShare(percent: 75).of(capacity)
        #expect(share >= 1 && share <= capacity && (capacity < 4 || share == capacity - capacity / 4))
        #expect(MerchantShare(percent: 1).of(capacity) >= 1)
        #expect(MerchantShare(percent: 75).of(.max) < .max)
    }
}
