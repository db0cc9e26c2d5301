import NIOCore
import NIOHTTP1

/// Which requests the admin server answers. It has no authentication, so a web page must not be
/// able to read it through an operator's browser.
///
/// The page of another site reaches the port under a name of its own that resolves to this machine
/// (DNS rebinding). So a request must name an address, `localhost`, or a name of the configuration.
/// A page can also ask across sites; then the browser says so in `Origin` or `Sec-Fetch-Site`.
struct AdminAccess: Sendable {
    /// In lower case.
    private let names: Set<String>

    /// - Parameter names: what requests may name the server, beside addresses and `localhost`.
    init(names: [String] = []) {
        self.names = Set(names.map { $0.lowercased() }).union(["localhost"])
    }

    enum Refusal: Equatable {
        /// None, or more than one.
        case hostMissing
        case hostNotAllowed
        case crossSite
    }

    /// nil for a request that is answered.
    func refusal(of head: HTTPRequestHead) -> Refusal? {
        if head.headers.contains(name: "origin") { return .crossSite }
        let sites = head.headers["sec-fetch-site"]
        if !sites.allSatisfy({ $0 == "none" || $0 == "same-origin" }) { return .crossSite }
        let hosts = head.headers["host"]
        // HTTP/1.0 needs no host, and no browser speaks it.
        if hosts.isEmpty, head.version == .http1_0 { return nil }
        guard hosts.count == 1 else { return .hostMissing }
        return isAllowed(hosts[0]) ? nil : .hostNotAllowed
    }

    /// `name`, `name:port`, `1.2.3.4:port`, `[::1]:port`.
    private func isAllowed(_ authority: String) -> Bool {
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { return false }
            let inner = String(authority[authority.index(after: authority.startIndex)..<end])
            return isPort(authority[authority.index(after: end)...]) && Self.isAddress(inner)
        }
        let end = authority.firstIndex(of: ":") ?? authority.endIndex
        let name = authority[..<end].lowercased()
        return isPort(authority[end...]) && (names.contains(name) || Self.isAddress(name))
    }

    private func isPort(_ rest: Substring) -> Bool {
        rest.isEmpty || (rest.first == ":" && rest.dropFirst().allSatisfy { $0.isASCII && $0.isNumber })
    }

    private static func isAddress(_ host: String) -> Bool {
        (try? SocketAddress(ipAddress: host, port: 0)) != nil
    }
}

extension AdminAccess.Refusal {
    var response: AdminResponse {
        switch self {
        case .hostMissing: .problem(400, code: "invalid_host", "The request must have one Host header")
        case .hostNotAllowed:
            .problem(
                421,
                code: "host_not_allowed",
                "The admin port does not go by this name",
                detail: "Ask by an address or localhost, or list the name in admin.names"
            )
        case .crossSite: .problem(403, code: "cross_site", "Web pages of other sites may not ask the admin port")
        }
    }
}
