/// Connections that have not sent a complete request, oldest first: a list through the slots of the
/// connection table. Every step takes constant time but `oldest(of:)` with a source, which looks at
/// the older newcomers of others.
struct NewcomerQueue {
    private struct Link {
        var key: ConnectionTable.Key
        var source: SourceAddress
        var previous = -1
        var next = -1
    }

    private(set) var count = 0
    private var links: [Link?] = []
    private var first = -1
    private var last = -1

    mutating func append(_ key: ConnectionTable.Key, source: SourceAddress) {
        let slot = Int(key.slot)
        while links.count <= slot { links.append(nil) }
        precondition(links[slot] == nil, "a newcomer came twice")
        links[slot] = Link(key: key, source: source, previous: last)
        if last >= 0 { links[last]?.next = slot } else { first = slot }
        last = slot
        count += 1
    }

    /// Takes a connection out. Nil when it is no newcomer any more.
    mutating func remove(_ key: ConnectionTable.Key) -> SourceAddress? {
        let slot = Int(key.slot)
        guard slot < links.count, let link = links[slot], link.key == key else { return nil }
        links[slot] = nil
        if link.previous >= 0 { links[link.previous]?.next = link.next } else { first = link.next }
        if link.next >= 0 { links[link.next]?.previous = link.previous } else { last = link.previous }
        count -= 1
        return link.source
    }

    /// The newcomer that has taken longest, of one source or of all.
    func oldest(of source: SourceAddress? = nil) -> ConnectionTable.Key? {
        var slot = first
        while slot >= 0, let link = links[slot] {
            if source == nil || link.source == source { return link.key }
            slot = link.next
        }
        return nil
    }
}
