package import NIOCore
import NIOPosix

/// Asks an admin server for its status. `millrace demo` waits with it until a child is ready.
package enum AdminProbe {
    /// The status of `GET path`, or `nil` when no understandable answer comes within `timeout`.
    package static func status(
        host: String,
        port: Int,
        path: String,
        timeout: TimeAmount = .seconds(2),
        group: any EventLoopGroup
    ) async -> Int? {
        do {
            let channel = try await ClientBootstrap(group: group)
                .connectTimeout(timeout)
                .connect(host: host, port: port) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(IdleStateHandler(allTimeout: timeout))
                        try channel.pipeline.syncOperations.addHandler(CloseWhenIdle())
                        return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                    }
                }
            return try await channel.executeThenClose { inbound, outbound in
                let request = "GET \(path) HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\r\n"
                try await outbound.write(ByteBuffer(string: request))
                var received = ByteBuffer()
                for try await var part in inbound {
                    received.writeBuffer(&part)
                    if let status = parse(received) { return status }
                }
                return nil
            }
        } catch {
            return nil
        }
    }

    /// `HTTP/1.1 200 ...`
    private static func parse(_ bytes: ByteBuffer) -> Int? {
        guard let text = bytes.getString(at: bytes.readerIndex, length: min(12, bytes.readableBytes)) else {
            return nil
        }
        guard text.utf8.count == 12, text.hasPrefix("HTTP/1.") else { return nil }
        return Int(text.suffix(3))
    }
}

/// Closes a channel on which nothing moves.
final class CloseWhenIdle: ChannelInboundHandler {
    typealias InboundIn = Any

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent {
            context.close(promise: nil)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }
}
