import Testing

@testable import Journal

/// The chain of a stream, and who notices that a run breaks it.
@Suite struct StreamChainTests {
    private func parted(_ records: [[UInt8]], after mark: StreamMark, limit: Int) -> [(run: StreamRun, bytes: [UInt8])]
    {
        let bytes = framed(records)
        return bytes.withUnsafeBytes { bytes in
            var runs: [StreamRun] = []
            StreamRun.part(bytes, count: records.count, of: mark, limit: limit, into: &runs)
            return runs.map { ($0, encoded($0, Array(bytes[$0.range]))) }
        }
    }

    private func encoded(_ run: StreamRun, _ records: [UInt8] = []) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: StreamRun.headerBytes)
        header.withUnsafeMutableBytes { run.encode(into: $0) }
        return header + records
    }

    private func take(_ bytes: [UInt8], _ census: inout StreamCensus) throws {
        _ = try bytes.withUnsafeBytes { bytes in try census.take(bytes, at: 1) }
    }

    private let records = (1...40).map { testRecord($0, bytes: 1_000 + Int($0)) }
    private let start = StreamMark(number: 3, position: 7, epoch: 2, chain: StreamChain(value: 99))

    @Test(arguments: [1_100, 4_000, 16 << 10, 1 << 20])
    func `the chain does not depend on how records are parted into runs`(limit: Int) throws {
        let whole = records.reduce(start.chain) { chain, record in
            framed([record]).withUnsafeBytes { chain.appending($0) }
        }
        let runs = parted(records, after: start, limit: limit)
        #expect(runs.last?.run.chain == whole && whole != start.chain)
        #expect(runs.last?.run.lastPosition == 47)
    }

    @Test func `an owner's epoch, and the order of it among the records, are in the chain`() throws {
        func chain(epoch: UInt64, behind count: Int) throws -> StreamChain {
            var mark = start
            for (index, record) in records.prefix(4).enumerated() {
                if index == count { mark.pass(.owner(epoch: epoch, after: mark)) }
                mark.pass(try #require(parted([record], after: mark, limit: 1 << 20).first).run)
            }
            return mark.chain
        }
        let chains = [
            try chain(epoch: 3, behind: 1), try chain(epoch: 3, behind: 2), try chain(epoch: 4, behind: 2),
            try chain(epoch: 3, behind: 9),
        ]
        #expect(Set(chains.map(\.value)).count == 4)
    }

    @Test func `a run whose records are not those that were chained is damage, wherever the difference is`() throws {
        let runs = parted(records, after: StreamMark(number: 3), limit: 4_000)
        var sound = StreamCensus()
        for run in runs { try take(run.bytes, &sound) }
        #expect(sound.marks[3]?.chain == runs.last?.run.chain)

        for place in [StreamRun.headerBytes - 1, StreamRun.headerBytes + 4, runs[2].bytes.count - 1] {
            var census = StreamCensus()
            for run in runs.prefix(2) { try take(run.bytes, &census) }
            var bytes = runs[2].bytes
            bytes[place] ^= 0x10
            let problem = #expect(throws: JournalProblem.self) { try take(bytes, &census) }
            #expect(problem?.code == .corrupt && problem?.description.contains("chain") == true)
        }
    }

    @Test func `a run of another history with the same positions and epoch is damage`() throws {
        let first = parted(records, after: StreamMark(number: 3), limit: 4_000)
        var other = records
        other[0][5] ^= 1
        let second = parted(other, after: StreamMark(number: 3), limit: 4_000)
        #expect(first[1].run.firstPosition == second[1].run.firstPosition)
        var census = StreamCensus()
        try take(first[0].bytes, &census)
        #expect(throws: JournalProblem.self) { try take(second[1].bytes, &census) }
    }

    @Test func `marks go through a segment's header`() {
        let marks = (0..<StreamLimits.streams).map { number in
            StreamMark(
                number: StreamNumber(number) * 3,
                position: RecordPosition(number) << 40,
                epoch: UInt64(number),
                chain: StreamChain(value: .max - UInt32(number))
            )
        }
        var block = [UInt8](repeating: 0, count: blockBytes)
        block.withUnsafeMutableBytes { StreamMark.encode(marks, into: $0) }
        #expect(block.withUnsafeBytes { StreamMark.decode(from: $0) } == marks)
        #expect(StreamChain(value: 0xAB).description == "000000ab")
    }
}
