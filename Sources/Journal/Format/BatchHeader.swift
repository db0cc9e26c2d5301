/// Unit of alignment of everything a journal writes with direct I/O.
let blockBytes = 4096

struct BatchHeader {
    static let byteCount = 256
}

struct SegmentHeader {
    static let byteCount = 4096
}
