package import Journal
package import NIOCore

/// Brings a journal's reports, which come on its own thread, to the event loop of the shard that owns it. One for each
/// acquisition of the journal.
package final class JournalBridge: JournalOwner {
    private struct State {
        var host: ShardHost?
        /// What came before there was a host: an owner may lose its journal before it has begun.
        var early: [Report] = []
    }

    private enum Report {
        case durable(RecordPosition)
        case failed(JournalError)
        case lost(JournalError)
    }

    private let eventLoop: any EventLoop
    private let state: NIOLoopBoundBox<State>

    /// Must be made on `eventLoop`.
    package init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        self.state = NIOLoopBoundBox(State(), eventLoop: eventLoop)
    }

    /// Reports go to `host` from now on, those that came before included.
    package func bind(_ host: ShardHost) {
        state.value.host = host
        let early = state.value.early
        state.value.early = []
        for report in early { Self.deliver(report, to: host) }
    }

    package func journalDurable(upTo position: RecordPosition) { report(.durable(position)) }

    package func journalFailed(_ error: JournalError) { report(.failed(error)) }

    package func journalLost(_ error: JournalError) { report(.lost(error)) }

    private func report(_ report: Report) {
        eventLoop.execute {
            guard let host = self.state.value.host else { return self.state.value.early.append(report) }
            Self.deliver(report, to: host)
        }
    }

    private static func deliver(_ report: Report, to host: ShardHost) {
        switch report {
        case .durable(let position): host.durable(upTo: position)
        case .failed(let error): host.failed(error)
        case .lost(let error): host.lost(error)
        }
    }
}
