import Logging
import Money
import NIOCore
import NIOPosix
import PSPSimulator
import Payments
import Testing
import Time

@testable import HTTPTransport
@testable import Providers

/// The provider against the simulator itself, over real sockets.
@Suite("The simulated provider, end to end", .serialized, .timeLimit(.minutes(5)))
struct SimulatedProviderTests {
    private func withProvider(_ body: (ProviderHarness) async throws -> Void) async throws {
        let server = try await PSPSimulatorServer.start(
            configuration: PSPSimulatorConfiguration(),
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        )
        let provider = try await ProviderHarness(port: server.port)
        try await body(provider)
        try await provider.shutdown()
        await server.drain()
    }

    private func payment(_ sequence: UInt64) -> PaymentID {
        PaymentID(createdAt: 1_700_000_000_000, shard: 0, sequence: sequence)
    }

    @Test("authorize, capture in part, refund: what happened is what a query says")
    func lifeOfAPayment() async throws {
        try await withProvider { provider in
            let authorize = Calls.make(.authorize, amount: 1_000)
            let authorized = try await provider.perform(authorize)
            let charge = try #require(authorized.success)
            #expect(charge.providerReference.hasPrefix("ch_"))
            #expect(charge.amountMinor == 1_000 && charge.currency == .eur)

            var query = authorize
            query.mode = .query
            let queried = try await provider.perform(query)
            #expect(queried == authorized)

            let capture = Calls.make(.capture, amount: 600, reference: charge.providerReference)
            let captured = try await provider.perform(capture)
            #expect(captured.success?.amountMinor == 600)
            var captureQuery = capture
            captureQuery.mode = .query
            let queriedCapture = try await provider.perform(captureQuery)
            #expect(queriedCapture == captured)

            let refund = Calls.make(.refund, amount: 200, reference: charge.providerReference)
            let refunded = try await provider.perform(refund)
            #expect(refunded.success?.amountMinor == 200)
            #expect(refunded.success?.providerReference != charge.providerReference)
        }
    }

    @Test("a replay under the same key answers as the first did")
    func replay() async throws {
        try await withProvider { provider in
            let call = Calls.make(.authorize, captures: true)
            let first = try await provider.perform(call)
            let second = try await provider.perform(call)
            #expect(first.success != nil && first == second)
        }
    }

    @Test("an authorization is cancelled, and a capture after it is declined")
    func cancel() async throws {
        try await withProvider { provider in
            let authorized = try await provider.perform(Calls.make(.authorize))
            let reference = try #require(authorized.success).providerReference
            let cancelled = try await provider.perform(Calls.make(.cancel, reference: reference))
            #expect(cancelled.success != nil)
            let captured = try await provider.perform(Calls.make(.capture, reference: reference))
            #expect(captured.decline != nil)
        }
    }

    @Test("an operation that never was is not found; a charge that never was is not captured")
    func neverWas() async throws {
        try await withProvider { provider in
            let queried = try await provider.perform(Calls.make(.authorize, mode: .query))
            #expect(queried == .notFound)
            let captured = try await provider.perform(Calls.make(.capture, reference: "ch_00000000000000000000000000"))
            #expect(captured == .notExecuted(.misconfigured))
        }
    }

    @Test("what goes wrong is told apart by what it proves")
    func faults() async throws {
        let expected: [(token: String, outcome: ProviderOutcome)] = [
            (
                "tok_decline_insufficient_funds",
                .declined(.init(category: .softLater, code: .insufficientFunds, providerCode: "insufficient_funds"))
            ),
            (
                "tok_decline_stolen_card",
                .declined(.init(category: .hard, code: .stolenCard, providerCode: "stolen_card"))
            ),
            ("tok_execute_then_500", .unknown(.serverError)),
            ("tok_500_without_execution", .unknown(.serverError)),
            ("tok_503_not_executed", .notExecuted(.overloaded)),
            ("tok_429", .notExecuted(.rateLimited)),
            ("tok_malformed_json", .unknown(.badResponse)),
            ("tok_timeout", .unknown(.timeout)),
            ("tok_execute_then_reset", .unknown(.streamReset)),
            ("tok_execute_then_close", .unknown(.connectionLost)),
            ("tok_execute_then_silence", .unknown(.timeout)),
        ]
        try await withProvider { provider in
            for (index, (token, outcome)) in expected.enumerated() {
                let isSilent = token == "tok_timeout" || token == "tok_execute_then_silence"
                let call = Calls.make(.authorize, payment: payment(UInt64(index + 1)), method: token)
                let result = try await provider.perform(call, timeout: isSilent ? .seconds(2) : .hours(1))
                #expect(result == outcome, "\(token)")
            }
        }
    }

    @Test("an execution whose answer was lost is found by asking", arguments: ["reset", "close", "500"])
    func resolution(fault: String) async throws {
        try await withProvider { provider in
            let call = Calls.make(.authorize, method: "tok_execute_then_\(fault)")
            let executed = try await provider.perform(call)
            #expect(executed.success == nil)
            var query = call
            query.mode = .query
            let queried = try await provider.perform(query)
            #expect(queried.success?.amountMinor == 1_000)
        }
    }

    @Test("an increment raises the authorization; its query says so")
    func increment() async throws {
        try await withProvider { provider in
            let charge = try #require(try await provider.perform(Calls.make(.authorize)).success)
            #expect(charge.expiresAt > 1_700_000_000_000)
            let increment = Calls.make(.increment, amount: 1_500, reference: charge.providerReference)
            let raised = try await provider.perform(increment)
            #expect(raised.success?.amountMinor == 1_500)
            var query = increment
            query.mode = .query
            #expect(try await provider.perform(query) == raised)
            let all = Calls.make(.capture, amount: 1_500, reference: charge.providerReference)
            #expect(try await provider.perform(all).success?.amountMinor == 1_500)
        }
    }

    @Test("a shopper is waited for: confirmed too early, then done; queries tell both")
    func shopper() async throws {
        try await withProvider { provider in
            let authorize = Calls.make(.authorize, captures: true, method: "tok_3ds_completes_1s")
            let asked = try await provider.perform(authorize)
            guard case .actionRequired(let action, let reference) = asked else {
                return #expect(Bool(false), "\(asked)")
            }
            #expect(action.kind == .threeDSecure && action.url.contains("/actions/act_"))
            var query = authorize
            query.mode = .query
            #expect(try await provider.perform(query) == asked)
            let early = Calls.make(.confirm, captures: true, reference: reference)
            #expect(try await provider.perform(early) == asked)
            var ordinal: UInt16 = 2
            var outcome = asked
            while outcome == asked {
                let again = Calls.make(.confirm, ordinal: ordinal, captures: true, reference: reference)
                outcome = try await provider.perform(again)
                ordinal += 1
            }
            #expect(outcome.success?.amountMinor == 1_000 && outcome.success?.providerReference == reference)
            #expect(try await provider.perform(query).success == outcome.success)
        }
    }

    @Test("what was voided by reference is not executed when it arrives late")
    func voidByReference() async throws {
        try await withProvider { provider in
            let void = Calls.make(.authorize, mode: .cancelByReference)
            let voided = try await provider.perform(void)
            #expect(voided.success?.amountMinor == 0)
            #expect(try await provider.perform(void) == voided)
            let late = try await provider.perform(Calls.make(.authorize))
            #expect(late.decline?.providerCode == "reference_cancelled")
        }
    }

    @Test("a void by reference finds a hold and releases it, and comes too late for a sale", arguments: [true, false])
    func voidOfSomething(captures: Bool) async throws {
        try await withProvider { provider in
            #expect(try await provider.perform(Calls.make(.authorize, captures: captures)).success != nil)
            let voided = try await provider.perform(
                Calls.make(.authorize, mode: .cancelByReference, captures: captures)
            )
            if captures {
                #expect(voided.decline?.code == .alreadyCaptured)
            } else {
                #expect(voided.success?.amountMinor == 1_000)
            }
        }
    }

    @Test("a pending authorization is reported as pending")
    func pending() async throws {
        try await withProvider { provider in
            let outcome = try await provider.perform(Calls.make(.authorize, method: "tok_pending_succeeds"))
            guard case .pending(let reference) = outcome else { return #expect(Bool(false), "\(outcome)") }
            #expect(reference.hasPrefix("ch_"))
        }
    }

    @Test("a call that cannot be said is refused without being sent, later, like any other")
    func unsayable() async throws {
        try await withProvider { provider in
            let outcome = try await provider.perform(Calls.make(.capture, reference: "../charges"))
            #expect(outcome == .notExecuted(.misconfigured))
            let statistics = try await provider.statistics()
            #expect(statistics.calls == 1 && statistics.notExecuted == 1 && statistics.transport.requests == 0)
        }
    }

    @Test("without a server every call is certainly not executed")
    func noServer() async throws {
        let server = try await PSPSimulatorServer.start(
            configuration: PSPSimulatorConfiguration(),
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        )
        let port = server.port
        await server.drain()
        let provider = try await ProviderHarness(port: port)
        let outcome = try await provider.perform(Calls.make(.authorize))
        #expect(outcome == .notExecuted(.connectionFailed))
        try await provider.shutdown()
    }
}
