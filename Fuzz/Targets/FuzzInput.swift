/// Takes a fuzzer's bytes apart. When they are used up everything read is zero, so any input is a
/// program.
struct FuzzInput {
    private let bytes: UnsafeRawBufferPointer
    private var offset = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var isEmpty: Bool { offset >= bytes.count }

    mutating func byte() -> UInt8 {
        guard offset < bytes.count else { return 0 }
        defer { offset += 1 }
        return bytes[offset]
    }

    mutating func word() -> Int { Int(byte()) | Int(byte()) << 8 }

    mutating func integer(bytes count: Int) -> UInt64 {
        var value: UInt64 = 0
        for index in 0..<count { value |= UInt64(byte()) << UInt64(8 * index) }
        return value
    }

    /// An integer with edges that chance would hardly find: small, near the top, or any.
    mutating func edge() -> UInt64 {
        let kind = byte()
        switch kind & 3 {
        case 0: return UInt64(kind >> 2)
        case 1: return .max - UInt64(kind >> 2)
        case 2: return integer(bytes: 4)
        default: return integer(bytes: 8)
        }
    }

    mutating func take(_ count: Int) -> [UInt8] {
        let end = min(offset + count, bytes.count)
        defer { offset = end }
        return Array(bytes[offset..<end])
    }

    mutating func rest() -> [UInt8] { take(bytes.count - offset) }
}
