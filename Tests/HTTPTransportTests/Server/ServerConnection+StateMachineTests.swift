import NIOCore
import Testing

@testable import HTTPTransport

@Suite struct ServerConnectionStateMachineTests {
    private typealias Machine = ServerConnectionStateMachine
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
    private let limits = Machine.Limits(
        header: .seconds(10),
        idle: .seconds(60),
        age: .seconds(600),
        grace: .seconds(30)
    )

    private func machine() -> Machine { Machine(limits: limits, now: start) }

    @Test func `Without a first request the header timeout ends it`() {
        var machine = machine()
        #expect(machine.timePassed(now: start + .seconds(9)) == .none)
        #expect(machine.timePassed(now: start + .seconds(10)) == .headersTimedOut)
        #expect(!machine.isListening)
        #expect(machine.timePassed(now: start + .seconds(11)) == .close)
        #expect(machine.timePassed(now: start + .seconds(12)) == .none)
    }

    @Test func `Idle time starts when the last stream closes`() {
        var machine = machine()
        #expect(machine.streamOpened(1) == .accept)
        #expect(machine.streamOpened(3) == .accept)
        #expect(machine.timePassed(now: start + .seconds(100)) == .none)
        #expect(machine.streamClosed(now: start + .seconds(100)) == .none)
        #expect(machine.streamClosed(now: start + .seconds(120)) == .none)
        #expect(machine.timePassed(now: start + .seconds(179)) == .none)
        #expect(machine.timePassed(now: start + .seconds(180)) == .idleTimedOut)
    }

    @Test func `A drain announces, waits for the round trip, then for the streams`() {
        var machine = machine()
        _ = machine.streamOpened(1)
        #expect(machine.drainRequested(now: start) == .announce)
        #expect(machine.drainRequested(now: start) == .none)
        #expect(machine.streamOpened(7) == .accept)
        #expect(machine.pingAcknowledged(now: start) == .sendFinalGoAway)
        #expect(machine.lastStream == 7)
        #expect(machine.streamOpened(9) == .refuse)
        #expect(machine.streamClosed(now: start) == .none)
        #expect(machine.streamClosed(now: start) == .close)
        #expect(machine.timePassed(now: start + .milliseconds(499)) == .none)
        #expect(machine.timePassed(now: start + .milliseconds(500)) == .close)
    }

    @Test func `A drain without streams ends after the round trip`() {
        var machine = machine()
        _ = machine.drainRequested(now: start)
        #expect(machine.isListening)
        #expect(machine.pingAcknowledged(now: start) == .sendFinalGoAwayAndClose)
        #expect(!machine.isListening)
        #expect(machine.pingAcknowledged(now: start) == .none)
    }

    @Test func `A PING that never comes back is waited for one second`() {
        var machine = machine()
        _ = machine.streamOpened(1)
        _ = machine.drainRequested(now: start)
        #expect(machine.timePassed(now: start + .milliseconds(999)) == .none)
        #expect(machine.timePassed(now: start + .seconds(1)) == .sendFinalGoAway)
    }

    @Test func `A drain whose streams do not end is closed after the grace`() {
        var machine = machine()
        _ = machine.streamOpened(1)
        _ = machine.drainRequested(now: start)
        _ = machine.pingAcknowledged(now: start)
        #expect(machine.timePassed(now: start + .seconds(29)) == .none)
        #expect(machine.timePassed(now: start + .seconds(30)) == .close)
    }

    @Test func `Age starts a drain`() {
        var machine = machine()
        _ = machine.streamOpened(1)
        #expect(machine.timePassed(now: start + .seconds(599)) == .none)
        #expect(machine.timePassed(now: start + .seconds(600)) == .announce)
        #expect(machine.timePassed(now: start + .seconds(600)) == .none)
    }

    @Test func `A failure lingers once, from any state, and refuses streams`() {
        var machine = machine()
        _ = machine.streamOpened(1)
        #expect(machine.failed(now: start) == .linger)
        #expect(machine.failed(now: start) == .none)
        #expect(machine.streamOpened(3) == .refuse)
        #expect(machine.streamClosed(now: start) == .none)
        #expect(machine.drainRequested(now: start) == .none)
        #expect(machine.timePassed(now: start + .seconds(1)) == .close)
    }
}
