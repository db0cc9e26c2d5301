import Foundation
import Synchronization

/// The loops' results added up.
struct RunSummary: Sendable {
    /// Phases that were reached, in order.
    let phases: [PhaseRecord]
    /// The measured ones together.
    let total: PhaseRecord
    let violations: ViolationList

    init(_ results: [LoopResult]) {
        var phases = results.first?.records ?? []
        var violations = results.first?.violations ?? ViolationList()
        for result in results.dropFirst() {
            for index in phases.indices { phases[index].add(result.records[index]) }
            violations.add(result.violations)
        }
        phases.removeAll { $0.issued == 0 && $0.unsent == 0 }
        let measured = phases.filter { !$0.isWarmUp }
        let seconds = measured.reduce(0) { $0 + $1.durationSeconds }
        var total = PhaseRecord(name: "total", isWarmUp: false, durationSeconds: seconds)
        for phase in measured { total.add(phase) }
        total.lastEnd = UInt64(measured.reduce(0) { $0 + $1.elapsedSeconds } * 1e9)
        self.phases = phases
        self.total = total
        self.violations = violations
    }
}

extension Violation {
    var line: String { "\(kind.rawValue): \(operation.name), key \(key), status \(status): \(detail)" }
}

extension ProcessUsage {
    func perRequest(_ requests: UInt64) -> LoadReport.CPU? {
        guard let spentMicroseconds, requests > 0 else { return nil }
        return LoadReport.CPU(
            process: name,
            pid: pid,
            totalMicroseconds: spentMicroseconds,
            microsecondsPerRequest: spentMicroseconds / Double(requests)
        )
    }
}

/// Samples the processes' CPU time when the warm-up is over and when the run has ended.
final class UsageSampler: Sendable {
    private let state: Mutex<[ProcessUsage]>

    init(_ usages: [ProcessUsage]) {
        state = Mutex(usages)
    }

    var usages: [ProcessUsage] { state.withLock { $0 } }

    /// Called when the clock starts.
    func begin(afterNanoseconds delay: UInt64) {
        guard delay > 0 else { return sample() }
        Task {
            try? await Task.sleep(nanoseconds: delay)
            sample()
        }
    }

    private func sample() {
        state.withLock { usages in
            for index in usages.indices { usages[index].begin() }
        }
    }

    func end() {
        state.withLock { usages in
            for index in usages.indices { usages[index].end() }
        }
    }
}

extension Scenario {
    /// Applies what the command line says over the file.
    mutating func override(_ configuration: LoadTestConfiguration) {
        if let retries = configuration.retries { self.retries = retries }
        for index in phases.indices {
            if let rate = configuration.rate {
                phases[index].startRate = rate
                phases[index].endRate = rate
            }
            if let seconds = configuration.durationSeconds, !phases[index].isWarmUp {
                phases[index].duration = UInt64(max(seconds, 0.001) * 1e9)
            }
        }
    }
}
