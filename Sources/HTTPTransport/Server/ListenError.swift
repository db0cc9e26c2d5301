import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Why an address and port cannot be listened on.
package struct ListenError: Error, CustomStringConvertible {
    package var host: String
    package var port: Int
    /// Another process (or another listener of this one) has the port. Otherwise the address itself
    /// is of no use here.
    package var isTaken: Bool
    private let reason: String

    package init(host: String, port: Int, _ error: any Error) {
        self.host = host
        self.port = port
        if let error = error as? ListenError {
            isTaken = error.isTaken
            reason = error.reason
        } else if let error = error as? IOError {
            isTaken = error.errnoCode == EADDRINUSE
            reason = isTaken ? "another process listens on this port" : String(cString: strerror(error.errnoCode))
        } else if error is SocketAddressError {
            isTaken = false
            reason = "the host is not known"
        } else {
            isTaken = false
            reason = "\(error)"
        }
    }

    package var description: String {
        let name = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        return "cannot listen on \(name): \(reason)"
    }

    /// Throws when one of the addresses cannot be listened on now; listens on each for a moment.
    /// Port 0 needs no check.
    package static func check(_ addresses: [(host: String, port: Int)]) async throws(ListenError) {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        var failure: ListenError?
        for (host, port) in addresses where port != 0 && failure == nil {
            do {
                let listener = try await ServerBootstrap(group: group)
                    .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                    .bind(host: host, port: port)
                    .get()
                try await listener.close()
            } catch {
                failure = ListenError(host: host, port: port, error)
            }
        }
        // Fails only when it has been shut down already.
        try? await group.shutdownGracefully()
        if let failure { throw failure }
    }
}
