import Foundation

/// Where requests go: scheme, host and port of a URL, and the path in front.
struct TargetAddress: Equatable, Sendable {
    var scheme: String
    var host: String
    var port: Int
    /// As in the URL, percent-encoded; may be empty.
    var path: String
    /// Without the question mark, percent-encoded.
    var query: String?

    /// Throws for anything but `http://` and `https://` URLs with a host. A name or a password, a
    /// fragment and an impossible port are refused, because no request would use them.
    init(_ text: String) throws {
        guard let url = URLComponents(string: text), let scheme = url.scheme, ["http", "https"].contains(scheme),
            let host = url.host, !host.isEmpty
        else { throw LoadUsageError("\"\(text)\" is not an http:// or https:// address") }
        guard url.user == nil, url.password == nil else {
            throw LoadUsageError("an address with a user name or a password cannot be used; give --api-key")
        }
        guard url.fragment == nil else { throw LoadUsageError("\"\(text)\" has a fragment, which is never sent") }
        self.scheme = scheme
        self.host = host.trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
        port = url.port ?? (scheme == "https" ? 443 : 80)
        guard (1...65_535).contains(port) else { throw LoadUsageError("\"\(text)\" has no port from 1 to 65535") }
        path = url.percentEncodedPath
        query = url.percentEncodedQuery
    }

    var isSecure: Bool { scheme == "https" }
    /// What an HTTP/1.1 request line names.
    var requestTarget: String { (path.isEmpty ? "/" : path) + (query.map { "?\($0)" } ?? "") }
    /// What comes before `/v1/...` in the paths of a target: its own path without the last slash.
    var basePath: String {
        var base = path[...]
        while base.hasSuffix("/") { base.removeLast() }
        return String(base)
    }
    var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
    }
    /// The name to verify; `nil` for addresses.
    var serverName: String? {
        host.contains(":") || host.allSatisfy { $0.isNumber || $0 == "." } ? nil : host
    }
}
