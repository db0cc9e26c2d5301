import Ledger
import Money
import Payments
import Testing

@Suite("Splits")
struct SplitsTests {
    private func seller(_ text: String) throws -> SellerName { try #require(SellerName(text)) }

    @Test("Parts are rounded down, what basis points lose is the platform's, all else is the merchant's")
    func rounding() throws {
        let third = SplitRequest.Share.basisPoints(3_333)
        let requests = try ["a", "b", "c"].map { SplitRequest(seller: try seller($0), share: third) }
        let allocation = try #require(SplitAllocation(requests, captureMinor: 100, feeMinor: 0))
        #expect(allocation.parts.map(\.amountMinor) == [33, 33, 33] && allocation.residueMinor == 0)
        let half = try ["a", "b"].map { SplitRequest(seller: try seller($0), share: .basisPoints(5_000)) }
        let odd = try #require(SplitAllocation(half, captureMinor: 101, feeMinor: 0))
        #expect(odd.parts.map(\.amountMinor) == [50, 50] && odd.residueMinor == 1)
        #expect(SplitAllocation(half + requests, captureMinor: 101, feeMinor: 0) == nil)
    }

    @Test(
        "Ten thousand random plans: parts, residue and fee never exceed the capture, and no exact plan loses more than a unit each"
    )
    func sums() throws {
        var state: UInt64 = 3
        func next(_ bound: UInt64) -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state >> 33) % bound
        }
        let names = try ["a", "b", "c", "d"].map { try seller($0) }
        for _ in 0..<10_000 {
            let capture = Int64(next(10_000)) + 1
            let fee = Int64(next(UInt64(capture) + 1))
            let requests = names.prefix(Int(next(5))).map { name in
                SplitRequest(
                    seller: name,
                    share: next(2) == 0 ? .amount(Int64(next(4_000)) + 1) : .basisPoints(UInt16(next(5_000)) + 1)
                )
            }
            let clamped = try #require(SplitAllocation(requests, captureMinor: capture, feeMinor: fee, clamps: true))
            let sum = clamped.parts.reduce(clamped.residueMinor) { $0 + $1.amountMinor }
            #expect(sum <= capture - fee && clamped.residueMinor >= 0)
            guard let exact = SplitAllocation(requests, captureMinor: capture, feeMinor: fee) else { continue }
            #expect(exact == clamped && exact.residueMinor <= Int64(requests.count))
        }
    }

    @Test("Settled in any pieces, each seller has all of its part in the end, and never more")
    func settlement() throws {
        let captured: Int64 = 1_000
        let whole = try [("a", 333), ("b", 100), ("c", 7)].enumerated().map { index, part in
            PaymentSplit(seller: try seller(part.0), owner: UInt64(index + 1), amountMinor: Int64(part.1))
        }
        for piece in [1, 7, 250, 333, 999, 1_000] as [Int64] {
            var splits = whole
            var settled: Int64 = 0
            var given: [UInt64: Int64] = [:]
            while settled < captured {
                let amount = min(captured - settled, piece)
                let outstanding = captured - settled
                settled += amount
                let step = PaymentSplit.settle(splits, amountMinor: amount, outstandingMinor: outstanding)
                splits = step.splits
                for part in step.parts { given[part.owner, default: 0] += part.amountMinor }
                #expect(splits.allSatisfy { $0.settledMinor <= $0.amountMinor })
            }
            #expect(given == [1: 333, 2: 100, 3: 7])
        }
    }

    @Test("Details keep splits, plan and reason beside other fields, and read them back")
    func details() throws {
        var details = PaymentDetails()
        details.append(.reference, "order-1")
        details.append(manual: .cash, reason: "till 4")
        let plan = [
            SplitRequest(seller: try seller("a"), share: .amount(5)),
            SplitRequest(seller: try seller("b.c-d_1"), share: .basisPoints(10_000)),
        ]
        details.append(plan: plan)
        let packed = details.bytes
        #expect(PaymentDetails.plan(in: packed.span) == plan)
        #expect(PaymentDetails.manual(in: packed.span)?.method == .cash)
        let splits = [
            PaymentSplit(seller: try seller("a"), owner: 9, amountMinor: 5, settledMinor: 2),
            PaymentSplit(seller: nil, owner: 0, amountMinor: 1),
        ]
        let replaced = PaymentDetails.endingPlan(in: packed.span, splits: splits).bytes
        #expect(PaymentDetails.splits(in: replaced.span) == splits && PaymentDetails.plan(in: replaced.span).isEmpty)
        #expect(PaymentDetails.manual(in: replaced.span)?.method == .cash)
        for length in 0..<replaced.count {
            let cut = Array(replaced.prefix(length))
            #expect(PaymentDetails.splits(in: cut.span).count <= 2)
        }
    }
}
