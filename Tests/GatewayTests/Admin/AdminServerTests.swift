import Glibc
import Logging
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import Gateway

@Suite struct AdminServerTests {
    private let group = MultiThreadedEventLoopGroup.singleton

    private struct Broken: Error {}

    /// Lets the answers of `/held` end.
    private let held = Latch()

    /// On a busy machine a test may wait for minutes between two requests.
    private static var patient: AdminLimits {
        var limits = AdminLimits()
        limits.idleTimeout = .hours(1)
        return limits
    }

    private func withServer(
        limits: AdminLimits = AdminServerTests.patient,
        names: [String] = [],
        _ body: (AdminServer) async throws -> Void
    ) async throws {
        let routes = [
            AdminRoute("/healthz") { _ in .text("ok\n") },
            AdminRoute("/echo") { .text("\($0.value("a") ?? "none")") },
            AdminRoute("/broken") { _ in throw Broken() },
            AdminRoute("/lines") { _ in .jsonLines(Self.lines(10_000, failing: false)) },
            AdminRoute("/cut") { _ in .jsonLines(Self.lines(10, failing: true)) },
            AdminRoute("/held") { [held] _ in
                await held.wait()
                return .text("held\n")
            },
            AdminRoute("/thread") { _ in .text("\(pthread_self())\n") },
        ]
        let server = try await AdminServer.start(
            host: "127.0.0.1",
            port: 0,
            routes: routes,
            limits: limits,
            names: names,
            group: group,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        do {
            try await body(server)
        } catch {
            await server.shutdown()
            throw error
        }
        await server.shutdown()
    }

    private static func lines(_ count: Int, failing: Bool) -> AsyncThrowingStream<ByteBuffer, any Error> {
        AsyncThrowingStream { continuation in
            for number in 1...count { continuation.yield(ByteBuffer(string: "{\"n\":\(number)}\n")) }
            continuation.finish(throwing: failing ? Broken() : nil)
        }
    }

    /// Everything that a server says to `text` until it closes.
    private func exchange(_ text: String, _ server: AdminServer) async throws -> String {
        let channel = try await ClientBootstrap(group: group).connect(host: "127.0.0.1", port: server.port) { channel in
            channel.eventLoop.makeCompletedFuture {
                try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
            }
        }
        return try await channel.executeThenClose { inbound, outbound in
            var answer = ""
            do {
                if !text.isEmpty { try await outbound.write(ByteBuffer(string: text)) }
                for try await part in inbound { answer += String(buffer: part) }
            } catch is IOError {
                // A reset is an end, too.
            } catch is ChannelError {
                // So is a close before the request was written.
            }
            return answer
        }
    }

    private func get(_ path: String, method: String = "GET", _ server: AdminServer) async throws -> String {
        try await exchange("\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", server)
    }

    @Test("routes answer with their length and type")
    func routes() async throws {
        try await withServer { server in
            let answer = try await get("/healthz", server)
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(answer.contains("content-length: 3\r\n"))
            #expect(answer.contains("content-type: text/plain; charset=utf-8\r\n"))
            #expect(answer.hasSuffix("\r\n\r\nok\n"))
        }
    }

    @Test("queries are decoded")
    func query() async throws {
        try await withServer { server in
            let answer1 = try await get("/echo?b=1&a=x%2Fy+z", server)
            #expect(answer1.hasSuffix("\r\n\r\nx/y z"))
            let answer2 = try await get("/echo", server)
            #expect(answer2.hasSuffix("\r\n\r\nnone"))
        }
    }

    @Test("HEAD gives the headers alone")
    func head() async throws {
        try await withServer { server in
            let answer = try await get("/healthz", method: "HEAD", server)
            #expect(answer.contains("content-length: 3\r\n"))
            #expect(answer.hasSuffix("\r\n\r\n"))
        }
    }

    @Test(
        "what cannot be served is a problem document",
        arguments: [
            ("GET", "/nothing", 404, "route_not_found"), ("POST", "/healthz", 405, "method_not_allowed"),
            ("GET", "/broken", 500, "internal_error"),
        ]
    )
    func problems(method: String, path: String, status: Int, code: String) async throws {
        try await withServer { server in
            let answer = try await get(path, method: method, server)
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "))
            #expect(answer.contains("content-type: application/problem+json\r\n"))
            #expect(answer.contains("\"code\":\"\(code)\""))
            #expect(answer.contains("\"status\":\(status)"))
        }
    }

    @Test("a long answer comes in chunks, whole and in order")
    func streaming() async throws {
        try await withServer { server in
            let answer = try await get("/lines", server)
            #expect(answer.contains("transfer-encoding: chunked\r\n"))
            #expect(answer.hasSuffix("{\"n\":10000}\n\r\n0\r\n\r\n"))
            #expect(answer.split(separator: "{\"n\":").count == 10_001)
        }
    }

    @Test("an answer that breaks off is seen to be cut")
    func cut() async throws {
        try await withServer { server in
            let answer = try await get("/cut", server)
            #expect(answer.contains("{\"n\":10}"))
            #expect(!answer.hasSuffix("0\r\n\r\n"))
        }
    }

    @Test("a connection serves one request after another")
    func keepAlive() async throws {
        try await withServer { server in
            let request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
            let last = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            let answer = try await exchange(request + request + last, server)
            #expect(answer.split(separator: "HTTP/1.1 200 OK").count == 3)
        }
    }

    @Test("nonsense is refused")
    func nonsense() async throws {
        try await withServer { server in
            let answer3 = try await exchange("\u{16}\u{3}\u{1}nonsense\r\n\r\n", server)
            #expect(answer3.hasPrefix("HTTP/1.1 400 "))
        }
    }

    @Test("a connection on which nothing moves is closed")
    func idle() async throws {
        var limits = AdminLimits()
        limits.idleTimeout = .milliseconds(50)
        try await withServer(limits: limits) { server in
            let answer4 = try await exchange("GET /healthz HTT", server)
            #expect(answer4 == "")
        }
    }

    @Test("silent connections keep nobody out: the newcomer replaces the one that waited longest")
    func silent() async throws {
        var limits = Self.patient
        limits.maxConnections = 4
        try await withServer(limits: limits) { server in
            var silent: [any Channel] = []
            for number in 0..<16 {
                let channel = try await ClientBootstrap(group: group).connect(host: "127.0.0.1", port: server.port)
                    .get()
                // Half of them send a part of a request.
                if number % 2 == 0 { try? await channel.writeAndFlush(ByteBuffer(string: "GET /hea")) }
                silent.append(channel)
            }
            for _ in 0..<8 {
                let answer = try await get("/healthz", server)
                #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
            }
            for channel in silent { channel.close(promise: nil) }
        }
    }

    @Test("all answers are made on one thread, the server's own")
    func ownThread() async throws {
        try await withServer { server in
            var threads: Set<String> = []
            for _ in 0..<8 {
                let answer = try await get("/thread", server)
                threads.insert(try #require(answer.split(separator: "\r\n").last.map(String.init)))
            }
            #expect(threads.count == 1)
        }
    }

    @Test("only requests that name an address, localhost or a configured name are answered")
    func hosts() async throws {
        try await withServer(names: ["Gateway.internal"]) { server in
            func status(_ fields: String, version: String = "1.1") async throws -> String {
                let head = "GET /healthz HTTP/\(version)\r\n\(fields)Connection: close\r\n\r\n"
                let answer = try await exchange(head, server)
                return String(answer.dropFirst(9).prefix(3))
            }
            let allowed = [
                "localhost", "LocalHost:9464", "127.0.0.1", "10.0.0.7:9464", "[::1]", "[::1]:9464",
                "gateway.internal:1",
            ]
            for host in allowed {
                let code = try await status("Host: \(host)\r\n")
                #expect(code == "200", "\(host)")
            }
            let refused = [
                "evil.example", "evil.example:9464", "localhost.evil.example", "127.0.0.1.evil.example", "a@localhost",
                "localhost/", "localhost:9464x", "[::1", "[localhost]", "",
            ]
            for host in refused {
                let code = try await status("Host: \(host)\r\n")
                #expect(code == "421", "\(host)")
            }
            let none = try await status("")
            let two = try await status("Host: localhost\r\nHost: localhost\r\n")
            let old = try await status("", version: "1.0")
            #expect(none == "400" && two == "400" && old == "200")
        }
    }

    @Test(
        "requests that a page of another site makes are refused",
        arguments: [
            "Origin: https://evil.example", "Origin: null", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site",
        ]
    )
    func crossSite(field: String) async throws {
        try await withServer { server in
            let head = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            let refused = try await exchange(head + field + "\r\n\r\n", server)
            #expect(refused.hasPrefix("HTTP/1.1 403 "))
            #expect(refused.contains("\"code\":\"cross_site\""))
            let typed = try await exchange(head + "Sec-Fetch-Site: none\r\n\r\n", server)
            #expect(typed.hasPrefix("HTTP/1.1 200 "))
        }
    }

    @Test("connections above the limit are closed at once while all others are being answered")
    func bounded() async throws {
        var limits = Self.patient
        limits.maxConnections = 1
        try await withServer(limits: limits) { server in
            let held = try await ClientBootstrap(group: group).connect(host: "127.0.0.1", port: server.port) {
                channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
            try await held.executeThenClose { inbound, outbound in
                try await outbound.write(ByteBuffer(string: "GET /held HTTP/1.1\r\nHost: localhost\r\n\r\n"))
                // Connections are not taken in the order of their connecting.
                await self.held.waitForOne()
                do {
                    let answer5 = try await exchange("", server)
                    #expect(answer5 == "")
                } catch ChannelError.ioOnClosedChannel {
                    // It was closed before this side had begun to use it.
                }
                self.held.open()
                for try await part in inbound {
                    #expect(String(buffer: part).hasPrefix("HTTP/1.1 200 "))
                    break
                }
            }
        }
    }

    private func status(_ path: String, _ port: Int) async -> Int? {
        await AdminProbe.status(host: "127.0.0.1", port: port, path: path, timeout: .hours(1), group: group)
    }

    @Test("the probe sees the status, and nothing where nobody listens")
    func probe() async throws {
        var port = 0
        try await withServer { server in
            port = server.port
            #expect(await status("/healthz", port) == 200)
            #expect(await status("/nothing", port) == 404)
        }
        #expect(await status("/healthz", port) == nil)
    }
}

/// Holds answers until the test opens it.
private final class Latch: Sendable {
    private struct State {
        var isOpen = false
        var waiting: [CheckedContinuation<Void, Never>] = []
        var watchers: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    func wait() async {
        await withCheckedContinuation { continuation in
            let (isOpen, watchers) = state.withLock { state -> (Bool, [CheckedContinuation<Void, Never>]) in
                if !state.isOpen { state.waiting.append(continuation) }
                defer { state.watchers = [] }
                return (state.isOpen, state.watchers)
            }
            if isOpen { continuation.resume() }
            for watcher in watchers { watcher.resume() }
        }
    }

    /// Returns when somebody waits.
    func waitForOne() async {
        await withCheckedContinuation { continuation in
            let isWaitedFor = state.withLock { state in
                if state.waiting.isEmpty { state.watchers.append(continuation) }
                return !state.waiting.isEmpty
            }
            if isWaitedFor { continuation.resume() }
        }
    }

    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}
