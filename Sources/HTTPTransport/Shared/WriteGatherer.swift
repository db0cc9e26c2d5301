package import NIOCore

/// Merges the small writes of one flush into buffers of at most 16 KiB. It sits between TLS and
/// HTTP/2.
///
/// An HTTP/2 answer reaches the channel as three writes (HEADERS, the 9 bytes of a DATA header, the
/// body). Unmerged, each becomes a TLS record and an element of `writev`. Writes are copied here
/// until the flush; what is already as large as a TLS record passes through uncopied. The buffer
/// grows with the pending bytes, so a connection with one request at a time holds a few hundred
/// bytes. The buffer is used again when the layer below has released it.
package final class WriteGatherer: ChannelOutboundHandler {
    package typealias OutboundIn = IOData
    package typealias OutboundOut = ByteBuffer

    /// The largest merged buffer, in bytes: the plaintext limit of a TLS record (RFC 8446 section
    /// 5.1).
    package static let maximumBytes = 16_384
    /// Capacity of a fresh buffer, in bytes: one ordinary answer.
    private static let initialCapacity = 512
    /// A buffer above this capacity is given up when the flush that used it needed less than a
    /// quarter.
    private static let retainedCapacity = 4_096

    private var pending = ByteBuffer()
    /// Whether the bytes in `pending` have gone down and only its memory is kept.
    private var isEmitted = true
    private var promise: EventLoopPromise<Void>?
    private var context: ChannelHandlerContext?

    package init() {}

    package func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    package func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        discard()
    }

    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .byteBuffer(let bytes):
            gather(bytes, promise: promise, context: context)
        case .fileRegion:
            // Nothing in this process sends file regions, and TLS could not either.
            promise?.fail(ChannelError.operationUnsupported)
        }
    }

    /// Adds bytes between two writes of the handlers behind, unseen by them; they leave with the
    /// next flush.
    package func inject(_ bytes: ByteBuffer) {
        guard let context else { return }
        gather(bytes, promise: nil, context: context)
    }

    package func flush(context: ChannelHandlerContext) {
        emit(context: context)
        context.flush()
    }

    package func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        switch mode {
        case .output: emit(context: context)
        case .all: discard()
        case .input: break
        }
        context.close(mode: mode, promise: promise)
    }

    /// What was never flushed is not sent, as everywhere in a channel.
    private func discard() {
        let promise = promise
        self.promise = nil
        isEmitted = true
        pending = ByteBuffer()
        promise?.fail(ChannelError.ioOnClosedChannel)
    }

    private func gather(_ bytes: ByteBuffer, promise: EventLoopPromise<Void>?, context: ChannelHandlerContext) {
        let count = bytes.readableBytes
        if !isEmitted, pending.readableBytes + count > Self.maximumBytes { emit(context: context) }
        if count >= Self.maximumBytes {
            context.write(wrapOutboundOut(bytes), promise: promise)
            return
        }
        if isEmitted { renew(allocator: context.channel.allocator) }
        pending.writeImmutableBuffer(bytes)
        join(promise)
    }

    /// Keeps one promise for the whole buffer; later ones follow the first.
    private func join(_ promise: EventLoopPromise<Void>?) {
        guard let promise else { return }
        if let first = self.promise {
            first.futureResult.cascade(to: promise)
        } else {
            self.promise = promise
        }
    }

    /// An empty buffer: the previous one when the layer below has let go of it, fresh memory
    /// otherwise.
    private func renew(allocator: ByteBufferAllocator) {
        isEmitted = false
        if pending.capacity == 0 {
            pending = allocator.buffer(capacity: Self.initialCapacity)
        } else {
            pending.clear()
        }
    }

    private func emit(context: ChannelHandlerContext) {
        guard !isEmitted else { return }
        isEmitted = true
        let promise = promise
        self.promise = nil
        let isMostlyUnused = pending.capacity > Self.retainedCapacity && pending.readableBytes < pending.capacity / 4
        context.write(wrapOutboundOut(pending), promise: promise)
        // Cleared at the next write, not now: the layer below holds these bytes until its flush.
        if isMostlyUnused { pending = ByteBuffer() }
    }
}
