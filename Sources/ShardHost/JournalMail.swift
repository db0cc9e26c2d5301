import Journal
package import NIOCore
import Synchronization

/// What journals report to the shards of one event loop. The writer of a log reports to all its
/// shards after a flush. The reports of a flush take one task of the loop, not one for each shard.
package final class JournalMail: Sendable {
    enum Report: Sendable {
        case durable(RecordPosition)
        case failed(JournalError)
        case lost(JournalError)
    }

    private struct Box {
        var letters: [Letter] = []
        /// The memory of earlier letters, used again.
        var spare: [Letter] = []
    }

    private struct Letter: Sendable {
        let bridge: JournalBridge
        let report: Report
    }

    package let eventLoop: any EventLoop
    private let box = Mutex(Box())

    package init(eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    /// Reports of one bridge are delivered in the order of the calls. Called by any thread.
    func post(_ report: Report, to bridge: JournalBridge) {
        let isFirst = box.withLock { box in
            box.letters.append(Letter(bridge: bridge, report: report))
            return box.letters.count == 1
        }
        if isFirst { eventLoop.execute { self.deliver() } }
    }

    /// The loop ends: reports that were not delivered are dropped, and their bridges are released.
    package func forget() {
        let letters = box.withLock { box in
            defer { box = Box() }
            return box.letters
        }
        withExtendedLifetime(letters) {}
    }

    private func deliver() {
        var letters = box.withLock { box in
            var letters: [Letter] = []
            swap(&letters, &box.letters)
            swap(&box.letters, &box.spare)
            return letters
        }
        for letter in letters { letter.bridge.deliver(letter.report) }
        letters.removeAll(keepingCapacity: true)
        let empty = letters
        box.withLock { $0.spare = empty }
    }
}
