package import Journal
package import Payments
package import Time

/// The actor that caused a record.
package struct RecordActor: Sendable, Equatable {
    /// The raw value is journaled.
    package enum Kind: UInt8, Sendable, CaseIterable {
        /// The gateway itself: time, retries, the fraud hook.
        case gateway = 1
        /// A merchant's request.
        case merchant = 2
        /// An operator's request.
        case `operator` = 3
        /// A provider's answer to a call.
        case provider = 4
    }

    package var kind: Kind
    /// The first 8 bytes of the credential's SHA-256 for merchants and operators, the connector's
    /// number for providers; 0 for the gateway.
    package var identity: UInt64

    package init(_ kind: Kind, identity: UInt64 = 0) {
        self.kind = kind
        self.identity = identity
    }

    package static let gateway = RecordActor(.gateway)
}

/// What every record begins with, so that a reader without state can follow a journal. 64 bytes
/// (docs/records.md).
package struct RecordHeader: Sendable, Equatable {
    package static let byteCount = 64
    /// The version of the layouts of all records.
    package static let version: UInt8 = 1

    /// The two halves of the identifier of a payment, pay-out, wallet or quote; zeros where a
    /// record is about none.
    package struct Subject: Sendable, Equatable {
        package var high: UInt64
        package var low: UInt64

        package init(high: UInt64, low: UInt64) {
            self.high = high
            self.low = low
        }

        package static let none = Subject(high: 0, low: 0)
    }

    package var kind: ShardRecord.Kind
    /// The payment's status after the record; nil for a record that is about no payment.
    package var status: PaymentStatus?
    package var actor: RecordActor
    /// Counts the payment's records from 1; 0 for a record that is about no payment.
    package var paymentVersion: UInt32
    /// When it was decided.
    package var time: Timestamp
    package var merchant: MerchantID
    /// What the record is about.
    package var subject: Subject
    /// The position of the subject's record before this one; 0 for its first.
    package var previous: RecordPosition
    /// The configuration that the shard ran with (`ShardConfiguration.version`).
    package var configurationVersion: UInt32

    package init(
        kind: ShardRecord.Kind,
        status: PaymentStatus?,
        actor: RecordActor,
        paymentVersion: UInt32,
        time: Timestamp,
        merchant: MerchantID,
        subject: Subject,
        previous: RecordPosition,
        configurationVersion: UInt32
    ) {
        self.kind = kind
        self.status = status
        self.actor = actor
        self.paymentVersion = paymentVersion
        self.time = time
        self.merchant = merchant
        self.subject = subject
        self.previous = previous
        self.configurationVersion = configurationVersion
    }

    /// The header of a record with these facts.
    package init(
        _ facts: RecordFacts,
        merchant: MerchantID,
        status: PaymentStatus? = nil,
        paymentVersion: UInt32 = 0,
        actor: RecordActor = .gateway,
        configurationVersion: UInt32 = 1
    ) {
        self.init(
            kind: facts.kind,
            status: status,
            actor: actor,
            paymentVersion: paymentVersion,
            time: facts.time,
            merchant: merchant,
            subject: facts.subject,
            previous: facts.previous,
            configurationVersion: configurationVersion
        )
    }

    /// The payment that the record is about, of a kind that is about one.
    package var payment: PaymentID { PaymentID(high: subject.high, low: subject.low) }

    func encode(into bytes: inout [UInt8]) {
        let kinds = UInt64(kind.rawValue) | UInt64(Self.version) << 8 | UInt64(status?.rawValue ?? 0) << 16
        let words: InlineArray<8, UInt64> = [
            (kinds | UInt64(actor.kind.rawValue) << 24 | UInt64(paymentVersion) << 32).littleEndian,
            UInt64(bitPattern: time.milliseconds).littleEndian,
            merchant.rawValue.littleEndian,
            subject.high.littleEndian,
            subject.low.littleEndian,
            actor.identity.littleEndian,
            previous.littleEndian,
            UInt64(configurationVersion).littleEndian,
        ]
        Swift.withUnsafeBytes(of: words) { bytes.append(contentsOf: $0) }
    }
}

extension RecordReader {
    /// Reads what every record begins with, and the link at its end.
    package mutating func header(_ bytes: Span<UInt8>) throws(RecordDecodingError) -> RecordHeader {
        let rawKind = try integer(UInt8.self, bytes)
        guard let kind = ShardRecord.Kind(rawValue: rawKind) else { throw .unknownKind(rawKind) }
        let version = try integer(UInt8.self, bytes)
        guard version == RecordHeader.version else { throw .unsupportedVersion(version) }
        guard bytes.count >= RecordHeader.byteCount + ShardRecord.trailerBytes else { throw .truncated }
        let rawStatus = try integer(UInt8.self, bytes)
        let status = PaymentStatus(rawValue: rawStatus)
        let actorKind = RecordActor.Kind(rawValue: try integer(UInt8.self, bytes))
        let paymentVersion = try integer(UInt32.self, bytes)
        let time = Timestamp(milliseconds: try integer(Int64.self, bytes))
        let merchant = MerchantID(rawValue: try integer(UInt64.self, bytes))
        let subject = RecordHeader.Subject(
            high: try integer(UInt64.self, bytes),
            low: try integer(UInt64.self, bytes)
        )
        let identity = try integer(UInt64.self, bytes)
        let previous = try integer(UInt64.self, bytes)
        let configurationVersion = try integer(UInt32.self, bytes)
        guard try integer(UInt32.self, bytes) == 0, let actorKind, (status == nil) == (rawStatus == 0),
            (status != nil) == kind.isAboutPayment, (paymentVersion != 0) == kind.isAboutPayment
        else { throw .invalidValue }
        var trailer = RecordReader(offset: bytes.count - ShardRecord.trailerBytes)
        entryLink = try trailer.integer(UInt64.self, bytes)
        return RecordHeader(
            kind: kind,
            status: status,
            actor: RecordActor(actorKind, identity: identity),
            paymentVersion: paymentVersion,
            time: time,
            merchant: merchant,
            subject: subject,
            previous: previous,
            configurationVersion: configurationVersion
        )
    }
}

extension ShardRecord.Kind {
    /// Whether records of the kind are about a payment.
    package var isAboutPayment: Bool {
        switch self {
        case .paymentCreated, .operationStarted, .operationFinished, .operationUnresolved, .refundBounced,
            .operationAttempted, .attemptEnded, .paymentChanged, .riskDecided, .eventApplied:
            true
        case .payoutChanged, .walletOpened, .exchangeQuoted, .exchangeConverted, .balanceMark: false
        }
    }
}
