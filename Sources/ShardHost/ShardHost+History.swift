import Journal
import NIOCore
import Payments
import ShardCore
import ShardRecords
import ShardState

extension ShardHost {
    /// Reads a payment's history from the journal, off the loop, renders it there, and sends it.
    func answerHistory(_ request: Request, _ payment: PaymentID, newest: RecordPosition) {
        let journal = self.journal
        let renderer = core.renderer
        readOffLoop(.timeline, answering: request) { () throws(JournalError) in
            var cache = JournalReadCache()
            let history = try PaymentHistory(of: payment, newest: newest) { position throws(JournalError) in
                try journal.read(at: position, cache: &cache)
            }
            var body = ByteBuffer()
            renderer.renderHistory(history, of: payment, into: &body)
            return (status: 200, isReplay: false, body)
        }
    }
}
