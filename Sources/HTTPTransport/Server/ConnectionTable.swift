import NIOCore

/// The connections of one loop by slot. A slot's generation changes when it is freed, so an answer
/// to a connection that is gone never reaches its successor.
struct ConnectionTable {
    /// What a slot holds.
    enum Entry {
        case free(next: Int)
        /// The protocol is not known yet.
        case selecting(ProtocolSelector)
        case http2(HTTP2ServerConnection)
        case http1(HTTP1ServerConnection)
    }

    /// A slot and the generation of the connection in it.
    struct Key: Hashable {
        var slot: UInt32
        var generation: UInt32
    }

    let maximum: Int
    private(set) var count = 0
    private var entries: [Entry] = []
    private var generations: [UInt32] = []
    private var firstFree = -1

    init(maximum: Int) {
        precondition(maximum > 0 && maximum <= Int(UInt32.max))
        self.maximum = maximum
    }

    /// Takes a slot; nil when all are taken. `make` builds the entry from its key.
    mutating func insert(_ make: (Key) -> Entry) -> Key? {
        guard count < maximum else { return nil }
        count += 1
        if firstFree < 0 {
            entries.append(.free(next: -1))
            generations.append(0)
            firstFree = entries.count - 1
        }
        let slot = firstFree
        guard case .free(let next) = entries[slot] else { preconditionFailure("a slot of the free list is taken") }
        firstFree = next
        let key = Key(slot: UInt32(slot), generation: generations[slot])
        entries[slot] = make(key)
        return key
    }

    /// The entry with this key; nil when the connection is gone.
    func entry(_ key: Key) -> Entry? {
        let slot = Int(key.slot)
        guard slot < entries.count, generations[slot] == key.generation else { return nil }
        return entries[slot]
    }

    /// The same connection, with its protocol known.
    mutating func replace(_ key: Key, with entry: Entry) {
        precondition(generations[Int(key.slot)] == key.generation)
        entries[Int(key.slot)] = entry
    }

    mutating func remove(_ key: Key) {
        let slot = Int(key.slot)
        precondition(generations[slot] == key.generation, "a connection left twice")
        generations[slot] &+= 1
        entries[slot] = .free(next: firstFree)
        firstFree = slot
        count -= 1
    }

    /// Slots ever used: the range to walk with `entry(at:)`.
    var slotCount: Int { entries.count }

    func entry(at slot: Int) -> Entry { entries[slot] }
}
