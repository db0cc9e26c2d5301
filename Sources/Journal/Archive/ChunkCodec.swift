import CZstd

/// Compresses and expands single chunks with Zstandard; memory of its own, used by one thread.
final class ChunkCodec {
    /// The `zstd` tool uses level 3 by default. Records of test payments shrink to a tenth, at 400
    /// MB a second of CPU. Batches of few records are mostly padding and shrink to a thirtieth.
    /// Level 9 costs five times as much CPU, and saves at best another tenth.
    static let level: Int32 = 3

    private let compressor: OpaquePointer
    private let decompressor: OpaquePointer

    init() {
        guard let compressor = ZSTD_createCCtx(), let decompressor = ZSTD_createDCtx() else {
            preconditionFailure("no memory for a compressor")
        }
        self.compressor = compressor
        self.decompressor = decompressor
    }

    deinit {
        ZSTD_freeCCtx(compressor)
        ZSTD_freeDCtx(decompressor)
    }

    /// The most bytes that a chunk of `count` bytes can become.
    static func bound(_ count: Int) -> Int { ZSTD_compressBound(count) }

    /// `target` has room for `bound(source.count)`.
    func compress(_ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) -> Int {
        precondition(target.count >= Self.bound(source.count))
        let count = ZSTD_compressCCtx(
            compressor,
            target.baseAddress,
            target.count,
            source.baseAddress,
            source.count,
            Self.level
        )
        precondition(ZSTD_isError(count) == 0, "a chunk does not compress into its bound")
        return count
    }

    /// Whether the source expands to exactly the target's size; the target is filled then.
    func expand(_ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) -> Bool {
        let count = ZSTD_decompressDCtx(
            decompressor,
            target.baseAddress,
            target.count,
            source.baseAddress,
            source.count
        )
        return ZSTD_isError(count) == 0 && count == target.count
    }
}
