import Foundation
import SwiftASN1
import Testing
import X509

@testable import Gateway

@Suite struct DevelopmentCertificatesTests {
    private let temporary: TemporaryDirectory
    /// The verifier's policy knows no other time.
    private let now = Int64(time(nil))

    init() throws {
        temporary = try TemporaryDirectory()
    }

    private func ensure(force: Bool = false, days: Int64 = 0) throws -> DevelopmentCertificates {
        try DevelopmentCertificates.ensure(
            directory: temporary.file("certs"),
            force: force,
            now: now + days * 86_400
        )
    }

    private func certificate(_ path: String) throws -> Certificate {
        try Certificate(pemEncoded: String(decoding: try Files.read(path), as: UTF8.self))
    }

    @Test("the chain verifies for each name a client may use", arguments: ["localhost", "127.0.0.1", "::1"])
    func chain(name: String) async throws {
        let made = try ensure()
        let isAddress = name != "localhost"
        let roots = CertificateStore([try certificate(made.authorityFile)])
        var verifier = Verifier(rootCertificates: roots) {
            RFC5280Policy()
            ServerIdentityPolicy(serverHostname: isAddress ? nil : name, serverIP: isAddress ? name : nil)
        }
        let result = await verifier.validate(
            leaf: try certificate(made.certificateFile),
            intermediates: CertificateStore([])
        )
        guard case .validCertificate = result else {
            Issue.record("\(result)")
            return
        }
    }

    @Test("another name is not vouched for")
    func otherName() async throws {
        let made = try ensure()
        var verifier = Verifier(rootCertificates: CertificateStore([try certificate(made.authorityFile)])) {
            RFC5280Policy()
            ServerIdentityPolicy(serverHostname: "millrace.example", serverIP: nil)
        }
        let result = await verifier.validate(
            leaf: try certificate(made.certificateFile),
            intermediates: CertificateStore([])
        )
        guard case .couldNotValidate = result else {
            Issue.record("accepted for another name")
            return
        }
    }

    @Test("the certificate is the key's, on P-256, valid from before now for a year")
    func content() throws {
        let made = try ensure()
        let server = try certificate(made.certificateFile)
        let key = try Certificate.PrivateKey(pemEncoded: String(decoding: try Files.read(made.keyFile), as: UTF8.self))
        #expect(server.publicKey == key.publicKey)
        #expect(server.publicKey.description.contains("P256"))
        #expect(server.notValidBefore < Date(timeIntervalSince1970: Double(now)))
        #expect(server.notValidAfter == Date(timeIntervalSince1970: Double(now + 365 * 86_400)))
        let names = try #require(try server.extensions.subjectAlternativeNames)
        #expect(names.count == 3)
    }

    @Test("only the owner may read the key")
    func keyPermissions() throws {
        let made = try ensure()
        #expect(try permissions(made.keyFile) == 0o600)
        #expect(try permissions(made.certificateFile) == 0o644)
    }

    @Test("good certificates are kept, and made anew on request or when they end within 30 days")
    func renewal() throws {
        let first = try ensure()
        #expect(first.wereMade)
        let bytes = try Files.read(first.certificateFile)
        #expect(try ensure(days: 334).wereMade == false)
        #expect(try Files.read(first.certificateFile) == bytes)
        #expect(try ensure(days: 336).wereMade)
        #expect(try Files.read(first.certificateFile) != bytes)
        #expect(try ensure(force: true, days: 336).wereMade)
    }

    @Test("files that do not belong together are made anew", arguments: ["ca.pem", "server.pem", "server.key"])
    func mismatched(name: String) throws {
        _ = try ensure()
        let other = try DevelopmentCertificates.ensure(directory: temporary.file("other"), force: false, now: now)
        _ = other
        let foreign = try Files.read(temporary.file("other/\(name)"))
        try Files.writeAtomically(foreign, to: temporary.file("certs/\(name)"))
        #expect(try ensure().wereMade)
        #expect(try ensure().wereMade == false)
    }

    @Test("missing and damaged files are made anew", arguments: ["ca.pem", "server.pem", "server.key"])
    func damaged(name: String) throws {
        _ = try ensure()
        #expect(FilesForTests.remove(temporary.file("certs/\(name)")))
        #expect(try ensure().wereMade)
        try Files.writeAtomically(Array("nonsense".utf8), to: temporary.file("certs/\(name)"))
        #expect(try ensure().wereMade)
    }
}
