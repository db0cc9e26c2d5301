import Testing

@testable import Payments

/// Whatever changes a payment's details changes what it is told to change, and nothing else.
@Suite struct KeepingDetailsTests {
    private typealias Change = (name: String, touched: Set<UInt8>, apply: @Sendable ([UInt8]) -> [UInt8])

    private static let splits = [PaymentSplit(seller: SellerName("a"), owner: 9, amountMinor: 5)]

    /// Every function that makes details of other details.
    private static let changes: [Change] = [
        (
            "replacing splits", [PaymentDetails.Field.split.rawValue],
            { PaymentDetails.replacing(in: $0.span, splits: splits).bytes }
        ),
        (
            "ending a plan", [PaymentDetails.Field.split.rawValue, PaymentDetails.Field.splitPlan.rawValue],
            { PaymentDetails.endingPlan(in: $0.span, splits: splits).bytes }
        ),
        (
            "dropping return data", [PaymentDetails.Field.returnData.rawValue],
            { PaymentDetails.withoutReturnData(in: $0.span)?.bytes ?? $0 }
        ),
        (
            "separating a plan", [PaymentDetails.Field.splitPlan.rawValue],
            { PaymentDetails.separatingPlan(in: $0.span).details.bytes }
        ),
    ]

    /// Tag and value of each field, read by hand.
    private func fields(_ bytes: [UInt8]) -> [[UInt8]] {
        var fields: [[UInt8]] = []
        var index = 0
        while index + 3 <= bytes.count {
            let end = index + 3 + Int(bytes[index + 1]) + Int(bytes[index + 2]) << 8
            guard end <= bytes.count else { break }
            fields.append(Array(bytes[index..<end]))
            index = end
        }
        return fields
    }

    @Test(arguments: 0..<changes.count, [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64])
    func `a change keeps every field that it is not told to change`(change: Int, seed: UInt64) {
        let change = Self.changes[change]
        var random = SeededGenerator(seed: seed)
        for _ in 0..<50 {
            var bytes: [UInt8] = []
            for _ in 0..<Int.random(in: 0...12, using: &random) {
                // Also tags that this version does not know.
                let tag = UInt8.random(in: 1...40, using: &random)
                let length = Int.random(in: 0...300, using: &random)
                bytes += [tag, UInt8(length & 0xFF), UInt8(length >> 8)]
                for _ in 0..<length { bytes.append(UInt8.random(in: 0...255, using: &random)) }
            }
            let kept = fields(bytes).filter { !change.touched.contains($0[0]) }
            let after = fields(change.apply(bytes)).filter { !change.touched.contains($0[0]) }
            #expect(after == kept, "\(change.name)")
        }
    }

    @Test func `return data are found and dropped`() throws {
        #expect(PaymentDetails(returnData: "").bytes.isEmpty)
        var details = PaymentDetails()
        details.append(.reference, "order")
        #expect(PaymentDetails.withoutReturnData(in: details.bytes.span) == nil)
        let running = details.bytes + PaymentDetails(returnData: "result=1").bytes
        #expect(PaymentDetails.returnData(in: running.span) == "result=1")
        #expect(PaymentDetails.withoutReturnData(in: running.span) == details)
    }

    @Test func `splits are replaced while the plan of a running capture stays`() throws {
        let name = try #require(SellerName("b"))
        var details = PaymentDetails()
        details.append(plan: [SplitRequest(seller: name, share: .amount(5))])
        let replaced = PaymentDetails.replacing(in: details.bytes.span, splits: Self.splits).bytes
        #expect(PaymentDetails.plan(in: replaced.span) == [SplitRequest(seller: name, share: .amount(5))])
        #expect(PaymentDetails.splits(in: replaced.span) == Self.splits)
        let ended = PaymentDetails.endingPlan(in: replaced.span, splits: []).bytes
        #expect(PaymentDetails.plan(in: ended.span).isEmpty && PaymentDetails.splits(in: ended.span).isEmpty)
    }
}
