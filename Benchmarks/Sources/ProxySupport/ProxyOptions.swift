/// A proxy's command line:
/// `--listen PORT --upstream-port PORT --certificate FILE --private-key FILE [--connections N]`.
/// Both sides are on loopback, and one event loop carries everything.
package struct ProxyOptions: Sendable {
    package var listenPort: Int
    package var upstreamPort: Int
    package var certificate: String
    package var privateKey: String
    /// Connections to the upstream server.
    package var connections: Int

    /// Returns nil, after an explanation on standard error is due, when an option is missing or
    /// cannot be read.
    package init?(_ arguments: [String]) {
        var values: [String: String] = [:]
        var index = 1
        while index + 1 < arguments.count {
            values[arguments[index]] = arguments[index + 1]
            index += 2
        }
        guard index == arguments.count, let listen = values["--listen"].flatMap(Int.init),
            let upstream = values["--upstream-port"].flatMap(Int.init), let certificate = values["--certificate"],
            let privateKey = values["--private-key"]
        else { return nil }
        listenPort = listen
        upstreamPort = upstream
        self.certificate = certificate
        self.privateKey = privateKey
        connections = values["--connections"].flatMap(Int.init) ?? 4
    }

    package static let usage =
        "usage: --listen PORT --upstream-port PORT --certificate FILE --private-key FILE [--connections N]\n"
}
