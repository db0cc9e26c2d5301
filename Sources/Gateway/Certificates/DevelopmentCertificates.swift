import Crypto
import Foundation
import SwiftASN1
import X509

/// A development authority and a server certificate for this machine, so that `curl --cacert` works
/// without further setup. Not for production: the authority's key is thrown away after its only
/// signature, and nothing can be revoked.
package struct DevelopmentCertificates: Sendable {
    /// The authority to trust (PEM).
    package let authorityFile: String
    /// The server's certificate (PEM), for `localhost`, `127.0.0.1` and `::1`.
    package let certificateFile: String
    /// The server's P-256 key (PEM, permissions 0600).
    package let keyFile: String
    /// Whether the files were made by this call.
    package let wereMade: Bool

    /// How long certificates are valid; clients refuse more than 825 days.
    static let validityDays = 365
    /// Certificates that end earlier than this are made anew.
    static let renewalDays = 30

    /// Finds the files in `directory` or makes them. It makes them when one is missing or
    /// unreadable, or when they do not belong together. It also makes them when a certificate ends
    /// within 30 days, or when `force` says so. Blocks.
    ///
    /// `now` is in seconds since 1970.
    package static func ensure(
        directory: String,
        force: Bool,
        now: Int64
    ) throws(FileError) -> DevelopmentCertificates {
        let files = Paths(directory: FilePaths.absolute(directory))
        if !force, areUsable(files, now: now) { return Self(files, wereMade: false) }
        try Files.makeDirectory(files.directory)
        let material: Material
        do {
            material = try Material(now: now)
        } catch {
            throw FileError("make certificates", files.directory, reason: "\(error)")
        }
        // The key first: a crash in between leaves files that do not fit, which the next call makes
        // anew.
        try Files.writeAtomically(material.key, to: files.key, permissions: 0o600)
        try Files.writeAtomically(material.server, to: files.server)
        try Files.writeAtomically(material.authority, to: files.authority)
        return Self(files, wereMade: true)
    }

    private init(_ files: Paths, wereMade: Bool) {
        self.authorityFile = files.authority
        self.certificateFile = files.server
        self.keyFile = files.key
        self.wereMade = wereMade
    }

    private struct Paths {
        var directory: String
        var authority: String { FilePaths.join(directory, "ca.pem") }
        var server: String { FilePaths.join(directory, "server.pem") }
        var key: String { FilePaths.join(directory, "server.key") }
    }

    private static func areUsable(_ files: Paths, now: Int64) -> Bool {
        do {
            let authority = try Certificate(pemEncoded: text(files.authority))
            let server = try Certificate(pemEncoded: text(files.server))
            let key = try Certificate.PrivateKey(pemEncoded: text(files.key))
            let renewal = Date(timeIntervalSince1970: Double(now + Int64(renewalDays) * 86_400))
            return server.publicKey == key.publicKey
                && server.issuer == authority.subject
                && authority.publicKey.isValidSignature(server.signature, for: server)
                && min(server.notValidAfter, authority.notValidAfter) > renewal
        } catch {
            return false
        }
    }

    private static func text(_ path: String) throws -> String {
        String(decoding: try Files.read(path), as: UTF8.self)
    }
}

extension DevelopmentCertificates {
    /// The three files' contents.
    struct Material {
        let authority: [UInt8]
        let server: [UInt8]
        let key: [UInt8]

        init(now: Int64) throws {
            let validity = Validity(now: now)
            let authorityKey = Certificate.PrivateKey(P256.Signing.PrivateKey())
            let serverKey = P256.Signing.PrivateKey()
            let authority = try Self.authority(authorityKey, validity)
            let server = try Self.server(
                .init(serverKey.publicKey),
                authority: authority,
                authorityKey: authorityKey,
                validity: validity
            )
            self.authority = Array(try authority.serializeAsPEM().pemString.utf8) + [UInt8(ascii: "\n")]
            self.server = Array(try server.serializeAsPEM().pemString.utf8) + [UInt8(ascii: "\n")]
            self.key = Array(serverKey.pemRepresentation.utf8) + [UInt8(ascii: "\n")]
        }

        /// From an hour ago, because clocks of containers and hosts differ.
        private struct Validity {
            let start: Date
            let end: Date

            init(now: Int64) {
                start = Date(timeIntervalSince1970: Double(now - 3_600))
                end = Date(timeIntervalSince1970: Double(now + Int64(validityDays) * 86_400))
            }
        }

        private static func authority(_ key: Certificate.PrivateKey, _ validity: Validity) throws -> Certificate {
            // The name carries the key's identifier, so that two authorities in one trust store are
            // told apart.
            let identifier = SubjectKeyIdentifier(hash: key.publicKey)
            let tag = Hexadecimal.encode(identifier.keyIdentifier.prefix(4))
            let name = try DistinguishedName { CommonName("Millrace development CA \(tag)") }
            return try Certificate(
                version: .v3,
                serialNumber: .init(),
                publicKey: key.publicKey,
                notValidBefore: validity.start,
                notValidAfter: validity.end,
                issuer: name,
                subject: name,
                extensions: try .init {
                    Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                    Critical(KeyUsage(keyCertSign: true, cRLSign: true))
                    identifier
                },
                issuerPrivateKey: key
            )
        }

        private static func server(
            _ key: Certificate.PublicKey,
            authority: Certificate,
            authorityKey: Certificate.PrivateKey,
            validity: Validity
        ) throws -> Certificate {
            let loopback6 = [UInt8](repeating: 0, count: 15) + [1]
            return try Certificate(
                version: .v3,
                serialNumber: .init(),
                publicKey: key,
                notValidBefore: validity.start,
                notValidAfter: validity.end,
                issuer: authority.subject,
                subject: try DistinguishedName { CommonName("localhost") },
                extensions: try .init {
                    Critical(BasicConstraints.notCertificateAuthority)
                    Critical(KeyUsage(digitalSignature: true))
                    try ExtendedKeyUsage([.serverAuth])
                    SubjectAlternativeNames([
                        .dnsName("localhost"),
                        .ipAddress(ASN1OctetString(contentBytes: [127, 0, 0, 1])),
                        .ipAddress(ASN1OctetString(contentBytes: loopback6[...])),
                    ])
                    SubjectKeyIdentifier(hash: key)
                    AuthorityKeyIdentifier(
                        keyIdentifier: SubjectKeyIdentifier(hash: authorityKey.publicKey).keyIdentifier
                    )
                },
                issuerPrivateKey: authorityKey
            )
        }
    }
}
