import API
import Foundation
import Payments
import ShardModel
import Testing

/// Every row of the table of transitions (docs/payments.md) as a scenario: what comes in, and every
/// record, call, answer and balance that comes of it, byte for byte. `MILLRACE_REWRITE=1` writes
/// the files anew; the difference is for people to read.
@Suite("Scenarios of the table of transitions")
struct ScenarioTests {
    private static let directory = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Scenarios")
    private static let isRewriting = ProcessInfo.processInfo.environment["MILLRACE_REWRITE"] == "1"
    private static let renderer = RendererV1(
        cursorKey: LedgerCursorKey(seed: [7]),
        connectors: Scenario.registry
    )

    static let names: [String] = {
        let names = try? FileManager.default.contentsOfDirectory(atPath: directory.path(percentEncoded: false))
        return (names ?? []).filter { $0.hasSuffix(".scenario") }.sorted()
    }()

    private static func read(_ name: String) throws -> String {
        try String(contentsOf: directory.appending(path: name), encoding: .utf8)
    }

    @Test("The trace is the one in the file", arguments: names)
    func trace(name: String) throws {
        let text = try Self.read(name)
        let actual = try Scenario(text).run(renderer: Self.renderer)
        guard actual != text else { return }
        if Self.isRewriting {
            try actual.write(to: Self.directory.appending(path: name), atomically: true, encoding: .utf8)
        } else {
            Issue.record("\(name) differs (MILLRACE_REWRITE=1 writes it anew):\n\(Self.difference(text, actual))")
        }
    }

    @Test(
        "In every state another process goes on from the journal, and from every snapshot and the rest",
        arguments: names
    )
    func restarts(name: String) throws {
        let scenario = try Scenario(try Self.read(name))
        var ends: [Int] = [0]
        _ = try scenario.run(renderer: Self.renderer) { driver, number in
            ends.append(driver.journal.count)
            let digest = driver.digest()
            let replayed = try driver.replayedDigest()
            #expect(replayed == digest, "the journal after step \(number)")
            for end in Set(ends) {
                let restored = try driver.restoredDigest(snapshotBehind: end)
                #expect(restored == digest, "record \(end), step \(number)")
            }
        }
    }

    @Test("A restart where nothing is under way changes nothing of what follows", arguments: names)
    func interruptions(name: String) throws {
        let scenario = try Scenario(try Self.read(name))
        let whole = timeless(try scenario.run(renderer: Self.renderer))
        for step in 1..<max(2, scenario.steps.count) {
            let interrupted = timeless(try scenario.run(renderer: Self.renderer, interruption: step))
            #expect(interrupted == whole, "a restart before step \(step): \(Self.difference(whole, interrupted))")
        }
    }

    /// Without times: a restart looks for deadlines anew, which moves what time does by a tick.
    private func timeless(_ trace: String) -> String {
        trace.replacing(/t\+\d+[a-z]+|\d{4}-\d\d-\d\dT[0-9:.]+Z/, with: "t")
    }

    // MARK: The table

    /// The rows of the table: number, from, event, to, postings, and the scenarios that show it.
    struct Row {
        var number: String
        var scenarios: [String]
    }

    static let rows: [Row] = {
        let text = (try? read("table.txt")) ?? ""
        return text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            return Row(number: cells.first ?? "", scenarios: (cells.last ?? "").split(separator: " ").map(String.init))
        }
    }()

    @Test("Every row of the table has a scenario, and every scenario a row")
    func coverage() {
        #expect(Self.rows.count == 46, "docs/payments.md has 46 rows")
        for row in Self.rows {
            #expect(!row.scenarios.isEmpty, "row \(row.number)")
            for name in row.scenarios {
                #expect(Self.names.contains("\(name).scenario"), "row \(row.number): \(name)")
                #expect(name.hasPrefix(row.number), "the name of \(name) says its row, \(row.number)")
            }
        }
        let named = Set(Self.rows.flatMap(\.scenarios).map { "\($0).scenario" })
        #expect(Set(Self.names).isSubset(of: named), "\(Set(Self.names).subtracting(named).sorted())")
    }

    // MARK: Differences

    /// The lines that differ, with two lines around them.
    static func difference(_ old: String, _ new: String) -> String {
        let (old, new) = (old.split(separator: "\n"), new.split(separator: "\n"))
        var start = 0
        while start < min(old.count, new.count), old[start] == new[start] { start += 1 }
        var end = 0
        while end < min(old.count, new.count) - start, old[old.count - 1 - end] == new[new.count - 1 - end] { end += 1 }
        let before = old[max(0, start - 2)..<start].map { "  \($0)" }
        let removed = old[start..<(old.count - end)].map { "- \($0)" }
        let added = new[start..<(new.count - end)].map { "+ \($0)" }
        return (before + removed + added).prefix(60).joined(separator: "\n")
    }
}
