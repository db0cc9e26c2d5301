import Money
import Payments
import Testing
import Time

@testable import ShardState

@Suite("The store of payments")
struct PaymentStoreTests {
    private func payment(_ sequence: UInt64) -> Payment {
        Payment(
            id: PaymentID(createdAt: 1, shard: 0, sequence: sequence),
            merchant: MerchantID(rawValue: 7),
            amountMinor: 1_000,
            currency: .eur,
            feeBasisPoints: 0,
            capturesAutomatically: true,
            route: RoutePlan(.first),
            createdAt: 1
        )
    }

    private func refund(_ payment: Payment, _ ordinal: UInt16) -> Refund {
        let id = RefundID(createdAt: 2, shard: 0, paymentSequence: payment.id.sequence, ordinal: ordinal)
        return Refund(id: id, payment: payment.id, amountMinor: 10, requestedAt: 2)
    }

    private func dispute(_ payment: Payment, _ ordinal: UInt16) -> Dispute {
        let id = DisputeID(createdAt: 2, shard: 0, paymentSequence: payment.id.sequence, ordinal: ordinal)
        return Dispute(id: id, payment: payment.id, amountMinor: 10, at: 2)
    }

    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test("A payment takes at most 400 bytes with a usual payment's details and the key's entry")
    func memory() {
        // The row, its details in the arena (about 110 bytes for the 247-byte body of the
        // benchmark), the PSP's reference (30 bytes): see docs/performance.md for what a million
        // take.
        #expect(MemoryLayout<PaymentRow>.stride + 110 + 30 <= 400)
        // docs/capacity.md, "What takes memory".
        #expect(MemoryLayout<PaymentRow>.stride == 248)
        #expect(MemoryLayout<OptionalIndex<Refund>>.size == 4)
    }

    @Test("An optional index holds each place and none in its stored form")
    func optionalIndex() {
        #expect(OptionalIndex<Refund>.none.index == nil && OptionalIndex<Refund>(stored: 0) == .none)
        for place in [0, 1, 511, OptionalIndex<Refund>.maximumCount - 1] {
            let index = Index<Refund>(place)
            #expect(OptionalIndex(index).index == index && OptionalIndex(index).stored == UInt32(place) + 1)
        }
        #expect(Index<Payment>(sequence: 1).position == 0 && Index<Payment>(7).sequence == 8)
    }

    @Test("Details, notes and references are kept for each payment; what is set replaces what was")
    func parts() {
        var store = PaymentStore()
        let first = store.append(payment(1), details: bytes("one").span, at: 5)
        let second = store.append(payment(2), details: bytes("two").span, notes: bytes("n").span, at: 6)
        #expect(store.count == 2 && store.presentCount == 2 && store[second].id.sequence == 2)
        #expect(!store.hasNotes(first) && store.hasNotes(second) && store.detailBytes(of: second) == 4)
        store.setDetails(bytes("three").span, of: first)
        store.setProviderReference("ch_1", of: second)
        store.setDeclineProviderCode("51", of: first)
        #expect(store.withDetails(of: first) { $0.count } == 5 && store.withDetails(of: second) { $0.count } == 3)
        #expect(store.providerReference(of: first).isEmpty && store.providerReference(of: second) == "ch_1")
        #expect(store.declineProviderCode(of: first) == "51")
        let action = NextAction(kind: .redirect, url: "https://psp.test")
        store.setNextAction(action.packed.span, of: first)
        #expect(store.nextAction(of: first) == action && store.nextAction(of: second) == nil)
        store.setNextAction(Span(), of: first)
        #expect(store.nextAction(of: first) == nil)
    }

    @Test("A payment's records are counted, and the last one is what it rests on")
    func records() {
        var store = PaymentStore()
        let index = store.append(payment(1), details: Span(), at: 5)
        #expect(store.lastRecord(of: index) == 5 && store.recordCount(of: index) == 1)
        store.recorded(index, at: 9)
        #expect(store.lastRecord(of: index) == 9 && store.recordCount(of: index) == 2 && !store.isStored(index))
    }

    @Test("Refunds and disputes are found from their payment, newest first, and no other's")
    func links() {
        var store = PaymentStore()
        let (one, two) = (payment(1), payment(2))
        let first = store.append(one, details: Span(), at: 1)
        let second = store.append(two, details: Span(), at: 2)
        let a = store.append(refund(one, 1), to: first, at: 3)
        let b = store.append(refund(two, 1), to: second, at: 4)
        let c = store.append(refund(one, 2), to: first, at: 5)
        #expect(store.refunds(of: first) == [c, a] && store.refunds(of: second) == [b])
        #expect(store.refund(of: first) { store[$0].id.ordinal == 1 } == a)
        #expect(store.refund(of: second) { store[$0].id.ordinal == 2 } == nil)
        let dispute = store.append(dispute(one, 1), to: first, providerReference: "dp_1")
        #expect(store.disputes(of: first) == [dispute] && store.disputes(of: second).isEmpty)
        #expect(store[first].disputeCount == 1 && store.dispute(of: first, reference: "dp_1") == dispute)
        #expect(store.dispute(of: first, reference: "dp_2") == nil)
        store.setReason("fraud", of: dispute)
        store.setEvidence("file\ntext", of: dispute)
        #expect(store.reason(of: dispute) == "fraud" && store.evidence(of: dispute) == "file\ntext")
    }

    @Test("The running operation's place is kept, and keeps the payment in memory")
    func operations() {
        var store = PaymentStore()
        let value = payment(1)
        let index = store.append(value, details: Span(), at: 1)
        let refund = store.append(refund(value, 1), to: index, at: 2)
        for place in [OperationPlace.calling(slot: 0), .waiting(slot: 7), .none] {
            store.setOperation(place, of: index)
            store.setOperation(place, of: refund)
            #expect(store.operation(of: index) == place && store.operation(of: refund) == place)
        }
        store[index].operationFinished(.authorize, .succeeded, amountMinor: 1_000, at: 3)
        let plan = ReleasePlan(position: 9, unchangedSince: 9, endIndex: 1, tableChunks: [0])
        store.setOperation(.waiting(slot: 0), of: index)
        var held = plan
        #expect(store.release(&held, limit: 8) == 0 && store.contains(index))
        store.setOperation(.none, of: index)
        var free = plan
        #expect(store.release(&free, limit: 8) == 1 && !store.contains(index) && !store.contains(refund))
        #expect(store.count == 1 && store.presentCount == 0 && store.presentRefundCount == 0)
    }

    @Test("A payment that left comes back from its entry with refunds, disputes and all parts")
    func entries() throws {
        var store = PaymentStore()
        let value = payment(1)
        let index = store.append(value, details: bytes("details").span, notes: Span(), at: 1)
        store.setProviderReference("ch_1", of: index)
        store.noteApplied(77, to: index)
        store[index].operationFinished(.authorize, .succeeded, amountMinor: 1_000, at: 3)
        let refund = store.append(refund(value, 1), to: index, at: 4)
        store.setProviderReference("re_1", of: refund)
        let dispute = store.append(dispute(value, 1), to: index, providerReference: "dp_1")
        store.setEvidence("file", of: dispute)
        let size = store.entrySize(of: index)
        var entry = [UInt8](repeating: 0, count: size.bytes)
        entry.withUnsafeMutableBytes { store.storeEntry(of: index, size, into: $0) }
        var plan = ReleasePlan(position: 9, unchangedSince: 9, endIndex: 1, tableChunks: [0])
        #expect(store.release(&plan, limit: 8) == 1 && !store.contains(index))
        let (count, back) = try entry.withUnsafeBytes {
            try store.insert(entry: $0, shard: 0, isStored: true, isKnown: { _ in true })
        }
        #expect(count == entry.count && back == index && store.isStored(index))
        #expect(store.withDetails(of: index) { $0.count } == 7 && store.providerReference(of: index) == "ch_1")
        #expect(store.hasApplied(77, to: index) && !store.hasApplied(78, to: index))
        #expect(store.refunds(of: index) == [refund] && store.providerReference(of: refund) == "re_1")
        #expect(store.disputes(of: index) == [dispute] && store.evidence(of: dispute) == "file")
        #expect(store.lastRecord(of: index) == 1 && store.lastRecord(of: refund) == 4)
        // The same again, and what another shard or connector has.
        #expect(throws: PaymentLayoutError.self) {
            try entry.withUnsafeBytes {
                try store.insert(entry: $0, shard: 0, isStored: true, isKnown: { _ in true })
            }
        }
    }

    @Test("An entry of another shard, or of a connector that is not known, is refused")
    func foreignEntries() throws {
        var store = PaymentStore()
        let index = store.append(payment(1), details: Span(), at: 1)
        let size = store.entrySize(of: index)
        var entry = [UInt8](repeating: 0, count: size.bytes)
        entry.withUnsafeMutableBytes { store.storeEntry(of: index, size, into: $0) }
        for (shard, isKnown) in [(UInt16(1), true), (0, false)] {
            var other = PaymentStore()
            other.reserveNumbers(payments: 1, refunds: 0)
            #expect(throws: PaymentLayoutError.self) {
                try entry.withUnsafeBytes {
                    try other.insert(entry: $0, shard: shard, isStored: false, isKnown: { _ in isKnown })
                }
            }
        }
    }
}
