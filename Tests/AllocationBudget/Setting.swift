import Gateway
import HTTPTransport
import NIOCore
import NIOSSL
import TransportTLS

/// What both measurements share.
struct Setting {
    static let warmUp = 2_000
    static let measured = 10_000

    let directory: String
    let certificates: DevelopmentCertificates
    /// The client's.
    let loop: any EventLoop

    func client(port: Int) throws -> HTTPClientConfiguration {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .file(certificates.authorityFile)
        tls.applicationProtocols = ["h2"]
        var client = HTTPClientConfiguration(
            host: "127.0.0.1",
            port: port,
            authority: "localhost:\(port)",
            tls: try NIOSSLContext(configuration: tls),
            connections: .init(minimum: 4, maximum: 4)
        )
        client.maxQueued = 10_000
        return client
    }

    func serverTLS() throws -> TLSConfiguration {
        var tls = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(certificates.certificateFile).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: certificates.keyFile, format: .pem))
        )
        tls.minimumTLSVersion = .tlsv13
        tls.applicationProtocols = ["h2"]
        return tls
    }
}
