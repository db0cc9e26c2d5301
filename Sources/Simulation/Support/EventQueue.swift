/// What is to happen when, in virtual microseconds. Events of the same time come in the order in which they were scheduled.
struct EventQueue {
    private struct Entry {
        var time: Int64
        var number: UInt64
        var event: Event

        func isBefore(_ other: Entry) -> Bool {
            time != other.time ? time < other.time : number < other.number
        }
    }

    private var heap: [Entry] = []
    private var nextNumber: UInt64 = 0

    var isEmpty: Bool { heap.isEmpty }

    mutating func schedule(_ event: Event, at time: Int64) {
        heap.append(Entry(time: time, number: nextNumber, event: event))
        nextNumber += 1
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].isBefore(heap[parent]) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    mutating func next() -> (time: Int64, event: Event)? {
        guard let first = heap.first else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            sink()
        }
        return (first.time, first.event)
    }

    private mutating func sink() {
        var parent = 0
        while true {
            var child = 2 * parent + 1
            guard child < heap.count else { return }
            if child + 1 < heap.count, heap[child + 1].isBefore(heap[child]) { child += 1 }
            guard heap[child].isBefore(heap[parent]) else { return }
            heap.swapAt(child, parent)
            parent = child
        }
    }
}

/// Something that happens at a time. Numbers name entries of the world's tables; a boot number makes events of a process that
/// is gone void.
enum Event {
    /// A shopper comes.
    case intent
    /// A shopper has passed or failed what the PSP asked for.
    case shopper(intent: Int, succeeds: Bool)
    /// The PSP reports what it did for a shopper.
    case truth(intent: Int)
    /// The scorer has answered, or its time is over.
    case scored(boot: Int, token: UInt64, Int)
    /// A merchant sends a request (again).
    case send(request: Int)
    case attemptArrives(Int)
    case inbox(boot: Int)
    case answerArrives(Int)
    case clientTimeout(Int)
    case callArrives(Int)
    case callResult(call: Int, result: Int)
    case callDeadline(Int)
    case writer(boot: Int)
    case keeper(boot: Int)
    case tick(boot: Int)
    case reads(boot: Int)
    case archiver(boot: Int)
    case snapshot(boot: Int)
    case reported(boot: Int, Int)
    case start
    case up(boot: Int)
    case crash(boot: Int)
    /// A process that was asked to end has closed its journal.
    case closed(boot: Int)
    case lastingFaults
    /// The end of the faults.
    case calm
}
