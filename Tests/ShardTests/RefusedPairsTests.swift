import API
import Foundation
import NIOCore
import Payments
import ShardCore
import ShardModel
import Testing

/// Every pair of a state and an event: those that are not in the table of transitions are refused
/// and change nothing.
@Suite("Pairs of state and event")
struct RefusedPairsTests {
    struct State: CustomTestStringConvertible {
        var name: String
        var steps: [String]
        /// `ok`, or the status of the refusal, by request.
        var pairs: [String]
        var testDescription: String { name }

        var scenario: Scenario {
            get throws {
                // Only what the fraud hook looks at can be held for people.
                let configuration = name == "review" ? "config review_over=1\n" : ""
                return try Scenario(configuration + steps.map { "> \($0)\n" }.joined())
            }
        }
    }

    private static let directory = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Scenarios")
    private static let renderer = RendererV1(
        cursorKey: LedgerCursorKey(seed: [7]),
        connectors: Scenario.registry
    )

    static let states: [State] = {
        let text = (try? String(contentsOf: directory.appending(path: "pairs.txt"), encoding: .utf8)) ?? ""
        return text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            return State(
                name: cells[0],
                steps: cells[1].split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) },
                pairs: cells[2].split(separator: " ").map(String.init)
            )
        }
    }()

    /// The requests, in the order of the table's columns, each with the operation's name in
    /// `allowed`.
    private static let requests: [(step: Step, name: String?)] = [
        (.capture(1, amount: nil, isFinal: true), "capture"), (.capture(1, amount: 400, isFinal: true), "capture"),
        (.capture(1, amount: 400, isFinal: false), "capture"), (.capture(1, amount: 1_001, isFinal: true), nil),
        (.cancel(1), "cancel"), (.increment(1, 1_500), "increment"), (.increment(1, 900), nil),
        (.confirm(1), "confirm"),
        (.refund(1, amount: nil), "refund"), (.refund(1, amount: 400), "refund"), (.refund(1, amount: 1_001), nil),
        (.approve(1), "approve"), (.reject(1), "reject"),
    ]

    static func reach(_ state: State) throws -> ShardDriver {
        let scenario = try state.scenario
        var driver = ShardDriver(configuration: scenario.configuration, renderer: renderer)
        for step in scenario.steps { try driver.take(step) }
        return driver
    }

    @Test("The table names each request of each state")
    func table() {
        #expect(Self.states.count >= 30)
        for state in Self.states { #expect(state.pairs.count == Self.requests.count, "\(state.name)") }
    }

    @Test(
        "What the table does not have is refused, changes nothing, and the refusal tells what is allowed",
        arguments: states
    )
    func requests(state: State) throws {
        let allowed = Set(zip(Self.requests, state.pairs).filter { $0.1 == "ok" }.compactMap(\.0.name))
        for ((step, _), expected) in zip(Self.requests, state.pairs) {
            var driver = try Self.reach(state)
            let before = Snapshot(driver)
            try driver.take(step)
            let place: Comment = "\(step) in \(state.name)"
            guard expected != "ok" else {
                let records = driver.journal.count
                #expect(records == before.records + 1, place)
                continue
            }
            let (after, answer) = (Snapshot(driver), driver.response)
            #expect(after == before, place)
            let response = try #require(answer, place)
            #expect("\(response.status)" == expected, "\(place): \(String(buffer: response.body))")
            try expectTold(response, of: driver, allows: allowed, at: place)
        }
    }

    /// A refusal holds the payment as it is; with 409 also what may be done instead.
    private func expectTold(
        _ response: Response,
        of driver: borrowing ShardDriver,
        allows allowed: Set<String>,
        at place: Comment
    ) throws {
        let parsed = try JSONSerialization.jsonObject(with: Data(response.body.readableBytesView))
        let document = try #require(parsed as? [String: Any], place)
        let payment = try #require(document["payment"] as? [String: Any], place)
        let view = try driver.view(1)
        let status = try #require(view, place).status
        #expect(payment["status"] as? String == "\(status.name)", place)
        guard response.status == 409 else { return }
        let told = try #require(document["allowed"] as? [String], place)
        #expect(Set(told) == allowed, place)
    }

    @Test("A late word of the PSP about an operation that has ended changes nothing", arguments: states)
    func lateOutcomes(state: State) throws {
        var replies: [Step.Reply] = [.ok(amount: nil, currency: nil, expiresIn: 0), .action, .pending, .notFound]
        replies += DeclineCode.allCases.map { .declined($0) }
        replies += CallFailure.allCases.flatMap { [.unknown($0), .notExecuted($0)] }
        for reply in replies {
            var driver = try Self.reach(state)
            let before = Snapshot(driver)
            driver.answerLate(1, reply)
            let (after, events) = (Snapshot(driver), driver.events.count)
            #expect(after == before && events == 0, "\(reply) in \(state.name)")
        }
    }

    @Test("Time alone changes only what has a deadline that has come, or must be taken back", arguments: states)
    func time(state: State) throws {
        var driver = try Self.reach(state)
        let before = Snapshot(driver)
        let mustAct = state.name == "failed, too little authorized"
        // Less than the first step of any resolution.
        try driver.take(.wait(900))
        let after = Snapshot(driver)
        #expect(after == before, "\(state.name)")
        try driver.take(.wait(10_000))
        let records = driver.journal.count
        #expect(records == before.records + (mustAct ? 1 : 0), "\(state.name)")
    }

    @Test("To another merchant no payment exists, whatever its state", arguments: states)
    func strangers(state: State) throws {
        let kinds: [(PaymentID) -> Command.Kind] = [
            { .capture($0, amountMinor: nil) }, { .cancel($0) }, { .increment($0, amountMinor: 2_000) },
            { .confirm($0) },
            { .refund($0, amountMinor: nil) }, { .approve($0) }, { .reject($0) },
        ]
        for kind in kinds {
            var driver = try Self.reach(state)
            let before = Snapshot(driver)
            driver.askAsStranger(1, kind)
            let (after, answer) = (Snapshot(driver), driver.response)
            #expect(after == before)
            #expect(answer?.status == 404)
        }
    }

    /// What must not change.
    private struct Snapshot: Equatable {
        var digest: UInt64
        var records: Int
        var calls: Int
        var running: Int

        init(_ driver: borrowing ShardDriver) {
            digest = driver.digest()
            records = driver.journal.count
            calls = driver.callCount
            running = driver.core.runningCount
        }
    }
}

extension ShardDriver {
    /// The answer of the last step.
    var response: Response? {
        for timed in events.reversed() {
            if case .response(let response) = timed.event { return response }
        }
        return nil
    }
}
