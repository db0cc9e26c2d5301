import NIOCore

extension FuzzTarget {
    /// The HTTP/2 edge, by programs of frames: sensible ones, malformed ones, raw bytes, pauses,
    /// answers that come late.
    static let http2 = FuzzTarget(name: "http2", maximumBytes: 2_048) { input in
        var program = FuzzInput(input)
        let start = program.byte()
        let world = EdgeWorld(mode: EdgeApplication.Mode(rawValue: start & 3) ?? .echo)
        var chunk: [UInt8] = []
        if start & 4 == 0 { chunk += FuzzFrame.preface + FuzzFrame(4).bytes }
        if start & 12 == 0 { chunk += FuzzFrame(4, flags: 1).bytes }
        for _ in 0..<400 where !program.isEmpty { step(&program, in: world, through: &chunk) }
        world.receive(chunk)
        world.finish()
    }

    /// The first bytes of a cleartext connection, whatever they are: HTTP/1.1, nearly HTTP/2,
    /// noise. In pieces.
    static let http1 = FuzzTarget(name: "http1", maximumBytes: 4_096) { input in
        var program = FuzzInput(input)
        let start = program.byte()
        let world = EdgeWorld(mode: EdgeApplication.Mode(rawValue: start & 3) ?? .echo)
        let pieces = Int(start >> 2) * 8 + 1
        let bytes = program.rest()
        for offset in stride(from: 0, to: bytes.count, by: pieces) {
            world.receive(Array(bytes[offset..<min(offset + pieces, bytes.count)]))
            if offset / pieces % 7 == 6 { world.answerHeld() }
        }
        world.finish()
    }

    private static let fields: [(String, String)] = [
        (":method", "GET"), (":method", "POST"), (":method", "CONNECT"), (":scheme", "https"), (":authority", "a.test"),
        (":path", "/"), (":path", ""), ("content-length", "5"), ("content-length", "99999"), ("content-length", "-1"),
        ("Bad", "x"), ("connection", "close"), ("te", "trailers"), ("expect", "100-continue"), ("host", "b.test"),
        ("", "x"), (":status", "200"), ("transfer-encoding", "chunked"), ("x-long", String(repeating: "v", count: 120)),
        ("cookie", "a=b"),
    ]

    private static func stream(_ input: inout FuzzInput) -> UInt32 {
        let byte = input.byte()
        switch byte {
        case 0..<240: return UInt32(byte & 15) * 2 + 1
        case 240: return 0
        case 241: return 2
        case 242: return 0x7FFF_FFFF
        case 243: return 0xFFFF_FFFF
        default: return UInt32(truncatingIfNeeded: input.integer(bytes: 4))
        }
    }

    private static func step(_ input: inout FuzzInput, in world: EdgeWorld, through chunk: inout [UInt8]) {
        let operation = input.byte()
        switch operation & 15 {
        case 0: chunk += input.take(Int(input.byte()))
        case 12:
            let kind = input.byte()
            let flags = input.byte()
            let stream = stream(&input)
            chunk += FuzzFrame(kind, flags: flags, stream: stream, input.take(Int(input.byte()))).bytes
        case 13:
            flush(world, &chunk, pieces: 0)
            world.advance(by: .milliseconds(Int64(input.byte()) * 250))
        case 14:
            flush(world, &chunk, pieces: 0)
            if operation >= 0xF0 { world.peerCloses() } else { world.answerHeld() }
        case 15: flush(world, &chunk, pieces: Int(operation >> 4) * 5)
        default: chunk += frame(operation, &input)
        }
        if chunk.count > 65_536 { flush(world, &chunk, pieces: 0) }
    }

    private static func frame(_ operation: UInt8, _ input: inout FuzzInput) -> [UInt8] {
        let high = operation >> 4
        let stream = stream(&input)
        switch operation & 15 {
        case 1, 2: return FuzzFrame(1, flags: 4 | high & 1, stream: stream, FuzzFrame.block(FuzzFrame.request)).bytes
        case 3:
            let chosen = (0..<Int(high)).map { _ in fields[Int(input.byte()) % fields.count] }
            let base = input.byte() & 1 == 0 ? FuzzFrame.request : []
            return FuzzFrame(1, flags: 4 | high & 1, stream: stream, FuzzFrame.block(base + chosen)).bytes
        case 4: return FuzzFrame(1, flags: input.byte(), stream: stream, input.take(Int(input.byte()))).bytes
        case 5: return FuzzFrame(9, flags: high, stream: stream, input.take(Int(input.byte()))).bytes
        case 6, 7:
            let count = input.word() % (operation & 15 == 6 ? 64 : 16_385)
            return FuzzFrame(0, flags: high & 9, stream: stream, [UInt8](repeating: high, count: count)).bytes
        case 8: return FuzzFrame(3, stream: stream, FuzzFrame.big(UInt32(input.byte()))).bytes
        case 9:
            let amount = UInt32(truncatingIfNeeded: input.edge())
            return FuzzFrame(8, stream: stream, FuzzFrame.big(amount)).bytes
        case 10:
            var pairs: [UInt8] = []
            for _ in 0..<high % 4 {
                pairs += [0, input.byte() % 10]
                pairs += FuzzFrame.big(UInt32(truncatingIfNeeded: input.edge()))
            }
            return FuzzFrame(4, flags: high & 8 == 0 ? 0 : 1, pairs).bytes
        default: return FuzzFrame(6, flags: high & 1, [UInt8](repeating: high, count: 8)).bytes
        }
    }

    private static func flush(_ world: EdgeWorld, _ chunk: inout [UInt8], pieces: Int) {
        defer { chunk.removeAll() }
        guard pieces > 0 else { return world.receive(chunk) }
        for offset in stride(from: 0, to: chunk.count, by: pieces) {
            world.receive(Array(chunk[offset..<min(offset + pieces, chunk.count)]))
        }
    }
}
