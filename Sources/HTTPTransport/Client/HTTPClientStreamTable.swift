import NIOCore
import NIOHPACK

/// The streams of one connection that are not closed yet, in a flat array found by stream
/// identifier.
///
/// Identifiers are handed out in order, so an entry's home is the identifier's index modulo the
/// size. If an older stream still has that entry, the new stream takes the next free one. The table
/// keeps the longest such displacement since it was last empty. A look-up goes on past free entries
/// up to that distance, so that removal needs no repair.
struct HTTPClientStreamTable {
    enum Phase {
        case awaitingHeaders
        case receivingBody
        /// Its request has a result; only the close of the stream is awaited.
        case concluded
    }

    struct Entry {
        /// 0 while the entry is free; stream 0 is never a request's.
        var stream: UInt32 = 0
        var request: Int32 = 0
        var phase = Phase.concluded
        var hasServed = false
        var status = 0
        var headers = HPACKHeaders()
        var body: ByteBuffer?
    }

    private(set) var entries: [Entry]
    private var longestDisplacement = 0
    private(set) var count = 0
    private let mask: Int

    /// Room for `capacity` streams, at most half full.
    init(capacity: Int) {
        precondition(capacity > 0 && capacity <= 1 << 20, "a connection carries 1 to 2^20 streams at once")
        var size = 4
        while size < 2 * capacity { size *= 2 }
        mask = size - 1
        entries = Array(repeating: Entry(), count: size)
    }

    mutating func insert(stream: UInt32, request: Int32) {
        precondition(count <= mask / 2 + 1, "the pool keeps within the connection's capacity")
        var index = home(stream)
        var displacement = 0
        while entries[index].stream != 0 {
            index = (index + 1) & mask
            displacement += 1
        }
        entries[index].stream = stream
        entries[index].request = request
        entries[index].phase = .awaitingHeaders
        longestDisplacement = max(longestDisplacement, displacement)
        count += 1
    }

    func index(of stream: UInt32) -> Int? {
        var index = home(stream)
        for _ in 0...longestDisplacement {
            if entries[index].stream == stream { return index }
            index = (index + 1) & mask
        }
        return nil
    }

    /// Frees the entry. Headers and body have been taken out before.
    mutating func remove(at index: Int) {
        assert(entries[index].stream != 0)
        entries[index] = Entry()
        count -= 1
        if count == 0 { longestDisplacement = 0 }
    }

    mutating func began(at index: Int, status: Int, headers: HPACKHeaders) {
        entries[index].phase = .receivingBody
        entries[index].status = status
        entries[index].headers = headers
    }

    /// Adds a piece of the body and returns its length so far.
    mutating func append(_ bytes: ByteBuffer, at index: Int) -> Int {
        // The usual body comes in one piece and is not copied.
        guard entries[index].body != nil else {
            entries[index].body = bytes
            return bytes.readableBytes
        }
        entries[index].body!.writeImmutableBuffer(bytes)
        return entries[index].body!.readableBytes
    }

    /// The request has a result without a response.
    mutating func conclude(at index: Int) {
        entries[index].phase = .concluded
        entries[index].headers = HPACKHeaders()
        entries[index].body = nil
    }

    /// The response is complete: takes it out.
    mutating func takeResponse(at index: Int) -> HTTPClientResponse {
        let response = HTTPClientResponse(
            status: entries[index].status,
            headers: entries[index].headers,
            body: entries[index].body ?? ByteBuffer()
        )
        conclude(at: index)
        entries[index].hasServed = true
        return response
    }

    private func home(_ stream: UInt32) -> Int { Int(stream >> 1) & mask }
}
