import CMillrace

/// Unit of alignment of everything a journal writes with direct I/O.
let blockBytes = 4096

/// The next multiple of a block.
func paddedToBlock(_ bytes: Int) -> Int { (bytes + blockBytes - 1) & ~(blockBytes - 1) }

extension UnsafeRawBufferPointer {
    /// Integers in files are little-endian and of fixed width, at any alignment. The bounds are the
    /// caller's: headers have a fixed size that was checked once.
    func integer<T: FixedWidthInteger>(_ offset: Int, as type: T.Type = T.self) -> T {
        T(littleEndian: loadUnaligned(fromByteOffset: offset, as: T.self))
    }

    func part(_ offset: Int, _ count: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: self[offset..<offset + count])
    }

    /// Whether every byte is zero.
    var isZero: Bool { millrace_is_zero(baseAddress, count) == 1 }
}

extension UnsafeMutableRawBufferPointer {
    func store<T: FixedWidthInteger>(_ value: T, at offset: Int) {
        storeBytes(of: value.littleEndian, toByteOffset: offset, as: T.self)
    }

    func zero() { initializeMemory(as: UInt8.self, repeating: 0) }

    /// Memory that direct I/O can use; the caller frees it.
    static func aligned(byteCount: Int) -> UnsafeMutableRawBufferPointer {
        let buffer = allocate(byteCount: byteCount, alignment: blockBytes)
        buffer.zero()
        return buffer
    }
}
