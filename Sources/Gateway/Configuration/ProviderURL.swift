/// A provider's address: scheme, host and port, and nothing else.
package struct ProviderURL: Sendable, Equatable {
    package var usesTLS: Bool
    /// Without the brackets of an IPv6 literal.
    package var host: String
    package var port: Int

    /// As `:authority` and `Host` name it (RFC 9110 section 7.2): an IPv6 address in brackets and
    /// without its zone, which means nothing elsewhere (RFC 6874), and no port that the scheme has
    /// anyway.
    package var authority: String {
        let address = host.prefix { $0 != "%" }
        let name = host.contains(":") ? "[\(address)]" : host
        return port == (usesTLS ? 443 : 80) ? name : "\(name):\(port)"
    }

    /// `https://HOST[:PORT]` or `http://HOST[:PORT]`; a lone slash may follow.
    package init?(_ text: String) {
        let rest: Substring
        if text.hasPrefix("https://") {
            usesTLS = true
            rest = text.dropFirst(8)
        } else if text.hasPrefix("http://") {
            usesTLS = false
            rest = text.dropFirst(7)
        } else {
            return nil
        }
        let authority = rest.hasSuffix("/") ? rest.dropLast() : rest
        guard let (host, port) = Self.split(authority), Self.isHost(host) else { return nil }
        self.host = String(host)
        guard let port else {
            self.port = usesTLS ? 443 : 80
            return
        }
        guard let number = ConfigurationValues.integer(String(port)), (1...65_535).contains(number) else { return nil }
        self.port = number
    }

    private static func split(_ authority: Substring) -> (host: Substring, port: Substring?)? {
        if authority.first == "[" {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            let host = authority[authority.index(after: authority.startIndex)..<end]
            let rest = authority[authority.index(after: end)...]
            guard host.contains(":") else { return nil }
            if rest.isEmpty { return (host, nil) }
            return rest.first == ":" ? (host, rest.dropFirst()) : nil
        }
        guard let colon = authority.firstIndex(of: ":") else { return (authority, nil) }
        return (authority[..<colon], authority[authority.index(after: colon)...])
    }

    private static func isHost(_ host: Substring) -> Bool {
        !host.isEmpty && host.utf8.count <= 253
            && host.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"),
                    UInt8(ascii: ":"), UInt8(ascii: "%"):
                    true
                default: false
                }
            }
    }
}
