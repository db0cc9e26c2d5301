package import Journal
import NIOCore

/// Brings a journal's reports, which come on its own thread, to the event loop of the shard that
/// owns it. One for each acquisition of the journal.
package final class JournalBridge: JournalOwner {
    private struct State {
        var host: ShardHost?
        /// Reports that came before there was a host: an owner may lose its journal before it has
        /// begun.
        var early: [JournalMail.Report] = []
    }

    private let mail: JournalMail
    private let state: NIOLoopBoundBox<State>

    /// Must be made on the mail's event loop.
    package init(_ mail: JournalMail) {
        self.mail = mail
        self.state = NIOLoopBoundBox(State(), eventLoop: mail.eventLoop)
    }

    /// Reports go to `host` from now on, those that came before included.
    package func bind(_ host: ShardHost) {
        state.value.host = host
        let early = state.value.early
        state.value.early = []
        for report in early { Self.deliver(report, to: host) }
    }

    package func journalDurable(upTo position: RecordPosition) { mail.post(.durable(position), to: self) }

    package func journalFailed(_ error: JournalError) { mail.post(.failed(error), to: self) }

    package func journalLost(_ error: JournalError) { mail.post(.lost(error), to: self) }

    /// On the mail's event loop.
    func deliver(_ report: JournalMail.Report) {
        guard let host = state.value.host else { return state.value.early.append(report) }
        Self.deliver(report, to: host)
    }

    private static func deliver(_ report: JournalMail.Report, to host: ShardHost) {
        switch report {
        case .durable(let position): host.durable(upTo: position)
        case .failed(let error): host.failed(error)
        case .lost(let error): host.lost(error)
        }
    }
}
