package import NIOCore

/// Makes the handlers that encrypt a connection. The transport does not know which library does it:
/// `TransportTLS` does.
package protocol TransportSecurity: Sendable {
    /// The handler of an accepted connection.
    func makeServerHandler() -> any ChannelHandler

    /// The handler of a dialled connection.
    /// - Parameter serverName: the name to ask for (SNI) and to verify; nil for addresses.
    /// - Throws: what the library says of a name that it cannot ask for.
    func makeClientHandler(serverName: String?) throws -> any ChannelHandler
}
