import CAllocationCounter
import HTTPTransport
import NIOCore
import NIOHPACK
import Payments
import ShardCore
import Testing

@testable import API

/// Counts what the edge allocates per payment: request to command, rendering, answer to response.
@Suite(.serialized) struct AllocationTests {
    /// Takes what the edge hands over without keeping it.
    final class Counter: CommandSink, HTTPResponder {
        var commands = 0
        var answers = 0

        func submit(_ command: Command) { commands += 1 }
        func submitComplete() {}
        func respond(_ token: HTTPStreamToken, _ response: HTTPServerResponse) -> Bool {
            answers += 1
            return true
        }
    }

    #if DEBUG
        /// Without optimisation, closures and temporary values are on the heap as well.
        static let budget = (parse: 12.0, render: 2.0, answer: 4.0)
    #else
        /// Parse: packed details, two digests, a token longer than 15 bytes. Render: the buffer.
        /// Answer: its headers and the request identifier's text.
        static let budget = (parse: 4.0, render: 2.0, answer: 2.0)
    #endif

    static let body = #"""
        {"amount":1250,"currency":"EUR","payment_method":"pm_sim_success","capture":true,"description":"Two books",\#
        "reference":"order-1042","metadata":{"cart":"c-77","channel":"web"}}
        """#

    /// Runs `body` often, after warming up, and gives the allocations and nanoseconds of one run.
    static func measure(_ runs: Int = 2_000, _ body: () -> Void) -> (allocations: Double, nanoseconds: Double) {
        for _ in 0..<100 { body() }
        let clock = ContinuousClock()
        let start = clock.now
        let before = millrace_thread_allocations()
        for _ in 0..<runs { body() }
        let allocations = millrace_thread_allocations() - before
        let elapsed = start.duration(to: clock.now).components
        let nanoseconds = Double(elapsed.seconds) * 1e9 + Double(elapsed.attoseconds) / 1e9
        return (Double(allocations) / Double(runs), nanoseconds / Double(runs))
    }

    struct Setup {
        let counter = Counter()
        let api: PaymentAPI
        let request: HTTPServerRequest

        init() throws {
            let key = APIKey.generate()
            let merchant = APIConfiguration.Merchant(
                name: "acme",
                feeBasisPoints: 290,
                route: RoutePlan(.first),
                keyHashes: [key.hash]
            )
            api = PaymentAPI(
                server: counter,
                loopIndex: 0,
                configuration: try APIConfiguration(merchants: [merchant], idempotencySeed: Edge.seed),
                sink: counter
            )
            let headers: HPACKHeaders = [
                ":method": "POST", ":path": "/v1/payments", ":scheme": "https", ":authority": "localhost:8443",
                "authorization": "Bearer \(key.text)", "content-type": "application/json",
                "idempotency-key": "8e03978e-40d5-43dd-bc93-6894a57f9324", "user-agent": "curl/8.5.0",
            ]
            request = HTTPServerRequest(
                token: HTTPStreamToken(connection: 1, generation: 1, stream: 1),
                method: "POST",
                path: "/v1/payments",
                headers: headers,
                body: ByteBuffer(string: AllocationTests.body)
            )
        }
    }

    @Test func `a payment costs the edge at most eight allocations`() throws {
        let setup = try Setup()
        let details = PaymentDetails.sample
        let renderer = RendererV1(cursorKey: LedgerCursorKey(seed: []), connectors: ConnectorRegistry("psp"))
        let parse = Self.measure { setup.api.receive(setup.request) }
        #expect(setup.counter.commands == 2_100)
        let render = Self.measure {
            var body = ByteBuffer()
            renderer.renderPayment(.sample, details: details.bytes.span, into: &body)
        }
        let response = PaymentAPITests.response(status: 201)
        let answer = Self.measure { setup.api.deliver(response) }
        #expect(setup.counter.answers == 2_100)
        print("edge: parse \(parse), render \(render), answer \(answer)")
        #expect(parse.allocations <= Self.budget.parse)
        #expect(render.allocations <= Self.budget.render)
        #expect(answer.allocations <= Self.budget.answer)
    }

    @Test func `rendering into a buffer with room allocates nothing`() {
        let details = PaymentDetails.sample
        let renderer = RendererV1(cursorKey: LedgerCursorKey(seed: []), connectors: ConnectorRegistry("psp"))
        var body = ByteBuffer()
        body.reserveCapacity(4_096)
        let render = Self.measure {
            body.clear()
            renderer.renderPayment(.sample, details: details.bytes.span, into: &body)
        }
        print("edge: render into a reused buffer \(render)")
        #expect(render.allocations == 0)
    }
}
