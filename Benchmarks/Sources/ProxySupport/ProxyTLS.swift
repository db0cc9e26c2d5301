package import NIOHTTP2
package import NIOSSL

/// What both proxies have in common, so that they differ in nothing but their style.
package enum ProxySetup {
    /// TLS with ALPN `h2` only.
    package static func tls(_ options: ProxyOptions) throws -> NIOSSLContext {
        let chain = try NIOSSLCertificate.fromPEMFile(options.certificate).map {
            NIOSSLCertificateSource.certificate($0)
        }
        let key = try NIOSSLPrivateKey(file: options.privateKey, format: .pem)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain,
            privateKey: .privateKey(key)
        )
        configuration.minimumTLSVersion = .tlsv13
        configuration.applicationProtocols = ["h2"]
        return try NIOSSLContext(configuration: configuration)
    }

    /// Both sides' HTTP/2 settings: more concurrent streams than the load ever has, validation on.
    package static var connection: NIOHTTP2Handler.ConnectionConfiguration {
        var configuration = NIOHTTP2Handler.ConnectionConfiguration()
        configuration.initialSettings = [
            HTTP2Setting(parameter: .maxConcurrentStreams, value: 1_000),
            HTTP2Setting(parameter: .maxHeaderListSize, value: 16_384),
            HTTP2Setting(parameter: .initialWindowSize, value: 65_535),
        ]
        return configuration
    }

    /// Stream resets are part of some loads and must not end a baseline.
    package static var stream: NIOHTTP2Handler.StreamConfiguration {
        var configuration = NIOHTTP2Handler.StreamConfiguration()
        configuration.streamResetFrameRateLimit.maximumCount = 1_000_000
        return configuration
    }
}
