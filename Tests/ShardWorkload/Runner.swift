import ShardModel

/// Runs random workloads: `shard-workload [STEPS] [SEEDS]`. Prints what was checked. Of a
/// disagreement it prints the smallest case found, as a scenario for `Tests/ShardTests/Scenarios`,
/// and exits 1. So does a million steps in which something never happened.
@main
struct Runner {
    static func main() async {
        let arguments = CommandLine.arguments.dropFirst().compactMap { Int($0) }
        let steps = arguments.first ?? 1_220_000
        let seeds = arguments.dropFirst().first ?? 8
        let clock = ContinuousClock()
        let begun = clock.now
        var sum = Workload.Report()
        var failed = 0
        await withTaskGroup(of: Workload.Report?.self) { group in
            for seed in 1...seeds {
                group.addTask { run(Workload(seed: UInt64(seed), steps: steps / seeds + 1)) }
            }
            for await report in group {
                if let report { sum.add(report) } else { failed += 1 }
            }
        }
        print(
            "shard-workload: \(sum.steps) steps in \(seeds) seeds, \(sum.payments) payments, \(sum.records) records, "
                + "\(sum.restarts) restarts, \(sum.checks) comparisons, \(clock.now - begun)"
        )
        let counts = sum.tally.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
        print("what happened: \(counts.joined(separator: ", "))")
        let isLong = failed == 0 && sum.steps >= 1_000_000
        if isLong, !sum.missing.isEmpty { print("never happened: \(sum.missing.joined(separator: ", "))") }
        if failed > 0 || (isLong && !sum.missing.isEmpty) { exitFailed() }
    }

    /// nil for a run that failed, of which it tells.
    private static func run(_ workload: Workload) -> Workload.Report? {
        do { return try workload.run() } catch let failure as Workload.Failure {
            print("seed \(workload.seed), step \(failure.steps.count): \(failure.mismatch)")
            if let (steps, mismatch) = workload.shrink(failure) {
                print("The smallest case found, as a scenario:\n\n\(workload.scenario(steps, mismatch))")
            }
        } catch {
            print("seed \(workload.seed): \(error)")
        }
        return nil
    }
}

extension Workload.Report {
    fileprivate mutating func add(_ other: Workload.Report) {
        steps += other.steps
        payments += other.payments
        records += other.records
        checks += other.checks
        restarts += other.restarts
        tally.merge(other.tally) { $0 + $1 }
    }
}
