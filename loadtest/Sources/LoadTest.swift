/// The load harness: open loop, free of coordinated omission, audited.
package enum LoadTest {
    /// Runs a scenario, writes the report to `output` (text, in lines) and to files, audits, and says pass or fail.
    /// Throws `LoadUsageError` for what the caller did wrong.
    package static func run(
        _ configuration: LoadTestConfiguration,
        output: @escaping @Sendable (String) -> Void
    ) async throws -> LoadVerdict {
        throw LoadUsageError("the load harness is not complete yet")
    }

    /// Audits journals of earlier runs (`LoadTestConfiguration.journalPath`).
    package static func audit(
        _ configuration: LoadAuditConfiguration,
        output: @escaping @Sendable (String) -> Void
    ) async throws -> LoadVerdict {
        throw LoadUsageError("the load harness is not complete yet")
    }
}
