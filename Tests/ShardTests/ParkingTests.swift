import Payments
import ShardRecords
import ShardState
import Testing

@testable import ShardCore

@Suite("Commands that wait for the disk")
struct ParkingTests {
    /// A command of merchant `merchant`, or of an operator for nil.
    private func command(_ number: UInt64, merchant: UInt64?) -> Command {
        Command(
            kind: .query(.balance),
            merchant: MerchantID(rawValue: merchant ?? 0),
            requestID: RequestID(high: 0, low: number),
            key: nil,
            fingerprint: nil,
            reply: ReplyToken(loop: 0, connection: 0, generation: 0, stream: UInt32(number)),
            operatorShard: merchant == nil ? 1 : nil
        )
    }

    @Test func `commands leave in the order in which they came, and only those of their item`() {
        var parking = Parking<Int>(capacity: 64, merchantLimit: 64)
        let isFirst = (1...4).map { parking.park(command($0, merchant: 7), for: Int($0) % 2) }
        #expect(isFirst == [true, true, false, false] && parking.count == 4)
        #expect(parking.isAwaited(1) && !parking.isAwaited(2))
        let (odd, again) = (parking.take(1), parking.take(1))
        #expect(odd.map(\.requestID.low) == [1, 3] && again.isEmpty)
        #expect(!parking.isAwaited(1) && parking.occupancy == .init(count: 2, capacity: 64, largestMerchant: 2))
        let even = parking.take(0)
        #expect(even.map(\.requestID.low) == [2, 4])
        #expect(parking.occupancy == .init(count: 0, capacity: 64, largestMerchant: 0))
    }

    @Test func `the last places are for operators`() {
        var parking = Parking<Int>(capacity: 64, merchantLimit: 64)
        for number in 0..<62 {
            #expect(parking.hasRoom(for: command(0, merchant: 7)))
            _ = parking.park(command(0, merchant: 7), for: number)
        }
        #expect(!parking.hasRoom(for: command(0, merchant: 8)))
        for number in 62..<64 {
            #expect(parking.hasRoom(for: command(0, merchant: nil)))
            _ = parking.park(command(0, merchant: nil), for: number)
        }
        #expect(!parking.hasRoom(for: command(0, merchant: nil)) && parking.occupancy.largestMerchant == 62)
    }

    @Test func `a merchant has its share, and an operator has none to use up`() {
        var parking = Parking<Int>(capacity: 64, merchantLimit: 2)
        for _ in 0..<2 {
            #expect(!parking.isShareUsed(by: command(0, merchant: 7)))
            _ = parking.park(command(0, merchant: 7), for: 1)
        }
        for _ in 0..<3 { _ = parking.park(command(0, merchant: nil), for: 1) }
        #expect(parking.isShareUsed(by: command(0, merchant: 7)))
        #expect(!parking.isShareUsed(by: command(0, merchant: 8)))
        #expect(!parking.isShareUsed(by: command(0, merchant: nil)))
        let taken = parking.take(1)
        #expect(taken.count == 5)
        #expect(!parking.isShareUsed(by: command(0, merchant: 7)))
    }

    @Test func `an item counts once, for the merchant that asked for it first`() {
        var parking = ItemParking(capacity: 64, merchantLimit: 64)
        let (one, two) = (ColdItem(.payment, sequence: 1), ColdItem(.payment, sequence: 2))
        let payout = ColdItem(.payout, sequence: 1)
        let (first, second) = (MerchantID(rawValue: 7), MerchantID(rawValue: 8))
        let isFirst = [
            parking.park(command(1, merchant: 7), for: one), parking.park(command(2, merchant: 8), for: one),
            parking.park(command(3, merchant: 8), for: payout), parking.park(command(4, merchant: nil), for: two),
            parking.park(command(5, merchant: 8), for: two),
        ]
        #expect(isFirst == [true, false, true, true, false])
        #expect(parking.items(of: .payment) == 2 && parking.items(of: .payment, for: first) == 1)
        #expect(parking.items(of: .payment, for: second) == 0 && parking.items(of: .payout, for: second) == 1)
        let ofTwo = parking.take(two)
        #expect(ofTwo.map(\.requestID.low) == [4, 5])
        #expect(parking.items(of: .payment) == 1 && parking.items(of: .payment, for: first) == 1)
        let (ofOne, again) = (parking.take(one), parking.take(one))
        #expect(ofOne.map(\.requestID.low) == [1, 2] && again.isEmpty)
        #expect(parking.items(of: .payment) == 0 && parking.items(of: .payment, for: first) == 0)
        #expect(parking.items(of: .payout) == 1 && parking.commands.count == 1)
    }
}
