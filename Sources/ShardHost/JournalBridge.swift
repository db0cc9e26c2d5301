package import Journal
package import NIOCore

/// Brings a journal's reports, which come on its own thread, to the event loop of the shard that owns it.
package final class JournalBridge: JournalOwner {
    private let eventLoop: any EventLoop
    private let host: NIOLoopBoundBox<ShardHost?>

    /// Must be made on `eventLoop`.
    package init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        self.host = NIOLoopBoundBox(nil, eventLoop: eventLoop)
    }

    /// Reports go to `host` from now on. A journal that was just opened has reported nothing yet.
    package func bind(_ host: ShardHost) {
        self.host.value = host
    }

    package func journalDurable(upTo position: RecordPosition) {
        eventLoop.execute { self.host.value?.durable(upTo: position) }
    }

    package func journalFailed(_ error: JournalError) {
        eventLoop.execute { self.host.value?.failed(error) }
    }
}
