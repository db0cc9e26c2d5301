import Foundation

/// Where requests go: scheme, host and port of a URL, and the path in front.
struct TargetAddress: Equatable, Sendable {
    var scheme: String
    var host: String
    var port: Int
    var path: String

    /// Throws for anything but `http://` and `https://` URLs with a host.
    init(_ text: String) throws {
        guard let url = URLComponents(string: text), let scheme = url.scheme, ["http", "https"].contains(scheme),
            let host = url.host, !host.isEmpty
        else { throw LoadUsageError("\"\(text)\" is not an http:// or https:// address") }
        self.scheme = scheme
        self.host = host.trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
        self.port = url.port ?? (scheme == "https" ? 443 : 80)
        self.path = url.path + (url.query.map { "?\($0)" } ?? "")
    }

    var isSecure: Bool { scheme == "https" }
    var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
    }
    /// The name to verify; `nil` for addresses.
    var serverName: String? {
        host.contains(":") || host.allSatisfy { $0.isNumber || $0 == "." } ? nil : host
    }
}
