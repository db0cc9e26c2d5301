/// One bit of a batch frame that may have another value than when the frame was written.
struct FlippedBit: Equatable {
    /// From the beginning of the frame.
    var byte: Int
    /// 0 is the lowest.
    var bit: Int

    func flip(in frame: UnsafeMutableRawBufferPointer) { frame[byte] ^= 1 << bit }
}

extension FlippedBit {
    /// The bits each of which alone explains why the frame at the start of `bytes` is damaged: with
    /// it turned both checksums are right. Almost always one or none. Whether it is the right one
    /// the chain has to show.
    static func candidates(in bytes: UnsafeMutableRawBufferPointer, saltSeed: UInt32) -> [FlippedBit] {
        let frame = UnsafeRawBufferPointer(bytes)
        guard frame.count >= BatchHeader.byteCount else { return [] }
        guard let header = BatchHeader.decode(frame, saltSeed: saltSeed) else {
            return inHeader(of: bytes, saltSeed: saltSeed)
        }
        guard Int(header.length) <= frame.count - BatchHeader.byteCount else { return [] }
        let payload = frame.part(BatchHeader.byteCount, Int(header.length))
        return inPayload(payload, checksum: frame.integer(4)).map {
            FlippedBit(byte: $0.byte + BatchHeader.byteCount, bit: $0.bit)
        }
    }

    private static func inHeader(of bytes: UnsafeMutableRawBufferPointer, saltSeed: UInt32) -> [FlippedBit] {
        let frame = UnsafeRawBufferPointer(bytes)
        var found: [FlippedBit] = []
        for byte in 0..<BatchHeader.byteCount {
            for bit in 0..<8 {
                let candidate = FlippedBit(byte: byte, bit: bit)
                candidate.flip(in: bytes)
                if let header = BatchHeader.decode(frame, saltSeed: saltSeed),
                    Int(header.length) <= frame.count - BatchHeader.byteCount,
                    BatchHeader.payloadIsIntact(frame, length: Int(header.length))
                {
                    found.append(candidate)
                }
                candidate.flip(in: bytes)
            }
        }
        return found
    }

    /// A checksum is linear: what turning a bit changes in it depends only on the bit's place. So
    /// one pass finds the bits that make up the difference.
    private static func inPayload(_ payload: UnsafeRawBufferPointer, checksum: UInt32) -> [FlippedBit] {
        let wanted = crc32c(payload) ^ checksum
        var found: [FlippedBit] = []
        // Of the last byte; each byte before it is followed by one byte more.
        var changes = (0..<8).map { change(of: 1 << $0) }
        for byte in payload.indices.reversed() {
            for bit in 0..<8 {
                if changes[bit] == wanted { found.append(FlippedBit(byte: byte, bit: bit)) }
                changes[bit] = followedByOneByte(changes[bit])
            }
        }
        return found
    }

    private static func change(of byte: UInt8) -> UInt32 { checksum(of: byte) ^ checksum(of: 0) }

    private static func followedByOneByte(_ change: UInt32) -> UInt32 {
        checksum(of: 0, after: change) ^ checksum(of: 0)
    }

    private static func checksum(of byte: UInt8, after seed: UInt32 = 0) -> UInt32 {
        withUnsafeBytes(of: byte) { crc32c($0, seed: seed) }
    }
}
