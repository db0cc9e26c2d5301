import Foundation
import Gateway
import NIOCore
import NIOPosix

/// Counts the heap allocations of one request at the edge, and of one payment on its whole path.
/// Fails when a committed budget (`budget.txt`: a name and a number a line) is exceeded.
/// Allocations are deterministic where seconds are not.
@main
struct AllocationBudget {
    static func main() async throws {
        guard CommandLine.arguments.count == 3 else {
            print("usage: allocation-budget DIRECTORY BUDGET-FILE")
            exit(2)
        }
        let directory = CommandLine.arguments[1]
        let budgets = try read(CommandLine.arguments[2])
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let setting = Setting(
            directory: directory,
            certificates: try DevelopmentCertificates.ensure(
                directory: directory + "/certs",
                force: false,
                now: Int64(Date().timeIntervalSince1970)
            ),
            loop: group.next()
        )
        let measured = [
            ("edge", try await Edge.measure(setting)),
            ("whole-path", try await WholePath.measure(setting)),
        ]
        try await group.shutdownGracefully()
        var isWithin = true
        for (name, allocations) in measured {
            guard let budget = budgets[name] else {
                print("FAILED: no budget for \(name)")
                exit(2)
            }
            print("allocations per payment, \(name): \((allocations * 100).rounded() / 100) (budget \(budget))")
            isWithin = isWithin && allocations > 0 && allocations <= budget
        }
        if !isWithin {
            print("FAILED: a budget is exceeded")
            exit(1)
        }
    }

    private static func read(_ path: String) throws -> [String: Double] {
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        return Dictionary(
            lines.compactMap { line in
                let words = line.split(separator: " ")
                guard words.count == 2, let number = Double(words[1]) else { return nil }
                return (String(words[0]), number)
            },
            uniquingKeysWith: { min($0, $1) }
        )
    }
}
