import Foundation
package import Journal

/// Remembers what a journal told an owner and the readers of its feeds, and lets a test wait for
/// it.
///
/// Proof that `@unchecked Sendable` holds: every access to `heard` is between `lock` and `unlock`
/// of the condition.
package final class ConformanceEvents: JournalOwner, @unchecked Sendable {
    package struct Heard: Sendable {
        package var durable: [RecordPosition] = []
        package var failures: [JournalError] = []
        package var losses: [JournalError] = []
        package var wakes = 0
    }

    private let condition = NSCondition()
    private var heard = Heard()

    package init() {}

    package var all: Heard { condition.withLock { heard } }
    package var acknowledged: RecordPosition { all.durable.last ?? 0 }

    package func journalDurable(upTo position: RecordPosition) { note { $0.durable.append(position) } }
    package func journalFailed(_ error: JournalError) { note { $0.failures.append(error) } }
    package func journalLost(_ error: JournalError) { note { $0.losses.append(error) } }
    package func wake() { note { $0.wakes += 1 } }

    /// Blocks until the condition holds; it is looked at again after everything that is heard.
    package func wait(until isTrue: (Heard) -> Bool) {
        condition.lock()
        defer { condition.unlock() }
        while !isTrue(heard) { condition.wait() }
    }

    private func note(_ change: (inout Heard) -> Void) {
        condition.withLock { change(&heard) }
        condition.broadcast()
    }
}

/// What an engine owes and did not do.
package struct ConformanceFailure: Error, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}

func expect(_ isTrue: Bool, because promise: String) throws {
    if !isTrue { throw ConformanceFailure("not so: " + promise) }
}

/// Expects a refusal with a code.
func expect<Value>(_ code: JournalError.Code, because promise: String, from body: () throws -> Value) throws {
    do {
        _ = try body()
    } catch let error as JournalError where error.code == code {
        return
    } catch {
        throw ConformanceFailure("refused otherwise than as \(code), \(promise): \(error)")
    }
    throw ConformanceFailure("not refused: " + promise)
}
