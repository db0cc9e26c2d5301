import Testing

@testable import HTTPTransport

@Suite struct ClientHelloTests {
    private static let spoken = ["h2", "http/1.1"].map { Array($0.utf8) }

    private static func vector(_ bytes: [UInt8], lengthBytes: Int) -> [UInt8] {
        (0..<lengthBytes).reversed().map { UInt8(bytes.count >> ($0 * 8) & 0xFF) } + bytes
    }

    /// A ClientHello in records of at most `recordBytes`; nil protocols leave the extension out.
    static func bytes(protocols: [String]?, recordBytes: Int = 16_384, hasExtensions: Bool = true) -> [UInt8] {
        var extensions: [UInt8] = [0, 43] + vector([2, 3, 4], lengthBytes: 2)
        if let protocols {
            let names = protocols.flatMap { vector(Array($0.utf8), lengthBytes: 1) }
            extensions += [0, 16] + vector(vector(names, lengthBytes: 2), lengthBytes: 2)
        }
        var body: [UInt8] = [3, 3] + [UInt8](repeating: 7, count: 32)
        body += vector([UInt8](repeating: 9, count: 32), lengthBytes: 1)
        body += vector([0x13, 0x01], lengthBytes: 2) + vector([0], lengthBytes: 1)
        if hasExtensions { body += vector(extensions, lengthBytes: 2) }
        let message = [1] + vector(body, lengthBytes: 3)
        return stride(from: 0, to: message.count, by: recordBytes).flatMap { start in
            [22, 3, 1] + vector(Array(message[start..<min(start + recordBytes, message.count)]), lengthBytes: 2)
        }
    }

    private func offer(_ bytes: [UInt8]) -> ClientHello.Offer { ClientHello.offer(in: bytes, spoken: Self.spoken) }

    @Test func `The client's first choice that is spoken counts`() {
        #expect(offer(Self.bytes(protocols: ["h2", "http/1.1"])) == .spoken(0))
        #expect(offer(Self.bytes(protocols: ["http/1.1", "h2"])) == .spoken(1))
        #expect(offer(Self.bytes(protocols: ["spdy/3", "http/1.1"])) == .spoken(1))
    }

    @Test(arguments: [["http/1.0"], ["h3"], ["h2c", "H2"], []])
    func `Offers of nothing that is spoken`(_ protocols: [String]) {
        #expect(offer(Self.bytes(protocols: protocols)) == .unspoken)
    }

    @Test func `No offer at all`() {
        #expect(offer(Self.bytes(protocols: nil)) == .none)
        #expect(offer(Self.bytes(protocols: nil, hasExtensions: false)) == .none)
    }

    @Test func `A message in many records is one message, and each part of it is incomplete`() {
        let bytes = Self.bytes(protocols: ["http/1.0"], recordBytes: 10)
        #expect(offer(bytes) == .unspoken)
        for count in bytes.indices { #expect(offer(Array(bytes[..<count])) == .incomplete) }
    }

    @Test func `What is no ClientHello is left to the TLS library`() {
        #expect(offer(Array("GET / HTTP/1.1\r\n\r\n".utf8)) == .unreadable)
        #expect(offer([22, 3, 1, 0, 0]) == .unreadable)
        #expect(offer([22, 3, 1, 0, 5, 2, 0, 0, 1, 0]) == .unreadable)
        // A session longer than the message.
        #expect(offer([22, 3, 1, 0, 39, 1, 0, 0, 35] + [UInt8](repeating: 0, count: 34) + [9]) == .unreadable)
    }

    @Test func `More than the maximum is not collected`() {
        let record: [UInt8] = [22, 3, 1, 0x40, 0] + [UInt8](repeating: 0xFF, count: 16_384)
        let endless: [UInt8] = [22, 3, 1, 0, 4, 1, 0xFF, 0xFF, 0xFF] + record + record + record
        #expect(offer(endless) == .unreadable)
    }

    @Test func `No bytes whatever crash it`() {
        var generator = SystemRandomNumberGenerator()
        let whole = Self.bytes(protocols: ["h2", "x"])
        for _ in 0..<5_000 {
            var bytes = whole
            for _ in 0..<3 { bytes[Int.random(in: bytes.indices, using: &generator)] = .random(in: .min ... .max) }
            _ = offer(bytes)
        }
    }
}
