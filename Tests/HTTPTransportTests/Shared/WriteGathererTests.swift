import HTTPTransport
import NIOCore
import NIOEmbedded
import Testing

@Suite struct WriteGathererTests {
    private func channel() throws -> EmbeddedChannel {
        let channel = EmbeddedChannel(handler: WriteGatherer())
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        return channel
    }

    private func buffer(_ count: Int, _ byte: UInt8 = 0) -> ByteBuffer { ByteBuffer(repeating: byte, count: count) }

    private func outbound(_ channel: EmbeddedChannel) throws -> [Int] {
        var sizes: [Int] = []
        while let bytes = try channel.readOutbound(as: ByteBuffer.self) { sizes.append(bytes.readableBytes) }
        return sizes
    }

    @Test func `Writes of one flush leave as one buffer, in order`() throws {
        let channel = try channel()
        for text in ["one ", "two ", "three"] { channel.write(ByteBuffer(string: text), promise: nil) }
        #expect(try channel.readOutbound(as: ByteBuffer.self) == nil)
        channel.flush()
        #expect(try channel.readOutbound(as: ByteBuffer.self) == ByteBuffer(string: "one two three"))
    }

    @Test func `A flush without writes emits nothing`() throws {
        let channel = try channel()
        channel.flush()
        channel.write(buffer(1), promise: nil)
        channel.flush()
        channel.flush()
        #expect(try outbound(channel) == [1])
    }

    @Test func `No merged buffer exceeds a TLS record, and large writes pass in order`() throws {
        let channel = try channel()
        for count in [10_000, 6_384, 1, 20_000, 5] { channel.write(buffer(count), promise: nil) }
        channel.flush()
        #expect(try outbound(channel) == [16_384, 1, 20_000, 5])
    }

    @Test func `Bytes that are still held below are not overwritten by later writes`() throws {
        let channel = try channel()
        channel.write(buffer(10, 1), promise: nil)
        channel.flush()
        let held = try channel.readOutbound(as: ByteBuffer.self)
        channel.write(buffer(10, 2), promise: nil)
        channel.flush()
        #expect(held == buffer(10, 1))
        #expect(try channel.readOutbound(as: ByteBuffer.self) == buffer(10, 2))
    }

    /// How the writes ended, in the order in which they did.
    private final class Ends {
        var all: [Bool] = []

        func watch(_ write: EventLoopFuture<Void>) {
            write.assumeIsolated().whenComplete { result in
                switch result {
                case .success: self.all.append(true)
                case .failure: self.all.append(false)
                }
            }
        }
    }

    @Test func `Every write's promise is kept`() throws {
        let channel = try channel()
        let ends = Ends()
        for count in 1...3 { ends.watch(channel.write(buffer(count))) }
        #expect(ends.all.isEmpty)
        channel.flush()
        channel.embeddedEventLoop.run()
        #expect(ends.all == [true, true, true])
    }

    @Test func `Promises fail when the channel closes before the flush`() throws {
        let channel = try channel()
        let ends = Ends()
        for count in 1...2 { ends.watch(channel.write(buffer(count))) }
        channel.close(promise: nil)
        channel.embeddedEventLoop.run()
        #expect(ends.all == [false, false])
        #expect(try outbound(channel) == [])
    }

    @Test func `Without a flush nothing is lost at an orderly close of the output`() throws {
        let channel = try channel()
        channel.write(buffer(3), promise: nil)
        channel.close(mode: .output, promise: nil)
        channel.flush()
        #expect(try outbound(channel) == [3])
    }
}
