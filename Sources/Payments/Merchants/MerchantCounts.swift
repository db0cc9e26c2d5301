/// How much of one table each merchant holds: entries, and bytes where the table reserves any.
///
/// A merchant keeps its place while the process runs. So the place can be stored with an entry, and
/// no hash is needed when the entry leaves. There are at most as many places as merchants in the
/// configuration.
package struct MerchantCounts: Sendable {
    private struct Held {
        var count = 0
        var bytes = 0
    }

    private var places = MerchantPlaces()
    /// By place.
    private var held: [Held] = []
    /// Entries of all merchants.
    @usableFromInline package private(set) var total = 0
    /// Bytes of all merchants.
    @usableFromInline package private(set) var totalBytes = 0

    package init() {}

    /// Entries that `merchant` holds.
    package func count(of merchant: MerchantID) -> Int { places.place(of: merchant).map { held[Int($0)].count } ?? 0 }

    /// Whether `merchant` holds so many entries, or so many bytes.
    package func holds(_ count: Int, orBytes bytes: Int, _ merchant: MerchantID) -> Bool {
        guard let place = places.place(of: merchant) else { return count <= 0 || bytes <= 0 }
        return held[Int(place)].count >= count || held[Int(place)].bytes >= bytes
    }

    /// The most entries that one merchant holds.
    package var largestCount: Int { held.reduce(0) { max($0, $1.count) } }

    /// Counts one entry of `bytes` bytes for `merchant`.
    /// - Returns: the merchant's place, for `remove`.
    package mutating func add(_ merchant: MerchantID, bytes: Int = 0) -> UInt32 {
        let place = places.add(merchant)
        if Int(place) == held.count { held.append(Held()) }
        held[Int(place)].count += 1
        held[Int(place)].bytes += bytes
        total += 1
        totalBytes += bytes
        return place
    }

    /// The merchant of the place.
    package func merchant(atPlace place: UInt32) -> MerchantID { places.merchants[Int(place)] }

    /// Counts one entry of `merchant` less, of no bytes.
    /// - Precondition: it has one.
    package mutating func remove(_ merchant: MerchantID) {
        guard let place = places.place(of: merchant) else {
            preconditionFailure("an entry was counted less that never was counted")
        }
        remove(place: place)
    }

    /// Counts one entry less, of `bytes` bytes.
    package mutating func remove(place: UInt32, bytes: Int = 0) {
        held[Int(place)].count -= 1
        held[Int(place)].bytes -= bytes
        assert(held[Int(place)].count >= 0 && held[Int(place)].bytes >= 0, "an entry was counted less twice")
        total -= 1
        totalBytes -= bytes
    }
}

/// The most that one merchant may hold of a table, in percent of its capacity.
package struct MerchantShare: Sendable, Equatable {
    package static let allowedPercent = 1...100

    package let percent: Int

    /// - Parameter percent: 1 to 100.
    package init(percent: Int) {
        precondition(Self.allowedPercent.contains(percent), "a share is 1 to 100 percent")
        self.percent = percent
    }

    /// The entries of `capacity` that one merchant may hold; never none.
    package func of(_ capacity: Int) -> Int {
        // What is kept for the others is rounded down: of three places or fewer, one merchant may
        // hold all.
        max(1, capacity - capacity / 100 * (100 - percent) - capacity % 100 * (100 - percent) / 100)
    }
}
