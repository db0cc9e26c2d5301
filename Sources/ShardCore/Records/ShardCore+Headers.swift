package import Journal
import Payments
import ShardRecords
import ShardState
package import Time

extension ShardCore {
    /// The position of the last record made (durable or not).
    package var lastPosition: RecordPosition { recordContext.lastPosition }

    /// The position that the next record will have.
    var nextPosition: RecordPosition { recordContext.nextPosition }

    /// The latest time that a record holds.
    package var lastRecordTime: Timestamp { recordContext.lastTime }

    /// The version of the configuration that decides now: `configuration.version`, until a reload
    /// of the fraud rules raises it. Records name it.
    package var configurationVersion: UInt32 { recordContext.configurationVersion }
}

// The headers of records: made from the state that a record leaves, and compared with it on replay.
extension ShardCore {
    /// The header of a record that was just applied.
    func header(of facts: RecordFacts) -> RecordHeader {
        let (actor, version) = (recordContext.actor, recordContext.configurationVersion)
        guard let id = facts.payment else {
            guard let merchant = facts.merchant else { preconditionFailure("a record names a payment or a merchant") }
            return RecordHeader(facts, merchant: merchant, actor: actor, configurationVersion: version)
        }
        let index = Index<Payment>(id)
        return RecordHeader(
            facts,
            merchant: payments[index].merchant,
            status: payments[index].status,
            paymentVersion: payments.recordCount(of: index),
            actor: actor,
            configurationVersion: version
        )
    }

    /// Compares a replayed record's header with the payment that the record has left. They differ
    /// only if this program decides otherwise than the one that wrote the record.
    func check(_ header: RecordHeader, previous: RecordPosition) throws(RecordDecodingError) {
        guard header.kind.isAboutPayment else { return }
        let payment = payments[existingPayment(header.payment)]
        guard payments.recordCount(of: payment.index) == header.paymentVersion, payment.status == header.status,
            payment.merchant == header.merchant, previous == header.previous
        else { throw .invalidValue }
    }

    /// The newest record of the payment in memory that the header names; 0 for none.
    func newestRecord(_ header: RecordHeader) -> RecordPosition {
        let index = Index<Payment>(sequence: header.subject.low)
        guard header.kind.isAboutPayment, payments.contains(index) else { return 0 }
        return payments.lastRecord(of: index)
    }
}
