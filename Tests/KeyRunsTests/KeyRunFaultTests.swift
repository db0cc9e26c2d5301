import Journal
import ShardModel
import Testing

@testable import KeyRuns

/// Every file operation of a scenario fails once. After each failure, and after a loss of power
/// that follows it, every key whose `add` returned is found, the same call succeeds when it is
/// tried again, and no file is left over.
@Suite("File operations that fail")
struct KeyRunFaultTests {
    private static let now: UInt32 = 1_000_000
    private static let policy = KeyRunPolicy(ttlSeconds: KeyBench.ttl, maximumRuns: 5)

    /// One step of the scenario: some keys are added, or runs are merged.
    private struct Course {
        var bench: KeyBench
        var random = KeyRandom(seed: 1)
        var acknowledged: [StoredKey] = []
        var record: RecordPosition = 0
        var covered: RecordPosition = 0

        mutating func add() throws(JournalError) {
            let keys = random.keys(record + 1...record + 3, expiresAt: now + KeyBench.ttl)
            record += 3
            do throws(JournalError) {
                _ = try bench.store.add(keys, coveringUpTo: record, at: now)
            } catch {
                // What the shard does: the same keys come with the next ones.
                _ = try bench.store.add(keys, coveringUpTo: record, at: now)
                acknowledged += keys
                covered = record
                throw error
            }
            acknowledged += keys
            covered = record
        }

        func expectAll(_ what: String) throws {
            let set = bench.store.current
            #expect(set.covered >= covered, "\(what)")
            for key in acknowledged {
                #expect(try set.find(key.digest, at: now).found == .held(key), "\(what)")
            }
        }
    }

    private static func run(_ course: inout Course) throws(JournalError) {
        var failure: JournalError?
        for _ in 0..<7 {
            do throws(JournalError) { try course.add() } catch { failure = error }
        }
        do throws(JournalError) { _ = try course.bench.store.merge(at: now) } catch { failure = error }
        do throws(JournalError) { try course.add() } catch { failure = error }
        if let failure { throw failure }
    }

    @Test("once each, in clear and encrypted", arguments: [false, true])
    func everyOperation(isEncrypted: Bool) throws {
        var failed = 0
        // Encryption changes the bytes, not the operations: there every seventh is enough.
        for operation in stride(from: 1, to: 2_000, by: isEncrypted ? 7 : 1) {
            var course = Course(bench: try KeyBench(isEncrypted: isEncrypted, policy: Self.policy))
            course.bench.disk.refuse(operation: operation)
            do throws(JournalError) {
                try Self.run(&course)
            } catch {
                failed += 1
                #expect(error.code == .io, "\(error)")
            }
            let isReached = course.bench.disk.operations >= operation
            course.bench.disk.refuse(operation: 0)
            let what = "operation \(operation)"
            try course.expectAll(what)
            try course.bench.restart(on: course.bench.disk.afterPowerLoss(), requiring: course.covered)
            try course.expectAll("\(what), then the power went")
            let runs = course.bench.store.current.occupancy.runs
            #expect(course.bench.files.count == 2 * runs + 1, "\(what): \(course.bench.files)")
            guard isReached else {
                #expect(failed > (isEncrypted ? 20 : 150), "the scenario is shorter than it was")
                return
            }
        }
        Issue.record("the scenario never ran to its end")
    }

    @Test("at the start: the next start succeeds")
    func everyOperationOfAStart() throws {
        var course = Course(bench: try KeyBench(policy: Self.policy))
        try Self.run(&course)
        for operation in 1...500 {
            let disk = course.bench.disk.afterPowerLoss()
            disk.refuse(operation: operation)
            var isRefused = false
            do throws(JournalError) { try course.bench.restart(on: disk, requiring: course.covered) } catch {
                isRefused = true
            }
            disk.refuse(operation: 0)
            try course.bench.restart(on: disk, requiring: course.covered)
            try course.expectAll("operation \(operation)")
            if !isRefused { return #expect(operation > 10) }
        }
        Issue.record("the start never succeeded")
    }
}
