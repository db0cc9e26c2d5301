import NIOCore
import Testing

@testable import HTTPTransport

@Suite struct FrameScannerTests {
    private typealias Header = FrameScanner.Header

    /// The headers that a scanner finds, when the bytes come in pieces of that length. What is left
    /// of a piece comes again before the next.
    private func headers(_ bytes: [UInt8], pieceBytes: Int) -> [Header] {
        var scanner = FrameScanner()
        var found: [Header] = []
        var rest: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: pieceBytes) {
            rest += bytes[start..<min(start + pieceBytes, bytes.count)]
            let buffer = ByteBuffer(bytes: rest)
            var position = 0
            while let header = scanner.header(in: buffer, at: &position) {
                found.append(header)
                scanner.enter(header, at: &position)
            }
            rest.removeFirst(position)
        }
        return found
    }

    @Test func `Frames are found in pieces of any length`() {
        let frames = [
            RawFrame.settings([(4, 1)]), .settingsAck, .headers(1, RawFrame.request(), end: false),
            .data(1, Array(repeating: 1, count: 300), end: true), .ping(), .data(0x7FFF_FFFF, [], end: false),
        ]
        let bytes = RawFrame.preface + frames.flatMap(\.bytes)
        let expected = frames.map {
            Header(length: $0.payload.count, kind: $0.kind.rawValue, flags: $0.flags, stream: $0.stream)
        }
        for count in [1, 2, 8, 9, 10, 23, 24, 25, 100, bytes.count] {
            #expect(headers(bytes, pieceBytes: count) == expected, "pieces of \(count) bytes")
        }
    }

    @Test func `The reserved bit is no part of a stream's number`() {
        var bytes = RawFrame.preface + RawFrame.data(5, [], end: false).bytes
        bytes[RawFrame.preface.count + 5] |= 0x80
        #expect(headers(bytes, pieceBytes: bytes.count).map(\.stream) == [5])
    }

    @Test func `A length has three bytes`() {
        let payload = [UInt8](repeating: 0, count: 70_000)
        let bytes = RawFrame.preface + RawFrame.data(5, payload, end: false).bytes + RawFrame.ping().bytes
        #expect(headers(bytes, pieceBytes: bytes.count).map(\.length) == [70_000, 8])
    }
}
