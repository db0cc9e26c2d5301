import HTTPTransport
import Money
import NIOCore
import NIOHPACK
import PSPSimulator
import Payments
import Providers
import Testing
import Time

@testable import Simulation

/// What the PSP executed is counted for a payment, or it is a violation.
@Suite struct PSPAuditorTests {
    /// One PSP that has executed one authorization.
    private func psps(for payment: PaymentID) throws -> [EmbeddedPSP] {
        var profile = SimulatorProfile.clean
        profile.latency = .uniform(minimum: 1, maximum: 1)
        var psp = try EmbeddedPSP(profile: profile, seed: 1)
        let call = ProviderCall(
            mode: .execute,
            operation: .authorize,
            connector: .first,
            payment: payment,
            ordinal: 1,
            attempt: 1,
            amountMinor: Intent.amount(of: 0),
            currency: .eur,
            capturesAutomatically: true,
            paymentMethod: "tok_visa",
            providerReference: ""
        )
        let request = try #require(SimulatedCodec().encode(call))
        let reply = psp.handle(
            method: "POST",
            target: try #require(request.headers.first(name: ":path")),
            key: request.headers.first(name: "idempotency-key"),
            body: request.body ?? ByteBuffer(),
            now: 1
        )
        #expect(reply.status < 300)
        return [psp]
    }

    private func violations(_ payment: PaymentID, shard: Int) throws -> ([PSPAuditor.Totals], [String]) {
        var psps = try psps(for: payment)
        var violations: [String] = []
        let totals = PSPAuditor.totals(&psps, now: 10, shard: shard, among: 2, payments: 1) { violations.append($0) }
        return (totals, violations)
    }

    @Test func anExecutionCountsForItsPaymentAtItsShardAlone() throws {
        let payment = PaymentID(createdAt: 1, shard: 1, sequence: 1)
        let (totals, problems) = try violations(payment, shard: 1)
        #expect(totals[0].authorizations == 1 && problems.isEmpty)
        let (others, otherProblems) = try violations(payment, shard: 0)
        #expect(others[0].authorizations == 0 && otherProblems.isEmpty)
    }

    @Test func anExecutionOfAShardThatDoesNotExistIsAViolation() throws {
        let (_, problems) = try violations(PaymentID(createdAt: 1, shard: 2, sequence: 1), shard: 0)
        #expect(problems.count == 1 && problems[0].contains("there is no shard 2"))
    }

    @Test func anExecutionOfAPaymentThatDoesNotExistIsAViolation() throws {
        let (_, problems) = try violations(PaymentID(createdAt: 1, shard: 0, sequence: 2), shard: 0)
        #expect(problems.count == 1 && problems[0].contains("there is no such payment"))
    }
}
