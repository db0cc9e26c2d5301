/// Reads the beginning of a TLS connection, only as far as the application protocols that the
/// client offers. RFC 8446 section 4.1.2 and RFC 7301 section 3.1 define it. Pure. The TLS library
/// judges everything else about the handshake.
enum ClientHello {
    enum Offer: Equatable {
        /// More bytes are needed.
        case incomplete
        /// No ClientHello, or not one that can be read: the TLS library says what is wrong with it.
        case unreadable
        /// The client offers no application protocols.
        case none
        /// The first protocol of the client's list that the server speaks.
        case spoken(Int)
        /// The client offers protocols, and the server speaks none of them.
        case unspoken
    }

    /// More bytes than this are not collected; an ordinary ClientHello has 200 to 2,000.
    static let maximumBytes = 32_768

    private static let handshakeRecord: UInt8 = 22
    private static let clientHello: UInt8 = 1
    private static let protocolsExtension = 16

    /// - Parameters:
    ///   - bytes: all that has come from the client.
    ///   - spoken: the names of the protocols that the server speaks.
    static func offer(in bytes: [UInt8], spoken: [[UInt8]]) -> Offer {
        switch message(in: bytes) {
        case .incomplete: .incomplete
        case .unreadable: .unreadable
        case .complete(let message): offer(inMessage: message, spoken: spoken)
        }
    }

    private enum Message {
        case incomplete
        case unreadable
        case complete(ArraySlice<UInt8>)
    }

    /// Puts the handshake message together, which may come in several records.
    private static func message(in bytes: [UInt8]) -> Message {
        var rest = Reader(bytes[...])
        var message: [UInt8] = []
        while true {
            if message.count >= 4 {
                guard message[0] == clientHello else { return .unreadable }
                let length = message[1...3].reduce(0) { $0 << 8 | Int($1) }
                if message.count >= 4 + length { return .complete(message[4..<4 + length]) }
            }
            if bytes.count > maximumBytes { return .unreadable }
            guard let type = rest.byte() else { return .incomplete }
            guard type == handshakeRecord else { return .unreadable }
            guard rest.skip(2), let length = rest.number(bytes: 2) else { return .incomplete }
            guard length > 0, length <= 16_384 else { return .unreadable }
            guard let fragment = rest.take(length) else { return .incomplete }
            message += fragment
        }
    }

    private static func offer(inMessage message: ArraySlice<UInt8>, spoken: [[UInt8]]) -> Offer {
        var rest = Reader(message)
        // Version and random; session; cipher suites; compression methods.
        guard rest.skip(34), rest.vector(lengthBytes: 1) != nil, rest.vector(lengthBytes: 2) != nil,
            rest.vector(lengthBytes: 1) != nil
        else { return .unreadable }
        // Extensions may be absent altogether.
        guard let extensions = rest.vector(lengthBytes: 2) else { return .none }
        var list = Reader(extensions)
        while let type = list.number(bytes: 2), let body = list.vector(lengthBytes: 2) {
            guard type == protocolsExtension else { continue }
            var reader = Reader(body)
            guard let names = reader.vector(lengthBytes: 2) else { return .unreadable }
            var offered = Reader(names)
            while let name = offered.vector(lengthBytes: 1) {
                if let index = spoken.firstIndex(where: { $0[...] == name }) { return .spoken(index) }
            }
            return .unspoken
        }
        return .none
    }

    /// Reads forward; nil when there is not enough.
    private struct Reader {
        private var rest: ArraySlice<UInt8>

        init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

        mutating func byte() -> UInt8? { rest.popFirst() }

        mutating func number(bytes count: Int) -> Int? { take(count)?.reduce(0) { $0 << 8 | Int($1) } }

        mutating func skip(_ count: Int) -> Bool { take(count) != nil }

        mutating func vector(lengthBytes: Int) -> ArraySlice<UInt8>? { number(bytes: lengthBytes).flatMap { take($0) } }

        mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
            guard rest.count >= count else { return nil }
            defer { rest = rest.dropFirst(count) }
            return rest.prefix(count)
        }
    }
}
