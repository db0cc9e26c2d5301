import HTTPTransport
package import NIOCore
package import NIOSSL

/// TLS by NIOSSL, which has a BoringSSL of its own. It is apart from the transport, so that what
/// only reads frames (the fuzzers) is built without it.
extension NIOSSLContext: TransportSecurity {
    package func makeServerHandler() -> any ChannelHandler { NIOSSLServerHandler(context: self) }

    package func makeClientHandler(serverName: String?) throws -> any ChannelHandler {
        try NIOSSLClientHandler(context: self, serverHostname: serverName)
    }
}
