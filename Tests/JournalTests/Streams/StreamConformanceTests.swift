import JournalConformance
import Testing

/// A stream of a log with busy neighbours owes what every journal owes.
@Suite struct StreamConformanceTests {
    @Test(arguments: conformanceChecks) func `stream of a log, step by step`(_ check: ConformanceCheck) throws {
        try check.run(SteppedStreamBench())
    }

    @Test(arguments: conformanceChecks) func `stream of a log with its threads`(_ check: ConformanceCheck) throws {
        try check.run(ThreadedStreamBench())
    }
}
