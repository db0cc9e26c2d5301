import NIOCore

/// Finds the frames of HTTP/2 in the bytes of a client (RFC 9113 sections 3.4 and 4.1). It reads
/// the headers of frames and skips what they carry. Pure.
struct FrameScanner {
    /// The length of a frame's header, in bytes.
    static let headerBytes = 9

    struct Header: Equatable {
        /// The length of what follows the header, in bytes.
        var length: Int
        var kind: UInt8
        var flags: UInt8
        var stream: UInt32
    }

    /// Bytes that belong to the frame before, or to the client's preface.
    private var bytesToSkip = 24

    /// The header of the next frame; nil when it has not come as a whole. Moves `position` to its
    /// first byte: of the frame, or of the part of a header that ends `bytes`.
    mutating func header(in bytes: ByteBuffer, at position: inout Int) -> Header? {
        let skipped = min(bytesToSkip, bytes.writerIndex - position)
        bytesToSkip -= skipped
        position += skipped
        guard bytes.writerIndex - position >= Self.headerBytes,
            let word = bytes.getInteger(at: position, as: UInt32.self),
            let flags = bytes.getInteger(at: position + 4, as: UInt8.self),
            let stream = bytes.getInteger(at: position + 5, as: UInt32.self)
        else { return nil }
        return Header(
            length: Int(word >> 8),
            kind: UInt8(truncatingIfNeeded: word),
            flags: flags,
            stream: stream & 0x7FFF_FFFF
        )
    }

    /// Goes on behind the header of that frame.
    mutating func enter(_ header: Header, at position: inout Int) {
        position += Self.headerBytes
        bytesToSkip = header.length
    }
}

extension FrameScanner.Header {
    static let data: UInt8 = 0
    static let headers: UInt8 = 1
    static let priority: UInt8 = 2
    static let rstStream: UInt8 = 3
    static let settings: UInt8 = 4
    static let ping: UInt8 = 6
    static let windowUpdate: UInt8 = 8
    static let continuation: UInt8 = 9

    /// END_STREAM of DATA and HEADERS.
    var endsStream: Bool { flags & 0x1 != 0 }

    /// ACK of SETTINGS.
    var isAcknowledgement: Bool { flags & 0x1 != 0 }

    /// PADDED of DATA.
    var isPadded: Bool { flags & 0x8 != 0 }
}
