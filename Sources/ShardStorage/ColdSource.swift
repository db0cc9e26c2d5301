import Journal
import Payments
import ShardState

/// A table of which some elements go into cold files.
protocol ColdSource {
    associatedtype Element
    var kind: ColdKind { get }
    var table: SparseTable<Element> { get }

    func leaves(_ index: Int, _ element: Element, by plan: ReleasePlan) -> Bool
    /// Whether a cold file holds it as it is.
    func isStored(_ element: Element) -> Bool
    func write(_ index: Int, previous: ColdLocation, to writer: inout ColdFileWriter) throws(JournalError)
}

struct ColdPayments: ColdSource {
    let capture: ShardCapture
    let kind = ColdKind.payment
    var table: SparseTable<Payment> { capture.payments }

    func leaves(_ index: Int, _ payment: Payment, by plan: ReleasePlan) -> Bool { plan.leaves(index, payment) }

    func isStored(_ payment: Payment) -> Bool { payment.isStored }

    func write(_ index: Int, previous: ColdLocation, to writer: inout ColdFileWriter) throws(JournalError) {
        let payment = capture.payments[index]
        let size = PaymentEntry.byteCount(payment, capture.refunds, capture.disputes, capture.arena)
        try writer.write(index, size: size.bytes, previous: previous) {
            PaymentEntry.store(payment, size, capture.refunds, capture.disputes, capture.arena, into: $0)
        }
    }
}

struct ColdPayouts: ColdSource {
    let table: SparseTable<Payout>
    let kind = ColdKind.payout

    func leaves(_ index: Int, _ payout: Payout, by plan: ReleasePlan) -> Bool { plan.leaves(index, payout) }

    func isStored(_ payout: Payout) -> Bool { payout.isStored }

    func write(_ index: Int, previous: ColdLocation, to writer: inout ColdFileWriter) throws(JournalError) {
        let bytes = TreasuryEntry.bytes(table[index])
        try writer.write(index, size: bytes.count, previous: previous) { $0.copyBytes(from: bytes) }
    }
}

struct ColdWallets: ColdSource {
    let table: SparseTable<Wallet>
    let kind = ColdKind.wallet

    func leaves(_ index: Int, _ wallet: Wallet, by plan: ReleasePlan) -> Bool { plan.leaves(index, wallet) }

    func isStored(_ wallet: Wallet) -> Bool { wallet.isStored }

    func write(_ index: Int, previous: ColdLocation, to writer: inout ColdFileWriter) throws(JournalError) {
        let bytes = TreasuryEntry.bytes(table[index])
        try writer.write(index, size: bytes.count, previous: previous) { $0.copyBytes(from: bytes) }
    }
}

/// What of a table leaves memory: the chunks to visit, and of each what no cold file holds as it is.
struct ColdSelection {
    private(set) var chunks: [Int] = []
    private(set) var unstored: [(chunk: Int, indices: [Int])] = []
    /// The first element that is not written for want of room in the file; nil for none.
    private(set) var end: Int?

    init<Source: ColdSource>(_ source: Source, _ plan: ReleasePlan) {
        let table = source.table
        var count = 0
        for chunk in table.chunkNumbers {
            let leaving = table.indices(inChunk: chunk) { source.leaves($0, $1, by: plan) }
            guard !leaving.isEmpty else { continue }
            chunks.append(chunk)
            var indices = leaving.filter { !source.isStored(table[$0]) }
            let room = ColdFiles.maximumEntries - count
            if indices.count > room {
                end = indices[room]
                indices.removeSubrange(room...)
            }
            count += indices.count
            if !indices.isEmpty { unstored.append((chunk, indices)) }
            if end != nil { break }
        }
    }
}
