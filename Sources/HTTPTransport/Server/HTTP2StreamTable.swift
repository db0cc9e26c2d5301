import NIOCore

/// The open streams of one connection, in flat arrays: open addressing by stream identifier, linear
/// probing, no tombstones. A client numbers its streams 1, 3, 5, and so on. So streams of the same
/// time are neighbours in memory, and collide only when some live much longer than others. No
/// allocation per stream; the table doubles up to its maximum.
struct HTTP2StreamTable {
    /// Where a stream stands.
    enum Phase: UInt8 {
        /// Headers came; the body has not ended.
        case receiving
        /// Complete; waits, undelivered, for the peer to read the answers before.
        case parked
        /// Delivered to the application, not answered.
        case dispatched
        /// Answered; waits for its last frame to leave.
        case answered
    }

    struct Stream {
        var phase: Phase
        /// Whether the answer must go without its body (RFC 9110 section 9.3.2).
        var isHead = false
        /// Whether the peer has ended its side (END_STREAM).
        var hasEnded = false
        /// Whether `Expect` has been looked at.
        var expectationSettled = false
        /// Bytes of the answer's body, until the stream closes.
        var outboundBytes = 0
        /// When the headers came, or since `answered` the answer, by the loop's coarse clock.
        var since: NIODeadline
        /// Present while `receiving` or `parked`.
        var head: RequestHeaderBlock?
        /// The pieces of the body so far; nil before the first one. Present while `receiving` or
        /// `parked`.
        var body: ByteBuffer?
    }

    /// Never more entries than this, whatever the peer does.
    let maximum: Int
    private(set) var count = 0
    /// Stream identifiers by place; 0 marks a free place (stream 0 is the connection).
    private var identifiers: [UInt32]
    private var streams: [Stream]

    init(maximum: Int) {
        precondition(maximum > 0)
        self.maximum = maximum
        identifiers = Array(repeating: 0, count: 16)
        streams = Array(repeating: Self.vacant, count: 16)
    }

    private static var vacant: Stream { Stream(phase: .answered, since: .uptimeNanoseconds(0)) }

    private var mask: Int { identifiers.count - 1 }

    private func home(_ identifier: UInt32) -> Int { Int(identifier >> 1) & mask }

    /// The place of a stream, valid until the next `insert` or `remove`.
    func place(of identifier: UInt32) -> Int? {
        assert(identifier != 0)
        var place = home(identifier)
        while identifiers[place] != 0 {
            if identifiers[place] == identifier { return place }
            place = (place + 1) & mask
        }
        return nil
    }

    subscript(place: Int) -> Stream {
        _read { yield streams[place] }
        _modify { yield &streams[place] }
    }

    /// Adds a stream; nil when the table is full. The identifier must not be present.
    mutating func insert(_ identifier: UInt32, _ stream: Stream) -> Int? {
        assert(place(of: identifier) == nil)
        guard count < maximum else { return nil }
        if (count + 1) * 2 > identifiers.count { grow() }
        count += 1
        return put(identifier, stream)
    }

    /// Removes a stream and closes the gap, so that a search never crosses one.
    mutating func remove(_ identifier: UInt32) -> Stream? {
        guard var gap = place(of: identifier) else { return nil }
        let removed = streams[gap]
        var next = (gap + 1) & mask
        while identifiers[next] != 0 {
            // The entry may move back only if its home is not inside (gap, next].
            if (next - home(identifiers[next])) & mask >= (next - gap) & mask {
                identifiers[gap] = identifiers[next]
                streams.swapAt(gap, next)
                gap = next
            }
            next = (next + 1) & mask
        }
        identifiers[gap] = 0
        streams[gap] = Self.vacant
        count -= 1
        return removed
    }

    /// Streams whose body has not ended and whose headers came at `moment` or before.
    func receiving(openedBefore moment: NIODeadline) -> [UInt32] { inPhase(.receiving, before: moment) }

    /// Streams whose whole answer was given at `moment` or before and has not left.
    func answered(before moment: NIODeadline) -> [UInt32] {
        inPhase(.answered, before: moment).filter { identifier in
            place(of: identifier).map { streams[$0].outboundBytes > 0 } ?? false
        }
    }

    private func inPhase(_ phase: Phase, before moment: NIODeadline) -> [UInt32] {
        identifiers.indices.compactMap { place in
            identifiers[place] != 0 && streams[place].phase == phase && streams[place].since <= moment
                ? identifiers[place] : nil
        }
    }

    /// Streams without any body yet that no earlier call has named.
    mutating func takeUnsettledExpectations() -> [UInt32] {
        var result: [UInt32] = []
        for place in identifiers.indices
        where identifiers[place] != 0 && streams[place].phase == .receiving && !streams[place].expectationSettled {
            streams[place].expectationSettled = true
            if streams[place].body == nil { result.append(identifiers[place]) }
        }
        return result
    }

    private mutating func put(_ identifier: UInt32, _ stream: Stream) -> Int {
        var place = home(identifier)
        while identifiers[place] != 0 { place = (place + 1) & mask }
        identifiers[place] = identifier
        streams[place] = stream
        return place
    }

    private mutating func grow() {
        let (oldIdentifiers, oldStreams) = (identifiers, streams)
        identifiers = Array(repeating: 0, count: oldIdentifiers.count * 2)
        streams = Array(repeating: Self.vacant, count: oldIdentifiers.count * 2)
        for place in oldIdentifiers.indices where oldIdentifiers[place] != 0 {
            _ = put(oldIdentifiers[place], oldStreams[place])
        }
    }
}
