import NIOSSL

extension LoadTestConfiguration.Trust {
    /// A client context that offers `protocols`.
    func context(protocols: [String]) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.applicationProtocols = protocols
        switch self {
        case .system: break
        case .none: configuration.certificateVerification = .none
        case .certificateAuthority(let path):
            configuration.trustRoots = .file(path)
            configuration.certificateVerification = .fullVerification
        }
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw LoadUsageError("cannot set up TLS (\(self)): \(error)")
        }
    }
}
