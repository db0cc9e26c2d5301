package import Journal
package import Ledger
import Money
package import Payments
package import ShardRecords
package import Time

/// One transfer as the journal holds it, with what it belongs to: a row of the general ledger.
package struct LedgerEntry: Sendable {
    /// What an entry belongs to.
    package enum Subject: Sendable, Hashable, CustomStringConvertible {
        case payment(PaymentID)
        case payout(PayoutID)
        /// The conversion of a quote.
        case exchange(QuoteID)

        package var shard: UInt16 {
            switch self {
            case .payment(let id): id.shard
            case .payout(let id): id.shard
            case .exchange(let id): id.shard
            }
        }

        package var description: String {
            switch self {
            case .payment(let id): id.description
            case .payout(let id): id.description
            case .exchange(let id): id.description
            }
        }

        /// The name of its tag in an export.
        var tag: StaticString {
            switch self {
            case .payment: "payment"
            case .payout: "payout"
            case .exchange: "quote"
            }
        }
    }

    package var shard: UInt16
    /// The journal position of the record that booked it: with the shard, the entry's stable
    /// number.
    package var position: RecordPosition
    /// When it was booked.
    package var time: Timestamp
    /// What was booked for.
    package var subject: Subject
    /// What the payment service provider calls the operation; empty when it has not answered.
    package var providerReference: String
    package var transfer: Transfer

    package init(
        shard: UInt16,
        position: RecordPosition,
        time: Timestamp,
        subject: Subject,
        providerReference: String,
        transfer: Transfer
    ) {
        self.shard = shard
        self.position = position
        self.time = time
        self.subject = subject
        self.providerReference = providerReference
        self.transfer = transfer
    }

    /// The entries of a record, in the order in which they were booked.
    package static func of(_ record: ShardRecord, at position: RecordPosition) -> [LedgerEntry] {
        guard let (subject, transfers, reference) = booking(record) else { return [] }
        return [transfers.first, transfers.second].compactMap { $0 }.map { transfer in
            LedgerEntry(
                shard: subject.shard,
                position: position,
                time: record.time,
                subject: subject,
                providerReference: reference,
                transfer: transfer
            )
        }
    }

    private static func booking(_ record: ShardRecord) -> (Subject, Transfers, String)? {
        switch record {
        case .paymentCreated, .operationUnresolved, .operationAttempted, .walletOpened, .exchangeQuoted,
            .attemptEnded, .balanceMark, .riskDecided:
            nil
        case .operationStarted(let started): (.payment(started.payment), started.transfers, "")
        case .operationFinished(let finished):
            (.payment(finished.payment), finished.transfers, finished.providerReference)
        case .refundBounced(let bounced): (.payment(bounced.payment), bounced.transfers, "")
        case .paymentChanged(let changed): (.payment(changed.payment), changed.transfers, "")
        case .payoutChanged(let changed): (.payout(changed.id), changed.transfers, "")
        case .exchangeConverted(let converted): (.exchange(converted.id), converted.transfers, "")
        case .eventApplied(let event): (.payment(event.payment), event.transfers, event.reference)
        }
    }
}

extension Transfer {
    /// The postings in order.
    package var postings: [Posting] { (0..<count).map { self[$0] } }
}

extension PostingRule {
    /// What an accountant reads as the description of the entry.
    package var title: StaticString {
        switch self {
        case .hold: "authorization held"
        case .release: "authorization released"
        case .capture: "capture"
        case .refundRequested: "refund requested"
        case .refundConfirmed: "refund confirmed"
        case .refundFailed: "refund failed"
        case .refundBounced: "refund bounced"
        case .payoutRequested: "pay-out requested"
        case .payoutPaid: "pay-out paid"
        case .payoutFailed: "pay-out failed"
        case .payoutReturned: "pay-out returned"
        case .walletHeld: "wallet money held"
        case .walletReleased: "wallet money released"
        case .walletPaid: "payment from wallet"
        case .walletToppedUp: "wallet topped up"
        case .exchange: "currency exchange"
        case .sellersSettled: "sellers' shares settled"
        case .settlement: "settlement"
        case .captureReversed: "capture failed"
        case .chargeback: "chargeback"
        case .disputeReserved: "reserved for a dispute"
        case .disputeReserveReleased: "reserve released"
        case .chargebackWon: "chargeback won"
        case .unexplained: "unexplained provider money"
        case .reclassified: "explained provider money"
        case .writtenOff: "written off"
        }
    }
}

extension AccountClass {
    /// The root of the account's path in reports, as plain-text accounting names it; memo accounts
    /// name theirs themselves.
    var root: StaticString {
        switch self {
        case .asset: "assets:"
        case .liability: "liabilities:"
        case .income: "income:"
        case .expense: "expenses:"
        case .memo: ""
        }
    }
}

extension Account {
    /// The class, the name, and the owner where there is one: `assets:psp:receivable:1`,
    /// `liabilities:merchant:pending:8c0f...`.
    /// - Parameter merchants: names of merchants by identifier. An unknown merchant is shown as 16
    ///   hexadecimal digits.
    package func path(merchants: [UInt64: String] = [:]) -> String {
        let name = "\(kind.accountClass.root)\(kind.name)"
        switch kind.owner {
        case .none: return name
        case .provider, .bank: return "\(name):\(owner)"
        case .seller: return "\(name):\(Self.hexadecimal(owner))"
        case .merchant: return "\(name):\(merchants[owner] ?? Self.hexadecimal(owner))"
        case .wallet: return "\(name):\(Self.hexadecimal(owner))"
        }
    }

    private static func hexadecimal(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
