import NIOCore

/// Connections from the same source share limits. A source is an IPv4 address, or the first 64 bits
/// of an IPv6 address, because one client has that many addresses. Connections without an address
/// are one source.
struct SourceAddress: Hashable {
    /// Where the address begins in `sockaddr_in` and `sockaddr_in6`: after family and port, and the
    /// flow label of IPv6.
    private static let ipv4Offset = 4
    private static let ipv6Offset = 8

    private var network: UInt64 = 0

    init(_ address: SocketAddress?) {
        switch address {
        case .v4: network = 0xFFFF << 32 | UInt64(Self.number(address, at: Self.ipv4Offset, as: UInt32.self))
        case .v6:
            network = Self.number(address, at: Self.ipv6Offset, as: UInt64.self)
            // The first 64 bits are zero for an IPv4 address within IPv6 (RFC 4291 section
            // 2.5.5.2), or for this host. The other bits tell these apart.
            if network == 0 { network = Self.number(address, at: Self.ipv6Offset + 8, as: UInt64.self) }
        case .unixDomainSocket, nil: break
        }
    }

    private static func number<Number: FixedWidthInteger>(
        _ address: SocketAddress?,
        at offset: Int,
        as type: Number.Type
    ) -> Number {
        let number = address?.withSockAddr { pointer, size in
            UnsafeRawBufferPointer(start: pointer, count: size).loadUnaligned(fromByteOffset: offset, as: type)
        }
        return number?.bigEndian ?? 0
    }
}

/// What each source of connections takes of one loop. Holds entries only for sources with a
/// newcomer or a body, so it is never larger than the table of connections.
struct SourceTable {
    private struct Usage {
        var newcomers = 0
        var bodyBytes = 0
        var isNothing: Bool { newcomers == 0 && bodyBytes == 0 }
    }

    private var usage: [SourceAddress: Usage] = [:]

    func newcomers(of source: SourceAddress) -> Int { usage[source]?.newcomers ?? 0 }

    func bodyBytes(of source: SourceAddress) -> Int { usage[source]?.bodyBytes ?? 0 }

    var count: Int { usage.count }

    mutating func addNewcomers(_ count: Int, of source: SourceAddress) { change(source) { $0.newcomers += count } }

    mutating func addBodyBytes(_ count: Int, of source: SourceAddress) { change(source) { $0.bodyBytes += count } }

    private mutating func change(_ source: SourceAddress, _ body: (inout Usage) -> Void) {
        var entry = usage[source] ?? Usage()
        body(&entry)
        assert(entry.newcomers >= 0 && entry.bodyBytes >= 0)
        usage[source] = entry.isNothing ? nil : entry
    }
}
