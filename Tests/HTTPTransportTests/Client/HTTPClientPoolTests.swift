import NIOCore
import NIOHPACK
import NIOHTTP2
import NIOSSL
import Testing
import TransportTLS

@testable import HTTPTransport

/// The pool against a real HTTP/2 server on real sockets.
@Suite("The pool on sockets", .serialized, .timeLimit(.minutes(5)))
struct HTTPClientPoolTests {
    private static func configuration(
        _ server: TestHTTP2Server,
        _ adjust: (inout HTTPClientConfiguration) -> Void = { _ in }
    ) -> HTTPClientConfiguration {
        var configuration = HTTPClientConfiguration(host: "127.0.0.1", port: server.port, authority: "localhost")
        configuration.connections = .init(minimum: 1, maximum: 1)
        configuration.backoff = .init(minimum: .milliseconds(5), maximum: .milliseconds(20))
        adjust(&configuration)
        return configuration
    }

    /// Runs `body` with a server and a pool, and shuts both down.
    private func withPool(
        settings: HTTP2Settings = [HTTP2Setting(parameter: .maxConcurrentStreams, value: 100)],
        _ adjust: (inout HTTPClientConfiguration) -> Void = { _ in },
        _ body: (TestHTTP2Server, ClientHarness) async throws -> Void
    ) async throws {
        let server = try await TestHTTP2Server.start(settings: settings)
        let client = try await ClientHarness(Self.configuration(server, adjust))
        try await body(server, client)
        try await client.shutdown()
        try await server.shutdown()
    }

    @Test("request and response bodies arrive whole, in clear text and over TLS", arguments: [false, true])
    func echo(isSecure: Bool) async throws {
        let tls = try TestTLS()
        let server = try await TestHTTP2Server.start(tls: isSecure ? tls.server : nil)
        let configuration = Self.configuration(server) {
            $0.tls = isSecure ? tls.client : nil
            $0.serverName = "localhost"
        }
        let client = try await ClientHarness(configuration)
        for size in [1, 200, 9_000, 60_000] {
            let body = String(repeating: "a", count: size)
            let response = try #require(try await client.request("/echo", body: body).get().response)
            #expect(response.status == 200)
            #expect(String(buffer: response.body) == body)
            #expect(response.headers.first(name: "x") == "y")
        }
        #expect(server.accepted == 1)
        try await client.shutdown()
        try await server.shutdown()
    }

    @Test("a server that negotiates no h2 is no connection")
    func noALPN() async throws {
        let tls = try TestTLS(serverProtocols: ["http/1.1"])
        let server = try await TestHTTP2Server.start(tls: tls.server)
        let client = try await ClientHarness(
            Self.configuration(server) {
                $0.tls = tls.client
                $0.serverName = "localhost"
            }
        )
        let value1 = try await client.request("/echo").get().notExecuted
        #expect(value1 == .connectFailed)
        let value2 = try await client.statistics().connectionsReady
        #expect(value2 == 0)
        try await client.shutdown()
        try await server.shutdown()
    }

    @Test("a response in pieces, after informational headers and with trailers")
    func pieces() async throws {
        try await withPool { _, client in
            let response = try #require(try await client.request("/pieces").get().response)
            #expect(response.status == 200)
            #expect(String(buffer: response.body) == "one two three")
        }
    }

    @Test("thousands of requests share one connection, and their results come in batches")
    func many() async throws {
        try await withPool({ $0.maxQueued = 1_000 }) { server, client in
            let results = try await client.requests((0..<1_000).map { "/status/\(200 + $0 % 5)" })
            for (index, result) in results.enumerated() { #expect(result.response?.status == 200 + index % 5) }
            #expect(server.accepted == 1)
            let value3 = try await client.batches()
            #expect(value3 < 500)
            let statistics = try await client.statistics()
            #expect(statistics.responses == 1_000 && statistics.inFlight == 0 && statistics.queued == 0)
        }
    }

    @Test("megabytes flow through the connection's window")
    func window() async throws {
        try await withPool({ $0.connectionWindowBytes = 70_000 }) { _, client in
            let results = try await client.requests(Array(repeating: "/size/60000", count: 100))
            #expect(results.allSatisfy { $0.response?.body.readableBytes == 60_000 })
        }
    }

    @Test("never more streams than MAX_CONCURRENT_STREAMS allows, from 1 up", arguments: [1, 3])
    func concurrency(limit: Int) async throws {
        try await withPool(settings: [HTTP2Setting(parameter: .maxConcurrentStreams, value: limit)]) { server, client in
            let results = try await client.requests(Array(repeating: "/echo", count: 50))
            #expect(results.allSatisfy { $0.response?.status == 200 })
            #expect(server.maxConcurrent <= limit)
        }
    }

    @Test("a limit that changes while requests are held is obeyed")
    func changingConcurrency() async throws {
        try await withPool(settings: [HTTP2Setting(parameter: .maxConcurrentStreams, value: 2)]) { server, client in
            let held = Task { try await client.requests(Array(repeating: "/hold", count: 6)) }
            let value4 = try await client.until { _ in server.held == 2 }
            #expect(value4)
            let value5 = try await client.statistics().queued
            #expect(value5 == 4)
            server.announce(maxConcurrentStreams: 5)
            let value6 = try await client.until { _ in server.held == 5 }
            #expect(value6)
            server.releaseHeld()
            let value7 = try await client.until { _ in server.held == 1 }
            #expect(value7)
            server.releaseHeld()
            let results = try await held.value
            #expect(results.allSatisfy { $0.response?.status == 200 })
        }
    }

    @Test("an answer above the limit resets its stream only")
    func tooLarge() async throws {
        try await withPool({ $0.maxResponseBytes = 1_000 }) { server, client in
            let value8 = try await client.request("/size/1000").get().response?.status
            #expect(value8 == 200)
            let value9 = try await client.request("/size/1001").get().unknown
            #expect(value9 == .badResponse)
            let value10 = try await client.request("/size/200000").get().unknown
            #expect(value10 == .badResponse)
            let value11 = try await client.request("/echo").get().response?.status
            #expect(value11 == 200)
            #expect(server.accepted == 1)
        }
    }

    @Test("an answer to the headers alone ends a request whose body cannot be sent")
    func earlyAnswer() async throws {
        let settings: HTTP2Settings = [HTTP2Setting(parameter: .initialWindowSize, value: 10)]
        try await withPool(settings: settings) { _, client in
            let body = String(repeating: "b", count: 1_000)
            let value12 = try await client.request("/early", body: body).get().response?.status
            #expect(value12 == 413)
            let value13 = try await client.until { $0.inFlight == 0 }
            #expect(value13)
            let value14 = try await client.request("/echo").get().response?.status
            #expect(value14 == 200)
        }
    }

    @Test("RST_STREAM, whatever its code: unknown", arguments: [0, 1, 2, 5, 7, 8, 11])
    func resets(code: Int) async throws {
        try await withPool { server, client in
            let result = try await client.request("/reset/\(code)", body: "x").get()
            #expect(result.unknown == .streamReset(code: UInt32(code)))
            let value15 = try await client.request("/echo").get().response?.status
            #expect(value15 == 200)
            #expect(server.accepted == 1)
        }
    }

    @Test("a graceful GOAWAY: streams above the last were not executed, those below run on, a new connection follows")
    func gracefulGoAway() async throws {
        try await withPool { server, client in
            let below = client.request("/hold", body: "below")
            let value16 = try await client.until { _ in server.held == 1 }
            #expect(value16)
            let above = try await client.request("/goaway/below/0", body: "x").get()
            #expect(above.notExecuted == .goAway)
            let value17 = try await client.request("/echo").get().response?.status
            #expect(value17 == 200)
            #expect(server.accepted == 2)
            server.releaseHeld()
            let response = try #require(try await below.get().response)
            #expect(String(buffer: response.body) == "below")
            let value18 = try await client.until { $0.inFlight == 0 }
            #expect(value18)
            let value19 = try await client.until { _ in server.openConnections == 1 }
            #expect(value19, "the old connection is closed")
        }
    }

    @Test("a GOAWAY with an error code proves nothing about the streams it drops")
    func angryGoAway() async throws {
        try await withPool { server, client in
            let held = client.request("/hold")
            let value20 = try await client.until { _ in server.held == 1 }
            #expect(value20)
            let value21 = try await client.request("/goaway/0/11").get().unknown
            #expect(value21 == .goAway)
            let value22 = try await held.get().unknown
            #expect(value22 == .goAway)
            let value23 = try await client.request("/echo").get().response?.status
            #expect(value23 == 200)
        }
    }

    @Test("two-step GOAWAY: the first only stops new streams")
    func twoStepGoAway() async throws {
        try await withPool { server, client in
            let held = client.request("/hold")
            let value24 = try await client.until { _ in server.held == 1 }
            #expect(value24)
            server.goAway(last: Int(Int32.max), code: .noError)
            let value25 = try await client.until { $0.goAwaysReceived == 1 }
            #expect(value25)
            let value26 = try await client.request("/echo").get().response?.status
            #expect(value26 == 200)
            #expect(server.accepted == 2)
            server.releaseHeld()
            let value27 = try await held.get().response?.status
            #expect(value27 == 200)
        }
    }

    @Test("a connection that is lost leaves what was sent unknown, and is replaced")
    func connectionLost() async throws {
        try await withPool { server, client in
            let held = client.request("/hold")
            let value28 = try await client.until { _ in server.held == 1 }
            #expect(value28)
            let value29 = try await client.request("/drop", body: "x").get().unknown
            #expect(value29 == .connectionLost)
            let value30 = try await held.get().unknown
            #expect(value30 == .connectionLost)
            let value31 = try await client.request("/echo").get().response?.status
            #expect(value31 == 200)
        }
    }

    @Test("requests that still wait when their connection is lost go out on the next")
    func queuedSurvivesLoss() async throws {
        try await withPool(settings: [HTTP2Setting(parameter: .maxConcurrentStreams, value: 1)]) { server, client in
            let results = try await client.requests(["/drop", "/echo", "/echo"])
            #expect(results[0].unknown == .connectionLost)
            #expect(results[1].response?.status == 200 && results[2].response?.status == 200)
        }
    }

    @Test("a deadline in flight is unknown, and cancels the stream")
    func deadlineInFlight() async throws {
        try await withPool { server, client in
            let result = try await client.request("/silent", body: "x", timeout: .seconds(2)).get()
            #expect(result.unknown == .timeout)
            let value32 = try await client.until { _ in server.cancelled == 1 }
            #expect(value32)
            let value33 = try await client.statistics().inFlight
            #expect(value33 == 0)
            let value34 = try await client.request("/echo").get().response?.status
            #expect(value34 == 200)
        }
    }

    @Test("a deadline in the queue, or already past, is not executed")
    func deadlineQueued() async throws {
        try await withPool(settings: [HTTP2Setting(parameter: .maxConcurrentStreams, value: 1)]) { server, client in
            let held = client.request("/hold")
            let value35 = try await client.until { _ in server.held == 1 }
            #expect(value35)
            let value36 = try await client.request("/echo", timeout: .milliseconds(30)).get().notExecuted
            #expect(value36 == .timeout)
            let value37 = try await client.request("/echo", timeout: .seconds(-1)).get().notExecuted
            #expect(value37 == .timeout)
            #expect(server.received.count == 1)
            server.releaseHeld()
            let value38 = try await held.get().response?.status
            #expect(value38 == 200)
        }
    }

    @Test("the queue refuses what it cannot hold")
    func queueFull() async throws {
        let settings: HTTP2Settings = [HTTP2Setting(parameter: .maxConcurrentStreams, value: 1)]
        try await withPool(settings: settings, { $0.maxQueued = 2 }) { server, client in
            let held = client.request("/hold")
            let value39 = try await client.until { _ in server.held == 1 }
            #expect(value39)
            let waiting = Task { try await client.requests(["/echo", "/echo", "/echo"]) }
            let value40 = try await client.until { $0.queueFull == 1 }
            #expect(value40)
            server.releaseHeld()
            let value41 = try await held.get().response?.status
            #expect(value41 == 200)
            let results = try await waiting.value
            #expect(results.count { $0.notExecuted == .queueFull } == 1)
            #expect(results.count { $0.response?.status == 200 } == 2)
        }
    }

    @Test("a header block that HTTP/2 forbids is not sent, and hurts nobody else")
    func invalidHeaders() async throws {
        try await withPool { server, client in
            let value42 = try await client.request("/BAD").get().notExecuted
            #expect(value42 == .badRequest)
            let value43 = try await client.request("/echo").get().response?.status
            #expect(value43 == 200)
        }
    }

    @Test("connections are replaced before their maximum age without a failed request")
    func ageReplacement() async throws {
        try await withPool({ $0.maxConnectionAge = .milliseconds(40) }) { server, client in
            while server.accepted < 4 {
                let value44 = try await client.request("/echo", body: "x").get().response?.status
                #expect(value44 == 200)
            }
            let value45 = try await client.statistics().connectionsLost
            #expect(value45 == 0)
        }
    }

    @Test("connections are replaced after their number of streams")
    func lifetimeReplacement() async throws {
        try await withPool({ $0.maxStreamsPerConnectionLifetime = 10 }) { server, client in
            while server.accepted < 4 {
                let value46 = try await client.request("/echo").get().response?.status
                #expect(value46 == 200)
            }
            #expect(server.received.count >= 30)
        }
    }

    @Test("the pool outlives an absent server")
    func absentServer() async throws {
        let first = try await TestHTTP2Server.start()
        let port = first.port
        let configuration = Self.configuration(first)
        try await first.shutdown()
        let client = try await ClientHarness(configuration)
        let value47 = try await client.request("/echo").get().notExecuted
        #expect(value47 == .connectFailed)
        let value48 = try await client.until { $0.dialFailures >= 4 }
        #expect(value48)
        let second = try await TestHTTP2Server.start(port: port)
        let value49 = try await client.until { $0.connectionsReady == 1 }
        #expect(value49)
        let value50 = try await client.request("/echo").get().response?.status
        #expect(value50 == 200)
        try await client.shutdown()
        try await second.shutdown()
    }

    @Test("a silent peer is pinged; one that answers stays, one that does not is dropped")
    func keepalive() async throws {
        try await withPool({
            $0.idlePing = .milliseconds(20)
            $0.pingTimeout = .seconds(30)
        }) { server, client in
            let held = client.request("/hold")
            let value51 = try await client.until { _ in server.held == 1 }
            #expect(value51)
            let value52 = try await client.request("/silent", timeout: .seconds(2)).get().unknown
            #expect(value52 == .timeout)
            server.releaseHeld()
            let value53 = try await held.get().response?.status
            #expect(value53 == 200)
            #expect(server.accepted == 1)
        }
    }

    @Test("shutdown lets requests in flight end and refuses new ones")
    func shutdown() async throws {
        let server = try await TestHTTP2Server.start()
        let client = try await ClientHarness(Self.configuration(server))
        let held = client.request("/hold")
        let value54 = try await client.until { _ in server.held == 1 }
        #expect(value54)
        let end = client.startShutdown()
        let value55 = try await client.request("/echo").get().notExecuted
        #expect(value55 == .shutdown)
        server.releaseHeld()
        let value56 = try await held.get().response?.status
        #expect(value56 == 200)
        try await end.get()
        try await client.shutdown()
        try await server.shutdown()
    }

    @Test("several connections share the load")
    func spreading() async throws {
        try await withPool({
            $0.connections = .init(minimum: 3, maximum: 3)
            $0.spreading = .roundRobin
        }) { server, client in
            let value57 = try await client.until { $0.connectionsReady == 3 }
            #expect(value57)
            let results = try await client.requests(Array(repeating: "/echo", count: 300))
            #expect(results.allSatisfy { $0.response?.status == 200 })
            #expect(server.accepted == 3)
            #expect(server.maxConcurrent <= 100)
        }
    }
}
