/// A piece of the shard's byte arena: the place of a variable-length part of a payment, refund or
/// dispute.
@usableFromInline package struct ArenaSlice: Hashable, Sendable {
    @usableFromInline package var chunk: UInt32
    @usableFromInline package var offset: UInt32
    @usableFromInline package var length: UInt32

    package init(chunk: UInt32, offset: UInt32, length: UInt32) {
        self.chunk = chunk
        self.offset = offset
        self.length = length
    }

    package static let empty = ArenaSlice(chunk: 0, offset: 0, length: 0)
}
