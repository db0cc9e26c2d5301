import Foundation
import Testing

@testable import ShardRecords

/// Every input of the committed corpus and every finding, in the ordinary build: what was found
/// once stays fixed.
@Suite struct FuzzCorpusTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()

    @Test(arguments: FuzzTarget.all.map(\.name))
    func `the corpus breaks no promise`(_ name: String) throws {
        let target = try #require(FuzzTarget.named(name))
        var count = 0
        for kind in ["Corpus", "Findings"] {
            let files = try? FileManager.default.contentsOfDirectory(
                at: Self.folder.appending(path: "\(kind)/\(name)"),
                includingPropertiesForKeys: nil
            )
            for file in files ?? [] {
                try Data(contentsOf: file).withUnsafeBytes { target.run($0) }
                count += 1
            }
        }
        #expect(count > 0, "no corpus for \(name)")
    }

    @Test func `a shard takes in the state that the fuzzer damages, before it is damaged`() {
        #expect(ShardStateSeed.isWhole)
    }

    /// `MILLRACE_REWRITE=1` writes the seeds anew.
    @Test func `the corpus of records has each record of the seed`() throws {
        let folder = Self.folder.appending(path: "Corpus/records")
        var kinds: Set<UInt8> = []
        for (number, record) in ShardStateSeed.records.enumerated() {
            let kind = try ShardRecord(decoding: record.span).facts.kind.rawValue
            // One of each kind, and of pay-outs each.
            guard kinds.insert(kind).inserted || kind == ShardRecord.Kind.payoutChanged.rawValue else { continue }
            let file = folder.appending(path: "seed-\(kind)-\(number)")
            if ProcessInfo.processInfo.environment["MILLRACE_REWRITE"] == "1" { try Data(record).write(to: file) }
            #expect(try Array(Data(contentsOf: file)) == record)
        }
        #expect(kinds.isSuperset(of: [10, 11, 12, 13]))
    }
}
