import API
import Foundation
import Ledger
import NIOCore
import Payments
import ShardCore
import ShardModel
import Testing

/// Every pair of a state and what a provider, an operator or a dispute's merchant tells: those that
/// are not in the table are refused and change nothing.
@Suite("Pairs of state and event, told by others")
struct EventPairsTests {
    private static let file = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Scenarios/event-pairs.txt")
    private static let isRewriting = ProcessInfo.processInfo.environment["MILLRACE_REWRITE"] == "1"

    /// What each state takes, as `name=effect`, by the state's name.
    static let taken: [String: [String]] = {
        let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
        let lines = text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
            line.split(separator: "|", omittingEmptySubsequences: false).map { $0.trimmingCharacters(in: .whitespaces) }
        }
        return Dictionary(uniqueKeysWithValues: lines.map { ($0[0], $0[1].split(separator: " ").map(String.init)) })
    }()

    /// All that can be told, by name.
    private static let steps: [(name: String, step: Step)] =
        PaymentEventType.allCases.filter(\.isPosted).map { type in
            var event = Step.Event(type)
            switch type {
            case .authorizationSucceeded, .captureSucceeded: event.amount = 1_000
            case .incrementSucceeded: event.amount = 1_200
            case .refundSucceeded, .refundFailed: event.refund = 1
            default: event.amount = type.needsAmount ? 100 : nil
            }
            if type == .moneyReclassified { event.target = .platformFees }
            return ("\(type.name)", .event(1, event))
        } + [("evidence", .evidence(1, dispute: 1)), ("accept", .accept(1, dispute: 1))]

    @Test("What the table does not have is refused and changes nothing", arguments: RefusedPairsTests.states)
    func pairs(state: RefusedPairsTests.State) throws {
        let found = try taken(state)
        let expected = Self.isRewriting ? found : Self.taken[state.name]
        #expect(found == expected, "\(state.name)")
    }

    @Test("The table has each state")
    func table() throws {
        if Self.isRewriting {
            let head = try String(contentsOf: Self.file, encoding: .utf8).split(separator: "\n").prefix {
                $0.hasPrefix("#")
            }
            let lines = try RefusedPairsTests.states.map { "\($0.name) | \(try taken($0).joined(separator: " "))" }
            let text = (head.map(String.init) + lines).joined(separator: "\n") + "\n"
            return try text.write(to: Self.file, atomically: true, encoding: .utf8)
        }
        #expect(Set(Self.taken.keys) == Set(RefusedPairsTests.states.map(\.name)))
    }

    /// What the state takes; what it refuses must change nothing.
    private func taken(_ state: RefusedPairsTests.State) throws -> [String] {
        var taken: [String] = []
        for (name, step) in Self.steps {
            var driver = try RefusedPairsTests.reach(state)
            let (digest, records) = (driver.digest(), driver.journal.count)
            try driver.take(step)
            let (isNothing, answer) = (driver.didNothing, driver.response)
            // A refund or dispute that never was has no identifier to be told of.
            guard !isNothing else { continue }
            let place: Comment = "\(step) in \(state.name)"
            let response = try #require(answer, place)
            let after = (driver.digest(), driver.journal.count)
            guard response.status != 200 else {
                #expect(after.1 > records, place)
                taken.append("\(name)=\(try Self.effect(response))")
                continue
            }
            #expect(after == (digest, records), place)
            let isUnknownDispute = name.hasPrefix("dispute.") && !state.name.contains("dispute")
            #expect(response.status == 409 || (isUnknownDispute && response.status == 404), place)
        }
        return taken
    }

    /// The event's effect or the operation that it ended; the dispute's status for what the
    /// merchant does.
    private static func effect(_ response: Response) throws -> String {
        let parsed = try JSONSerialization.jsonObject(with: Data(response.body.readableBytesView))
        let document = try #require(parsed as? [String: Any])
        if let ended = document["ended_operation"] as? String { return "ends_\(ended)" }
        return try #require(document["effect"] as? String ?? document["status"] as? String)
    }
}
