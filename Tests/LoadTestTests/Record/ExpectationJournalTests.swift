import Foundation
import Testing

@testable import LoadTest

@Suite struct ExpectationJournalTests {
    private let payment = EntityID(high: 99 << 16, low: 5)

    private func written(_ body: (ExpectationJournal) -> Void) throws -> String {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("journal-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let journal = try ExpectationJournal(path: path)
        body(journal)
        journal.flush()
        return try String(contentsOfFile: path, encoding: .utf8)
    }

    private func expectation(_ sequence: UInt64) -> KeyExpectation {
        KeyExpectation(sequence: sequence, amount: 500, payment: .none, merchant: 2, operation: .authorize, currency: 1)
    }

    @Test func `intents and answers come back as they were`() throws {
        var answered = expectation(7)
        answered.answer = 201
        answered.payment = payment
        answered.status = .authorized
        let text = try written { journal in
            journal.begin(startMilliseconds: 123, seed: 9, currencies: ["EUR", "USD"])
            journal.intend(expectation(7))
            journal.intend(expectation(8))
            journal.answer(answered)
        }
        let runs = try ExpectationJournal.read(text, file: "j")
        #expect(runs.count == 1 && runs[0].startMilliseconds == 123 && runs[0].currencies == ["EUR", "USD"])
        #expect(runs[0].expectations == [answered, expectation(8)])
    }

    @Test func `a torn last line is ignored, a damaged line is not`() throws {
        let good = "M 1 5 9 EUR\nI 0 0 0 100 0 -\n"
        #expect(try ExpectationJournal.read(good + "A 0 20", file: "j")[0].expectations[0].answer == 0)
        for bad in ["A 1 201 - captured\n", "I x 0 0 100 0 -\n", "I 0 99 0 1 0 -\n", "Z\n", "A 0 201 pay_x captured\n"]
        {
            #expect(throws: LoadUsageError.self) { try ExpectationJournal.read(good + bad, file: "j") }
        }
        #expect(throws: LoadUsageError.self) { try ExpectationJournal.read("I 0 0 0 100 0 -\n", file: "j") }
    }

    @Test func `runs in one file keep their keys apart`() throws {
        let run = "M 1 5 9 EUR\nI 0 0 0 100 0 -\nA 0 402 \(payment.payment) failed\n"
        let runs = try ExpectationJournal.read(run + "M 1 6 9 EUR\nI 0 0 0 200 0 -\n", file: "j")
        #expect(runs.map { $0.expectations[0].answer } == [402, 0])
    }

    @Test func `written bytes are to be synced once`() throws {
        _ = try written { journal in
            journal.intend(expectation(1))
            #expect(journal.takeDirtyDescriptor() == nil)
            journal.flush()
            #expect(journal.takeDirtyDescriptor() != nil)
            #expect(journal.takeDirtyDescriptor() == nil)
        }
    }

    @Test func `a path that cannot be written is a usage error`() {
        #expect(throws: LoadUsageError.self) { try ExpectationJournal(path: "/nonexistent/journal") }
    }
}
