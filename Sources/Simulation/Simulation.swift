/// The result of one simulated world.
package struct SimulationResult: Sendable {
    package var scenario: Scenario
    /// What must not have happened; nil when all was well.
    package var violation: String?
    /// The same for the same scenario.
    package var traceHash: UInt64
    /// The last things that happened, oldest first.
    package var tail: [String]
    package var counts: SimulationCounts
    /// Virtual time, in microseconds.
    package var virtualTime: Int64
}

package enum Simulation {
    /// Runs one world to its end. It uses no clock, no thread, and no randomness but the seed's.
    package static func run(_ scenario: Scenario) -> SimulationResult {
        let world: World
        do {
            world = try World(scenario)
        } catch {
            preconditionFailure("a world cannot begin: \(error)")
        }
        world.run()
        world.shutDown()
        return SimulationResult(
            scenario: scenario,
            violation: world.violation,
            traceHash: world.trace.value,
            tail: world.trace.lines,
            counts: world.counts,
            virtualTime: world.now
        )
    }
}

extension Simulation {
    /// Looks for a smaller world that fails, too: less time, fewer payments, fewer kinds of faults.
    /// - Parameter runs: the most worlds to try.
    package static func shrink(_ scenario: Scenario, runs: Int) -> SimulationResult? {
        var best: SimulationResult?
        var current = scenario
        var left = runs
        func attempt(_ candidate: Scenario) -> Bool {
            guard left > 0 else { return false }
            left -= 1
            let result = run(candidate)
            guard result.violation != nil else { return false }
            best = result
            current = candidate
            return true
        }
        while left > 0 {
            var progress = false
            var shorter = current
            shorter.duration = current.duration / 2
            if shorter.duration > 1_000_000 { progress = attempt(shorter) || progress }
            var fewer = current
            fewer.intents = current.intents / 2
            if fewer.intents > 0 { progress = attempt(fewer) || progress }
            for (_, kind) in FaultKinds.named where current.faults.contains(kind) {
                var calmer = current
                calmer.faults.remove(kind)
                progress = attempt(calmer) || progress
            }
            if !progress { break }
        }
        return best
    }
}
