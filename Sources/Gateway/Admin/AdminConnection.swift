import Logging
import NIOCore
import NIOHTTP1

/// One connection of the admin server: a request, its answer, and so on until either side closes.
struct AdminConnection: Sendable {
    typealias HTTPChannel = NIOAsyncChannel<HTTPServerRequestPart, ResponsePart>
    typealias ResponsePart = HTTPPart<HTTPResponseHead, ByteBuffer>

    let routes: [String: @Sendable (AdminRequest) async throws -> AdminResponse]
    let access: AdminAccess
    let connections: AdminConnections
    let logger: Logger

    static func configure(_ channel: any Channel, limits: AdminLimits) throws -> HTTPChannel {
        try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
        try channel.pipeline.syncOperations.addHandler(IdleStateHandler(allTimeout: limits.idleTimeout))
        try channel.pipeline.syncOperations.addHandler(CloseWhenIdle())
        try channel.pipeline.syncOperations.addHandler(AdminBodyAdapter())
        return try HTTPChannel(wrappingChannelSynchronously: channel)
    }

    func run(_ channel: HTTPChannel) async {
        do {
            try await channel.executeThenClose { inbound, outbound in
                for try await part in inbound {
                    guard case .head(let head) = part else { continue }
                    connections.answering(channel.channel)
                    try await answer(head, outbound)
                    connections.answered(channel.channel)
                    guard head.isKeepAlive else { return }
                }
            }
        } catch {
            logger.debug("An admin connection ended early", metadata: ["error": "\(error)"])
        }
    }

    private func answer(_ head: HTTPRequestHead, _ outbound: NIOAsyncChannelOutboundWriter<ResponsePart>) async throws {
        let response = await response(to: head)
        var headers = HTTPHeaders([("content-type", response.contentType), ("cache-control", "no-store")])
        if case .bytes(let bytes) = response.body {
            headers.add(name: "content-length", value: "\(bytes.readableBytes)")
        }
        if !head.isKeepAlive { headers.add(name: "connection", value: "close") }
        let status = HTTPResponseStatus(statusCode: response.status)
        try await outbound.write(.head(HTTPResponseHead(version: .http1_1, status: status, headers: headers)))
        if head.method != .HEAD { try await write(response.body, outbound) }
        try await outbound.write(.end(nil))
    }

    private func write(
        _ body: AdminResponse.Body,
        _ outbound: NIOAsyncChannelOutboundWriter<ResponsePart>
    ) async throws {
        switch body {
        case .bytes(let bytes):
            try await outbound.write(.body(bytes))
        case .stream(let chunks):
            for try await chunk in chunks { try await outbound.write(.body(chunk)) }
        }
    }

    private func response(to head: HTTPRequestHead) async -> AdminResponse {
        if let refusal = access.refusal(of: head) { return refusal.response }
        let request = AdminRequest(head)
        guard let handler = routes[request.path] else {
            return .problem(404, code: "route_not_found", "There is nothing at this address")
        }
        guard head.method == .GET || head.method == .HEAD else {
            return .problem(405, code: "method_not_allowed", "Only GET and HEAD are served here")
        }
        do {
            return try await handler(request)
        } catch let error as ShardNotOwned {
            return .problem(503, code: "shard_unavailable", "Another host owns shard \(error.shard)")
        } catch let error as GatewayNotServing {
            return error.response
        } catch {
            logger.error("An admin handler failed", metadata: ["path": "\(request.path)", "error": "\(error)"])
            return .problem(500, code: "internal_error", "The answer could not be made")
        }
    }
}

extension GatewayNotServing {
    fileprivate var response: AdminResponse {
        switch self {
        case .starting: .problem(503, code: "starting", "The journals are being recovered")
        case .stopping: .problem(503, code: "draining", "The gateway is stopping")
        }
    }
}

extension AdminRequest {
    fileprivate init(_ head: HTTPRequestHead) {
        let parts = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let pairs = parts.count < 2 ? [] : parts[1].split(separator: "&")
        self.init(
            method: head.method.rawValue,
            path: String(parts[0]),
            query: pairs.map { pair in
                let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                return QueryItem(
                    name: PercentEncoding.decode(halves[0]),
                    value: halves.count < 2 ? "" : PercentEncoding.decode(halves[1])
                )
            }
        )
    }
}

/// Turns buffers into what the HTTP encoder writes.
private final class AdminBodyAdapter: ChannelOutboundHandler {
    typealias OutboundIn = AdminConnection.ResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let part: HTTPServerResponsePart =
            switch unwrapOutboundIn(data) {
            case .head(let head): .head(head)
            case .body(let bytes): .body(.byteBuffer(bytes))
            case .end(let trailers): .end(trailers)
            }
        context.write(wrapOutboundOut(part), promise: promise)
    }
}
