import Journal
import NIOCore

/// Brings the journal's reports to the loop, as the gateway's bridge does.
final class PacedOwner: JournalOwner {
    private let eventLoop: any EventLoop
    private let run: NIOLoopBoundBox<PacedRun?>

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        run = NIOLoopBoundBox(nil, eventLoop: eventLoop)
    }

    func bind(_ run: PacedRun?) { self.run.value = run }

    func journalDurable(upTo position: RecordPosition) {
        eventLoop.execute { self.run.value?.durable(upTo: position) }
    }

    func journalFailed(_ error: JournalError) { give(up: "the journal failed: \(error)") }
}

/// Payments at a fixed mean rate with random gaps: each appends its first record when it is due,
/// and its second when the first is durable (a PSP that answers at once). What comes due in one
/// tick of the loop is appended as one batch.
final class PacedRun {
    private struct Waiting {
        var position: RecordPosition
        /// When the payment was due.
        var due: UInt64
        var isLast: Bool
    }

    private let journal: LocalJournal
    private let eventLoop: any EventLoop
    private let rate: Double
    private let end: UInt64
    private let finished: EventLoopPromise<Void>
    private let created: [[UInt8]]
    private let completed: [[UInt8]]
    private var random: UInt64 = 42
    private var nextDue: UInt64
    private var position: RecordPosition
    private var waiting: [Waiting] = []
    private var head = 0
    private var batch: [UInt8] = []
    private(set) var payments = 0
    /// CPU of the loop inside `append`, in nanoseconds.
    private(set) var appendCPU: UInt64 = 0
    /// Milliseconds from the due time to the durability of the second record.
    private(set) var latencies: [Double] = []

    init(
        journal: LocalJournal,
        eventLoop: any EventLoop,
        rate: Double,
        seconds: Double,
        records: (created: [[UInt8]], completed: [[UInt8]]),
        finished: EventLoopPromise<Void>
    ) {
        self.journal = journal
        self.eventLoop = eventLoop
        self.rate = rate
        self.finished = finished
        (created, completed) = records
        nextDue = Clocks.now()
        end = nextDue + UInt64(seconds * 1e9)
        position = journal.lastPosition
        batch.reserveCapacity(1 << 20)
        latencies.reserveCapacity(Int(rate * seconds) + 1_000)
    }

    func start() { arrive() }

    /// Everything that is due by now, in one append.
    private func arrive() {
        let now = Clocks.now()
        var count = 0
        while nextDue <= now, nextDue < end {
            batch.append(contentsOf: created[payments % created.count])
            payments += 1
            count += 1
            waiting.append(Waiting(position: position + UInt64(count), due: nextDue, isLast: false))
            nextDue += gap()
        }
        append(count)
        guard nextDue < end else { return finishIfDone() }
        let delay = Int64(nextDue - min(nextDue, Clocks.now()))
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        eventLoop.scheduleTask(in: .nanoseconds(delay)) { bound.value.arrive() }
    }

    func durable(upTo durable: RecordPosition) {
        let now = Clocks.now()
        var count = 0
        while head < waiting.count, waiting[head].position <= durable {
            let entry = waiting[head]
            head += 1
            if entry.isLast {
                latencies.append(Double(now - entry.due) / 1e6)
                continue
            }
            batch.append(contentsOf: completed[head % completed.count])
            count += 1
            waiting.append(Waiting(position: position + UInt64(count), due: entry.due, isLast: true))
        }
        if head > 1 << 16 {
            waiting.removeFirst(head)
            head = 0
        }
        append(count)
        finishIfDone()
    }

    private func append(_ count: Int) {
        guard count > 0 else { return }
        let before = Clocks.threadCPU()
        do throws(JournalError) {
            try journal.append(records: batch, count: count, expecting: position, epoch: journal.epoch)
        } catch {
            give(up: "the disk does not keep up with \(rate)/s: \(error)")
        }
        appendCPU += Clocks.threadCPU() - before
        position += UInt64(count)
        batch.removeAll(keepingCapacity: true)
    }

    private func finishIfDone() {
        if nextDue >= end, head == waiting.count { finished.succeed() }
    }

    /// Exponential gaps, as of independent merchants.
    private func gap() -> UInt64 {
        random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let uniform = (Double(random >> 11) + 0.5) / Double(1 << 53)
        return UInt64(-naturalLogarithm(uniform) / rate * 1e9)
    }
}
