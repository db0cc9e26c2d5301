import HeapModule

/// What is to happen when, in virtual microseconds. Events of the same time come in the order in
/// which they were scheduled.
struct EventQueue {
    private struct Entry: Comparable {
        var time: Int64
        var number: UInt64
        var event: Event

        static func < (left: Entry, right: Entry) -> Bool { (left.time, left.number) < (right.time, right.number) }

        /// Numbers are unique.
        static func == (left: Entry, right: Entry) -> Bool { left.number == right.number }
    }

    private var heap = Heap<Entry>()
    private var nextNumber: UInt64 = 0

    var isEmpty: Bool { heap.isEmpty }

    mutating func schedule(_ event: Event, at time: Int64) {
        heap.insert(Entry(time: time, number: nextNumber, event: event))
        nextNumber += 1
    }

    mutating func next() -> (time: Int64, event: Event)? {
        heap.popMin().map { ($0.time, $0.event) }
    }
}

/// Something that happens at a time. Numbers name entries of the world's tables; a boot number
/// makes events of a process that is gone void.
enum Event {
    /// A shopper comes.
    case intent
    /// A shopper has passed or failed what the PSP asked for.
    case shopper(intent: Int, succeeds: Bool)
    /// The PSP reports what it did for a shopper.
    case truth(intent: Int)
    /// The scorer has answered, or its time is over.
    case scored(owner: Int, token: UInt64, Int)
    /// A merchant sends a request (again).
    case send(request: Int)
    case attemptArrives(Int)
    case inbox(boot: Int)
    case answerArrives(Int)
    case clientTimeout(Int)
    case callArrives(Int)
    case callResult(call: Int, result: Int)
    case callDeadline(Int)
    case writer(boot: Int, log: Int)
    case keeper(boot: Int, log: Int)
    case tick(boot: Int)
    case reads(boot: Int, shard: Int)
    case archiver(boot: Int, log: Int)
    case snapshot(boot: Int, shard: Int)
    case reported(boot: Int, Int)
    /// Replicas do what blocks.
    case replicas(boot: Int, shard: Int)
    case handover(boot: Int, shard: Int)
    /// A host that was not there for a while goes on.
    case thaw(boot: Int, shard: Int, host: Int)
    case consume(boot: Int)
    /// A request of long ago is made again.
    case oldKey
    case start
    case up(boot: Int)
    case crash(boot: Int)
    /// A process that was asked to end has closed its journal.
    case closed(boot: Int)
    case lastingFaults
    /// The end of the faults.
    case calm
}
