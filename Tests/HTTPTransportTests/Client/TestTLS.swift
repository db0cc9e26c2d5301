import Crypto
import Foundation
import NIOSSL
import SwiftASN1
import X509

/// A self-signed P-256 certificate for `localhost`, made anew for each run.
struct TestTLS {
    let server: NIOSSLContext
    let client: NIOSSLContext

    init(serverProtocols: [String] = ["h2"]) throws {
        let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let name = try DistinguishedName { CommonName("localhost") }
        let certificate = try Certificate(
            version: .v3,
            serialNumber: Certificate.SerialNumber(),
            publicKey: key.publicKey,
            notValidBefore: Date(timeIntervalSinceNow: -3_600),
            notValidAfter: Date(timeIntervalSinceNow: 3_600),
            issuer: name,
            subject: name,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                BasicConstraints.isCertificateAuthority(maxPathLength: nil)
                SubjectAlternativeNames([.dnsName("localhost")])
            },
            issuerPrivateKey: key
        )
        let chain = try NIOSSLCertificate(bytes: Array(certificate.serializeAsPEM().pemString.utf8), format: .pem)
        let secret = try NIOSSLPrivateKey(bytes: Array(key.serializeAsPEM().pemString.utf8), format: .pem)
        var serverConfiguration = TLSConfiguration.makeServerConfiguration(
            certificateChain: [.certificate(chain)],
            privateKey: .privateKey(secret)
        )
        serverConfiguration.applicationProtocols = serverProtocols
        var clientConfiguration = TLSConfiguration.makeClientConfiguration()
        clientConfiguration.trustRoots = .certificates([chain])
        clientConfiguration.applicationProtocols = ["h2"]
        server = try NIOSSLContext(configuration: serverConfiguration)
        client = try NIOSSLContext(configuration: clientConfiguration)
    }
}
