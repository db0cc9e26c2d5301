import NIOCore
import NIOHPACK
import NIOSSL
import Testing
import TransportTLS

@testable import HTTPTransport

@Suite("A client connection's state machine")
struct HTTPClientConnectionStateMachineTests {
    typealias Machine = HTTPClientConnection.StateMachine

    private static func ready(
        streams: Int = 100,
        maxResponseBytes: Int = 100,
        _ adjust: (inout HTTPClientConfiguration) -> Void = { _ in }
    ) -> Machine {
        var configuration = HTTPClientConfiguration(host: "h", port: 1, authority: "h")
        configuration.maxStreamsPerConnection = streams
        configuration.maxResponseBytes = maxResponseBytes
        adjust(&configuration)
        var machine = Machine(configuration: configuration)
        _ = machine.settingsReceived(maxConcurrentStreams: 1_000)
        return machine
    }

    private static func bytes(_ count: Int) -> ByteBuffer { ByteBuffer(repeating: 65, count: count) }

    @Test("capacity is our cap or the peer's limit, and 100 while it names none")
    func capacity() {
        var configuration = HTTPClientConfiguration(host: "h", port: 1, authority: "h")
        configuration.maxStreamsPerConnection = 250
        var machine = Machine(configuration: configuration)
        let result1 = machine.settingsReceived(maxConcurrentStreams: nil)
        #expect(result1 == .ready(capacity: 100))
        let result2 = machine.settingsReceived(maxConcurrentStreams: 7)
        #expect(result2 == .capacityChanged(7))
        let result3 = machine.settingsReceived(maxConcurrentStreams: nil)
        #expect(result3 == .none)
        let result4 = machine.settingsReceived(maxConcurrentStreams: 1_000)
        #expect(result4 == .capacityChanged(250))
    }

    @Test("identifiers are odd and ascend")
    func identifiers() {
        var machine = Self.ready()
        let streams = (0..<4).map { machine.openStream(for: $0) }
        #expect(streams == [1, 3, 5, 7])
    }

    @Test("a response in pieces is put together, informational headers and trailers pass by")
    func pieces() throws {
        var machine = Self.ready()
        let stream = machine.openStream(for: 9)
        expectNone(machine.headersReceived(stream, [":status": "103"], endStream: false))
        expectNone(machine.headersReceived(stream, [":status": "200", "a": "b"], endStream: false))
        expectNone(machine.dataReceived(stream, Self.bytes(10), endStream: false))
        expectNone(machine.dataReceived(stream, Self.bytes(20), endStream: false))
        let end = machine.headersReceived(stream, ["checksum": "1"], endStream: true)
        guard case .response(request: 9, let response) = end else {
            Issue.record("not a response: \(end)")
            return
        }
        #expect(response.status == 200)
        #expect(response.headers.first(name: "a") == "b")
        #expect(response.body == Self.bytes(30))
        expectReleased(machine.streamClosed(stream), served: true)
        #expect(machine.openStreams == 0)
    }

    @Test("headers may be the whole response")
    func headersOnly() {
        var machine = Self.ready()
        let stream = machine.openStream(for: 1)
        guard case .response(_, let response) = machine.headersReceived(stream, [":status": "204"], endStream: true)
        else { return #expect(Bool(false)) }
        #expect(response.status == 204 && response.body.readableBytes == 0)
    }

    @Test("an answer above the limit is refused by the byte that exceeds it")
    func tooLarge() {
        var machine = Self.ready(maxResponseBytes: 100)
        let stream = machine.openStream(for: 1)
        _ = machine.headersReceived(stream, [":status": "200"], endStream: false)
        expectNone(machine.dataReceived(stream, Self.bytes(100), endStream: false))
        expectReset(machine.dataReceived(stream, Self.bytes(1), endStream: true))
        expectNone(machine.dataReceived(stream, Self.bytes(1), endStream: true))
        expectReleased(machine.streamClosed(stream), served: false)
    }

    @Test(
        "what is not an HTTP response is refused",
        arguments: [[:], [":status": "20"], [":status": "abc"], [":status": "+20"], [":status": "099"]]
            as [HPACKHeaders]
    )
    func notHTTP(headers: HPACKHeaders) {
        var machine = Self.ready()
        let stream = machine.openStream(for: 1)
        expectReset(machine.headersReceived(stream, headers, endStream: true))
    }

    @Test("DATA before HEADERS, and a 1xx that ends the stream, are refused")
    func wrongOrder() {
        var machine = Self.ready()
        let first = machine.openStream(for: 1)
        expectReset(machine.dataReceived(first, Self.bytes(1), endStream: true))
        let second = machine.openStream(for: 2)
        expectReset(machine.headersReceived(second, [":status": "100"], endStream: true))
    }

    @Test("no code of a reset proves that nothing was done, REFUSED_STREAM included", arguments: 0...13)
    func resets(code: Int) throws {
        var machine = Self.ready()
        let stream = machine.openStream(for: 1)
        machine.flushed()
        let failure = machine.streamReset(stream, code: UInt32(code))
        #expect(!isNotExecuted(try #require(failure).result))
        let again = machine.streamReset(stream, code: UInt32(code))
        #expect(again == nil)
    }

    @Test("a graceful GOAWAY releases only the streams above its last one")
    func gracefulGoAway() {
        var machine = Self.ready()
        for request in 0..<4 { _ = machine.openStream(for: Int32(request)) }
        machine.flushed()
        let result5 = machine.goAwayReceived(last: UInt32(Int32.max), code: 0)
        #expect(result5.isEmpty)
        let failures = machine.goAwayReceived(last: 3, code: 0)
        #expect(failures.map(\.request).sorted() == [2, 3])
        #expect(failures.allSatisfy { isNotExecuted($0.result) })
        guard case .response = machine.headersReceived(3, [":status": "200"], endStream: true) else {
            return #expect(Bool(false), "streams at or below the last one run on")
        }
    }

    @Test("a GOAWAY with an error proves nothing", arguments: 1...13)
    func goAwayWithError(code: Int) {
        var machine = Self.ready()
        _ = machine.openStream(for: 1)
        machine.flushed()
        let failures = machine.goAwayReceived(last: 0, code: UInt32(code))
        #expect(failures.count == 1)
        #expect(!isNotExecuted(failures[0].result))
    }

    @Test("a lost connection: what was handed to the socket is unknown, what was not is certain")
    func lost() {
        var machine = Self.ready()
        _ = machine.openStream(for: 1)
        _ = machine.openStream(for: 2)
        machine.flushed()
        _ = machine.openStream(for: 3)
        let failures = machine.closed()
        #expect(failures.filter { isNotExecuted($0.result) }.map(\.request) == [3])
        #expect(failures.filter { !isNotExecuted($0.result) }.map(\.request).sorted() == [1, 2])
        #expect(machine.openStreams == 0)
    }

    @Test("a stream that our own side ended is a bad response")
    func endedByOurSide() {
        var machine = Self.ready()
        let stream = machine.openStream(for: 1)
        guard case .released(false, let failure?) = machine.streamClosed(stream) else { return #expect(Bool(false)) }
        #expect(!isNotExecuted(failure.result))
    }

    @Test("a cancelled stream has no second result")
    func cancel() {
        var machine = Self.ready()
        let stream = machine.openStream(for: 1)
        let first = machine.cancel(stream)
        let second = machine.cancel(stream)
        #expect(first && !second)
        expectNone(machine.headersReceived(stream, [":status": "200"], endStream: true))
        expectReleased(machine.streamClosed(stream), served: false)
        let result6 = machine.closed()
        #expect(result6.isEmpty)
    }

    @Test("an answer before the request's end leaves the stream to be reset")
    func earlyAnswer() {
        var machine = Self.ready()
        let stream = machine.openStream(for: 1)
        _ = machine.headersReceived(stream, [":status": "413"], endStream: true)
        #expect(machine.answeredOpenCount == 1)
        #expect(machine.answeredOpenStreams() == [stream])
        expectReleased(machine.streamClosed(stream), served: true)
        #expect(machine.answeredOpenCount == 0)
    }

    @Test("TLS without h2 is refused")
    func negotiation() throws {
        var configuration = HTTPClientConfiguration(host: "h", port: 1, authority: "h")
        configuration.tls = try NIOSSLContext(configuration: .makeClientConfiguration())
        for (negotiated, expected) in [("h2", Machine.OnHandshake.none), ("http/1.1", .close), (nil, .close)] {
            var machine = Machine(configuration: configuration)
            let result7 = machine.tlsHandshakeCompleted(negotiated: negotiated)
            #expect(result7 == expected)
        }
    }

    @Test("keepalive: traffic restarts the wait, silence is pinged, silence after that is the end")
    func keepalive() {
        var machine = Self.ready()
        machine.heard()
        let result8 = machine.keepaliveTimerFired()
        #expect(result8 == .startIdleTimer)
        machine.heard()
        let result9 = machine.keepaliveTimerFired()
        #expect(result9 == .startIdleTimer)
        let result10 = machine.keepaliveTimerFired()
        #expect(result10 == .pingAndStartPingTimer)
        machine.heard()
        let result11 = machine.keepaliveTimerFired()
        #expect(result11 == .startIdleTimer)
        let result12 = machine.keepaliveTimerFired()
        #expect(result12 == .pingAndStartPingTimer)
        let result13 = machine.keepaliveTimerFired()
        #expect(result13 == .close)
    }

    @Test("a connection wears out once, at its configured number of streams")
    func wornOut() {
        var machine = Self.ready { $0.maxStreamsPerConnectionLifetime = 3 }
        var worn: [Bool] = []
        for request: Int32 in 0..<5 {
            _ = machine.openStream(for: request)
            worn.append(machine.isWornOut)
        }
        #expect(worn == [false, false, true, false, false])
        #expect(!machine.isExhausted)
    }
}

private typealias Machine = HTTPClientConnection.StateMachine

private func isNotExecuted(_ result: HTTPClientResult) -> Bool {
    if case .notExecuted = result { true } else { false }
}

private func expectNone(_ part: Machine.OnResponsePart, at location: SourceLocation = #_sourceLocation) {
    guard case .none = part else { return #expect(Bool(false), "\(part)", sourceLocation: location) }
}

private func expectReset(_ part: Machine.OnResponsePart, at location: SourceLocation = #_sourceLocation) {
    guard case .reset = part else { return #expect(Bool(false), "\(part)", sourceLocation: location) }
}

private func expectReleased(
    _ event: Machine.OnStreamClosed,
    served: Bool,
    at location: SourceLocation = #_sourceLocation
) {
    guard case .released(served, nil) = event else { return #expect(Bool(false), "\(event)", sourceLocation: location) }
}
