import HTTPTransport
package import Logging
package import NIOCore
import NIOHTTP1
import NIOPosix

/// What bounds the admin server.
package struct AdminLimits: Sendable {
    /// One more replaces the one that has waited longest without a request under way. While all are
    /// being answered it is closed as soon as it is accepted.
    package var maxConnections = 64
    /// A connection on which nothing moves for so long is closed: a slow request, an answer nobody
    /// reads, an idle keep-alive.
    package var idleTimeout = TimeAmount.seconds(60)

    package init() {}
}

/// The operators' HTTP/1.1 listener: health, metrics, and the audit's views. No authentication and
/// no TLS, hence loopback unless configured otherwise. Off the payments' path, so plain async
/// handlers serve it.
package final class AdminServer: Sendable {
    /// The port it listens on.
    package let port: Int
    private let listener: any Channel
    private let connections: AdminConnections
    private let task: Task<Void, Never>

    private init(port: Int, listener: any Channel, connections: AdminConnections, task: Task<Void, Never>) {
        self.port = port
        self.listener = listener
        self.connections = connections
        self.task = task
    }

    /// Starts to listen on `host` and `port` (0 for any free one); returns once connections are
    /// accepted. Throws `ListenError`.
    /// - Parameters:
    ///   - names: what requests may name the server in `Host`, beside addresses and `localhost`.
    ///   - givesWay: whether the group's thread yields its core to others; for a group of its own.
    ///   - group: answers are made on the thread of its next loop.
    package static func start(
        host: String,
        port: Int,
        routes: [AdminRoute],
        limits: AdminLimits = AdminLimits(),
        names: [String] = [],
        givesWay: Bool = false,
        group: any EventLoopGroup,
        logger: Logger
    ) async throws -> AdminServer {
        let connections = AdminConnections(maximum: limits.maxConnections)
        let listener: NIOAsyncChannel<AdminConnection.HTTPChannel, Never>
        do {
            listener = try await ServerBootstrap(group: group)
                .serverChannelOption(.backlog, value: 64)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .serverChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(AcceptGate())
                    }
                }
                .bind(host: host, port: port) { channel in
                    channel.eventLoop.makeCompletedFuture { try AdminConnection.configure(channel, limits: limits) }
                }
        } catch {
            throw ListenError(host: host, port: port, error)
        }
        let table = Dictionary(routes.map { ($0.path, $0.handler) }) { _, _ in
            preconditionFailure("two admin routes have the same path")
        }
        let access = AdminAccess(names: names)
        let executor = AdminExecutor(listener.channel.eventLoop)
        if givesWay { executor.giveWay() }
        let task = Task(executorPreference: executor) {
            await serve(listener, connections: connections) { channel in
                let connection = AdminConnection(
                    routes: table,
                    access: access,
                    connections: connections,
                    logger: logger
                )
                await connection.run(channel)
            }
        }
        let actualPort = listener.channel.localAddress?.port ?? port
        return AdminServer(port: actualPort, listener: listener.channel, connections: connections, task: task)
    }

    /// Stops accepting and cuts what is open; returns when nothing is left.
    package func shutdown() async {
        // The task ends when it has seen every connection that was accepted before; cancelling it
        // would drop them.
        try? await listener.close()
        connections.closeAll()
        await task.value
    }

    private static func serve(
        _ listener: NIOAsyncChannel<AdminConnection.HTTPChannel, Never>,
        connections: AdminConnections,
        connection: @escaping @Sendable (AdminConnection.HTTPChannel) async -> Void
    ) async {
        // An error of the listener ends it as its closing does; the owner closes the channel in
        // both cases.
        try? await listener.executeThenClose { accepted in
            try await withThrowingDiscardingTaskGroup { group in
                for try await channel in accepted {
                    guard connections.admit(channel.channel) else {
                        group.addTask { try? await channel.executeThenClose { _, _ in } }
                        continue
                    }
                    group.addTask {
                        await connection(channel)
                        connections.remove(channel.channel)
                    }
                }
                group.cancelAll()
            }
        }
    }
}
