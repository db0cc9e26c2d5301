import Journal
import NIOCore
import Payments
import ShardCore
import ShardRecords
import ShardState

extension ShardHost {
    /// Reads a page of a merchant's ledger from the journal, off the loop, renders it there, and
    /// sends it.
    func answerEntries(_ request: Request, _ read: LedgerRead) {
        let journal = self.journal
        let renderer = core.renderer
        readOffLoop(.ledger, answering: request) { () throws(JournalError) in
            var cache = JournalReadCache()
            let page = try LedgerPage(read) { position throws(JournalError) in
                try journal.read(at: position, cache: &cache)
            }
            var body = ByteBuffer()
            renderer.renderEntries(page, into: &body)
            return (status: 200, isReplay: false, body)
        }
    }

    /// Finds a merchant's balance at a moment of the past, off the loop, renders it there, and
    /// sends it.
    func answerPastBalance(_ request: Request, _ read: PastBalance) {
        let requestID = request.id
        let journal = self.journal
        let renderer = core.renderer
        readOffLoop(.ledger, answering: request) { () throws(JournalError) in
            var cache = JournalReadCache()
            let lines = try read.lines { position throws(JournalError) in
                try journal.read(at: position, cache: &cache)
            }
            var body = ByteBuffer()
            guard let lines else {
                renderer.renderRefusal(.momentUnknown, payment: nil, details: Span(), requestID: requestID, into: &body)
                return (status: Refusal.momentUnknown.httpStatus, isReplay: false, body)
            }
            renderer.renderBalance(BalanceView(lines, asOf: read.time), into: &body)
            return (status: 200, isReplay: false, body)
        }
    }
}
