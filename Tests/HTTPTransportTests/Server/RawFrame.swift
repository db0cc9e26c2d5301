import NIOCore
import NIOHPACK

/// An HTTP/2 frame as bytes, so that tests can also send what no correct peer would.
struct RawFrame: Sendable, Equatable {
    enum Kind: UInt8 {
        case data, headers, priority, rstStream, settings, pushPromise, ping, goAway, windowUpdate, continuation
    }

    static let endStream: UInt8 = 0x1
    static let ack: UInt8 = 0x1
    static let endHeaders: UInt8 = 0x4
    static let padded: UInt8 = 0x8
    static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    var kind: Kind
    var flags: UInt8 = 0
    var stream: UInt32 = 0
    var payload: [UInt8] = []

    var bytes: [UInt8] {
        var result: [UInt8] = [UInt8(payload.count >> 16 & 0xFF), UInt8(payload.count >> 8 & 0xFF)]
        result.append(UInt8(payload.count & 0xFF))
        result.append(kind.rawValue)
        result.append(flags)
        result += Self.big(stream)
        return result + payload
    }

    static func big(_ value: UInt32) -> [UInt8] {
        [UInt8(value >> 24), UInt8(value >> 16 & 0xFF), UInt8(value >> 8 & 0xFF), UInt8(value & 0xFF)]
    }

    /// A header block of literals without indexing or Huffman coding.
    static func block(_ fields: [(String, String)]) -> [UInt8] {
        fields.flatMap { name, value in [0x00] + string(name) + string(value) }
    }

    private static func string(_ text: String) -> [UInt8] {
        let bytes = Array(text.utf8)
        if bytes.count < 127 { return [UInt8(bytes.count)] + bytes }
        var rest = bytes.count - 127
        var length: [UInt8] = [127]
        while rest >= 128 {
            length.append(UInt8(rest % 128) | 0x80)
            rest /= 128
        }
        return length + [UInt8(rest)] + bytes
    }

    static func headers(_ stream: UInt32, _ fields: [(String, String)], end: Bool) -> RawFrame {
        RawFrame(kind: .headers, flags: endHeaders | (end ? endStream : 0), stream: stream, payload: block(fields))
    }

    static func data(_ stream: UInt32, _ payload: [UInt8], end: Bool) -> RawFrame {
        RawFrame(kind: .data, flags: end ? endStream : 0, stream: stream, payload: payload)
    }

    static func reset(_ stream: UInt32, code: UInt32 = 8) -> RawFrame {
        RawFrame(kind: .rstStream, stream: stream, payload: big(code))
    }

    static func windowUpdate(_ stream: UInt32, _ increment: UInt32) -> RawFrame {
        RawFrame(kind: .windowUpdate, stream: stream, payload: big(increment))
    }

    static func settings(_ values: [(UInt16, UInt32)] = []) -> RawFrame {
        let payload = values.flatMap { [UInt8($0.0 >> 8), UInt8($0.0 & 0xFF)] + big($0.1) }
        return RawFrame(kind: .settings, payload: payload)
    }

    static let settingsAck = RawFrame(kind: .settings, flags: ack)

    static func ping(_ number: UInt8 = 0, ack isAck: Bool = false) -> RawFrame {
        RawFrame(kind: .ping, flags: isAck ? ack : 0, payload: [0, 0, 0, 0, 0, 0, 0, number])
    }

    /// The fields of an ordinary request.
    static func request(
        _ method: String = "POST",
        _ path: String = "/echo",
        extra: [(String, String)] = []
    ) -> [(
        String, String
    )] {
        [(":method", method), (":scheme", "https"), (":authority", "example.test"), (":path", path)] + extra
    }

    /// The error code of a RST_STREAM or GOAWAY.
    var errorCode: UInt32? {
        switch kind {
        case .rstStream: number(at: 0)
        case .goAway: number(at: 4)
        case .data, .headers, .priority, .settings, .pushPromise, .ping, .windowUpdate, .continuation: nil
        }
    }

    func number(at offset: Int) -> UInt32 {
        payload[offset..<offset + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }

    var endsStream: Bool { flags & Self.endStream != 0 }

    /// Takes the complete frames off the front of `buffer`.
    static func parse(_ buffer: inout ByteBuffer) -> [RawFrame] {
        var frames: [RawFrame] = []
        while let header = buffer.getBytes(at: buffer.readerIndex, length: 9) {
            let length = Int(header[0]) << 16 | Int(header[1]) << 8 | Int(header[2])
            guard buffer.readableBytes >= 9 + length, let kind = Kind(rawValue: header[3]) else { break }
            buffer.moveReaderIndex(forwardBy: 9)
            let stream = header[5...8].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            let payload = buffer.readBytes(length: length) ?? []
            frames.append(RawFrame(kind: kind, flags: header[4], stream: stream, payload: payload))
        }
        return frames
    }
}

/// The answers seen by a peer, put together from frames. Keeps the HPACK state of the connection.
struct AnswerReader {
    struct Answer: Equatable {
        var status = ""
        var headers = HPACKHeaders()
        var body: [UInt8] = []
        var isComplete = false
        var resetCode: UInt32?
        var interim: [String] = []
    }

    private var decoder = HPACKDecoder(allocator: ByteBufferAllocator())
    private(set) var answers: [UInt32: Answer] = [:]
    private(set) var goAways: [RawFrame] = []

    mutating func read(_ frames: [RawFrame]) throws {
        for frame in frames { try read(frame) }
    }

    mutating func read(_ frame: RawFrame) throws {
        var answer = answers[frame.stream] ?? Answer()
        switch frame.kind {
        case .headers:
            var block = ByteBuffer(bytes: frame.payload)
            let headers = try decoder.decodeHeaders(from: &block)
            let status = headers.first(name: ":status") ?? ""
            if status.hasPrefix("1") {
                answer.interim.append(status)
            } else {
                answer.headers = headers
                answer.status = status
            }
        case .data:
            answer.body += frame.payload
        case .rstStream:
            answer.resetCode = frame.errorCode
        case .goAway:
            goAways.append(frame)
            return
        case .priority, .settings, .pushPromise, .ping, .windowUpdate, .continuation:
            return
        }
        if frame.kind != .rstStream, frame.endsStream { answer.isComplete = true }
        answers[frame.stream] = answer
    }
}
