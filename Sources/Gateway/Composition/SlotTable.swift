/// Where each shard is in this process: at which event loop, and in which of its slots. Fixed when
/// the process starts; who owns the shard changes in its slot.
struct SlotTable: Sendable {
    struct Place: Sendable, Equatable {
        var loop: Int
        var slot: Int
    }

    /// By shard.
    private let places: [Place]
    let shardCount: UInt16
    let loopCount: Int

    /// Spreads the shards evenly over the loops.
    init(shards: Int, loops: Int) {
        precondition(shards > 0 && loops > 0 && shards <= Int(UInt16.max))
        shardCount = UInt16(shards)
        loopCount = loops
        var used = [Int](repeating: 0, count: loops)
        var places: [Place] = []
        for shard in 0..<shards {
            let loop = shard % loops
            places.append(Place(loop: loop, slot: used[loop]))
            used[loop] += 1
        }
        self.places = places
    }

    func place(of shard: UInt16) -> Place { places[Int(shard)] }

    /// The shards of a loop, by slot.
    func shards(of loop: Int) -> [Int] { places.indices.filter { places[$0].loop == loop } }
}
