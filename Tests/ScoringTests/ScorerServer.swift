import NIOCore
import NIOHPACK
import NIOPosix

@testable import HTTPTransport

/// A scorer on a socket: answers each question with what it was told, or never.
final class ScorerServer: Sendable {
    enum Answer: Sendable {
        case answer(status: Int, body: String)
        case silence
    }

    private final class Application: HTTPServerApplication {
        private let loop: HTTPServerLoop
        private let answer: Answer
        private let seen: NIOLockedBox<[String]>

        init(loop: HTTPServerLoop, answer: Answer, seen: NIOLockedBox<[String]>) {
            self.loop = loop
            self.answer = answer
            self.seen = seen
        }

        func receive(_ request: HTTPServerRequest) {
            let token = request.headers.first(name: "authorization") ?? "none"
            seen.append("\(request.method) \(request.path) \(token) \(String(buffer: request.body))")
            guard case .answer(let status, let body) = answer else { return }
            var headers = HPACKHeaders()
            headers.add(name: ":status", value: "\(status)")
            headers.add(name: "content-length", value: "\(body.utf8.count)")
            loop.respond(request.token, HTTPServerResponse(headers: headers, body: ByteBuffer(string: body)))
        }

        func receiveComplete() {}

        func response(to fault: HTTPRequestFault) -> HTTPServerResponse {
            HTTPServerResponse(headers: [":status": "400"], body: ByteBuffer())
        }
    }

    private let group: MultiThreadedEventLoopGroup
    private let server: HTTPServer
    private let seen: NIOLockedBox<[String]>

    var port: Int { server.port }
    var requests: [String] { seen.value }

    init(_ answer: Answer) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let seen = NIOLockedBox<[String]>([])
        self.group = group
        self.seen = seen
        server = try await HTTPServer.start(
            loops: [group.next()],
            configuration: HTTPServerConfiguration(host: "127.0.0.1", port: 0)
        ) { Application(loop: $0, answer: answer, seen: seen) }
    }

    func stop() async throws {
        await server.drain(within: .zero)
        try await group.shutdownGracefully()
    }
}
