import Testing

@testable import ShardState

@Suite("Tables that give memory back")
struct SparseTableTests {
    @Test("agrees with a dictionary through appends, changes, removals, returns and copies", arguments: 1...6)
    func agreesWithDictionary(seed: UInt64) {
        var random = SplitMix(state: seed)
        var table = SparseTable<Int>()
        var model: [Int: Int] = [:]
        var copies: [(SparseTable<Int>, [Int: Int])] = []
        for step in 0..<6_000 {
            switch random.next() % 16 {
            case 0..<9: model[table.append(step)] = step
            case 9..<12:
                guard let index = model.keys.min(by: { ($0 &* 7_919) % 613 < ($1 &* 7_919) % 613 }) else { continue }
                table[index] += 1
                model[index]? += 1
            case 12:
                let chunk = Int(random.next() % UInt64(table.chunkNumbers.count + 1))
                let remainder = Int(random.next() % 4)
                guard chunk < table.chunkNumbers.count else { continue }
                let left = table.remove(inChunk: chunk) { index, _ in index % 4 != remainder }
                let leaving = model.keys.filter { $0 / 512 == chunk && $0 % 4 != remainder }
                #expect(left == leaving.count)
                for index in leaving { model[index] = nil }
            case 13, 14:
                let index = Int(random.next() % UInt64(max(1, table.count)))
                guard index < table.count, !table.contains(index) else { continue }
                table.insert(step, at: index)
                model[index] = step
            default: if step % 7 == 0 { copies.append((table, model)) }
            }
        }
        expect(table, model)
        for (table, model) in copies { expect(table, model) }
    }

    private func expect(_ table: SparseTable<Int>, _ model: [Int: Int]) {
        var found: [Int: Int] = [:]
        var order: [Int] = []
        for chunk in table.chunkNumbers {
            table.forEach(inChunk: chunk) {
                found[$0] = $1
                order.append($0)
            }
        }
        #expect(found == model && table.presentCount == model.count && order == order.sorted())
        #expect((0..<table.count).allSatisfy { table.contains($0) == (model[$0] != nil) })
    }

    @Test("a chunk whose elements all left holds no memory")
    func emptyChunksAreReleased() {
        var table = SparseTable<Int>()
        for value in 0..<5_120 { _ = table.append(value) }
        let full = table.reservedBytes
        for chunk in 0..<10 { #expect(table.remove(inChunk: chunk) { index, _ in index % 512 != 3 } == 511) }
        #expect(table.reservedBytes < full / 8 && table.presentCount == 10 && table[515] == 515)
        for chunk in 0..<10 { _ = table.remove(inChunk: chunk) { _, _ in true } }
        #expect(table.reservedBytes < 10 * 16 && table.count == 5_120)
        #expect(table.append(7) == 5_120 && table[5_120] == 7)
    }
}
