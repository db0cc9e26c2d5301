import Testing

@testable import Gateway

@Suite struct VisitGateTests {
    @Test("nobody enters while the gateway starts or once it closes")
    func phases() async throws {
        let gate = VisitGate()
        #expect(throws: GatewayNotServing.starting) { try gate.enter() }
        gate.open()
        try gate.enter()
        gate.leave()
        await gate.close()
        #expect(throws: GatewayNotServing.stopping) { try gate.enter() }
        gate.open()
        #expect(throws: GatewayNotServing.stopping) { try gate.enter() }
    }

    @Test("closing waits for those who are inside")
    func closing() async throws {
        let gate = VisitGate()
        gate.open()
        for _ in 0..<2 { try gate.enter() }
        let closed = Task {
            await gate.close()
            return true
        }
        // The gate refuses from the moment it begins to close.
        while (try? gate.enter()) != nil {
            gate.leave()
            await Task.yield()
        }
        gate.leave()
        gate.leave()
        #expect(await closed.value)
    }

    @Test("a gateway whose start failed closes at once")
    func neverOpened() async {
        let gate = VisitGate()
        await gate.close()
        #expect(throws: GatewayNotServing.stopping) { try gate.enter() }
    }
}
