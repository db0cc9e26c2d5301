import Journal
import Payments
import ShardState

/// A table of which some elements go into cold files.
protocol ColdSource {
    var kind: ColdKind { get }
    var chunkNumbers: Range<Int> { get }

    /// The elements of a chunk that leave by the plan, in order.
    func leaving(inChunk chunk: Int, by plan: ReleasePlan) -> [Int]
    /// Whether a cold file holds it as it is.
    func isStored(_ index: Int) -> Bool
    func write(_ index: Int, previous: ColdLocation, to writer: inout ColdFileWriter) throws(JournalError)
}

struct ColdPayments: ColdSource {
    let capture: ShardCapture
    let kind = ColdKind.payment
    var chunkNumbers: Range<Int> { capture.payments.chunkNumbers }

    func leaving(inChunk chunk: Int, by plan: ReleasePlan) -> [Int] {
        capture.payments.indices(inChunk: chunk) { plan.leaves($0, $1) }.map(\.position)
    }

    func isStored(_ index: Int) -> Bool { capture.payments.isStored(Index(index)) }

    func write(_ index: Int, previous: ColdLocation, to writer: inout ColdFileWriter) throws(JournalError) {
        let size = capture.payments.entrySize(of: Index(index))
        try writer.write(index, size: size.bytes, previous: previous) {
            capture.payments.storeEntry(of: Index(index), size, into: $0)
        }
    }
}

struct ColdPayouts: ColdSource {
    let table: SparseTable<Payout>
    let kind = ColdKind.payout

    var chunkNumbers: Range<Int> { table.chunkNumbers }

    func leaving(inChunk chunk: Int, by plan: ReleasePlan) -> [Int] {
        table.indices(inChunk: chunk) { plan.leaves($0, $1) }
    }

    func isStored(_ index: Int) -> Bool { table[index].isStored }

    func write(_ index: Int, previous: ColdLocation, to writer: inout ColdFileWriter) throws(JournalError) {
        let bytes = TreasuryEntry.bytes(table[index])
        try writer.write(index, size: bytes.count, previous: previous) { $0.copyBytes(from: bytes) }
    }
}

struct ColdWallets: ColdSource {
    let table: SparseTable<Wallet>
    let kind = ColdKind.wallet

    var chunkNumbers: Range<Int> { table.chunkNumbers }

    func leaving(inChunk chunk: Int, by plan: ReleasePlan) -> [Int] {
        table.indices(inChunk: chunk) { plan.leaves($0, $1) }
    }

    func isStored(_ index: Int) -> Bool { table[index].isStored }

    func write(_ index: Int, previous: ColdLocation, to writer: inout ColdFileWriter) throws(JournalError) {
        let bytes = TreasuryEntry.bytes(table[index])
        try writer.write(index, size: bytes.count, previous: previous) { $0.copyBytes(from: bytes) }
    }
}

/// What of a table leaves memory: the chunks to visit, and of each what no cold file holds as it
/// is.
struct ColdSelection {
    private(set) var chunks: [Int] = []
    private(set) var unstored: [(chunk: Int, indices: [Int])] = []
    /// The first element that is not written for lack of room in the file; nil for none.
    private(set) var end: Int?

    init<Source: ColdSource>(_ source: Source, _ plan: ReleasePlan) {
        var count = 0
        for chunk in source.chunkNumbers {
            let leaving = source.leaving(inChunk: chunk, by: plan)
            guard !leaving.isEmpty else { continue }
            chunks.append(chunk)
            var indices = leaving.filter { !source.isStored($0) }
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
