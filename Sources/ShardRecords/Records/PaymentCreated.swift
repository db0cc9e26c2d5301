package import Money
package import Payments
package import Time

package struct PaymentCreated: Sendable {
    package var id: PaymentID
    package var merchant: MerchantID
    package var amountMinor: Int64
    package var currency: Currency
    package var feeBasisPoints: UInt16
    package var capturesAutomatically: Bool
    /// The connectors that the authorization may try, as it was decided at admission.
    package var route: RoutePlan
    package var flags: PaymentFlags = []
    /// See `Payment.overCaptureBasisPoints`.
    package var overCaptureBasisPoints: UInt16 = 0
    package var traits: PaymentTraits = []
    package var key: RequestKey
    package var details: [UInt8]
    package var time: Timestamp

    @inline(__always)
    package init(
        id: PaymentID,
        merchant: MerchantID,
        amountMinor: Int64,
        currency: Currency,
        feeBasisPoints: UInt16,
        capturesAutomatically: Bool,
        route: RoutePlan,
        flags: PaymentFlags = [],
        overCaptureBasisPoints: UInt16 = 0,
        traits: PaymentTraits = [],
        key: RequestKey,
        details: [UInt8],
        time: Timestamp
    ) {
        self.id = id
        self.merchant = merchant
        self.amountMinor = amountMinor
        self.currency = currency
        self.feeBasisPoints = feeBasisPoints
        self.capturesAutomatically = capturesAutomatically
        self.route = route
        self.flags = flags
        self.overCaptureBasisPoints = overCaptureBasisPoints
        self.traits = traits
        self.key = key
        self.details = details
        self.time = time
    }
}

extension PaymentCreated: RecordLayout {
    package static var kind: ShardRecord.Kind { .paymentCreated }

    // In line, so that a writer makes no copy of the record.
    @inline(__always)
    package static func fields<Codec: RecordCodec>(of record: Self?, _ codec: inout Codec) throws(Codec.Failure) -> Self
    {
        Self(
            id: codec.header.payment,
            merchant: codec.header.merchant,
            amountMinor: try codec.field("amount", record?.amountMinor),
            currency: try codec.field("currency", record?.currency),
            feeBasisPoints: try codec.field("fee", record?.feeBasisPoints),
            capturesAutomatically: try codec.field("captures automatically", record?.capturesAutomatically),
            route: try codec.field("route", record?.route),
            flags: try codec.field("flags", record?.flags),
            overCaptureBasisPoints: try codec.field("over-capture limit", record?.overCaptureBasisPoints),
            traits: try codec.field("traits", record?.traits),
            key: try codec.field("key", record?.key),
            details: try codec.bytes("details", record?.details),
            time: codec.header.time
        )
    }

    package var isConsistent: Bool {
        amountMinor > 0 && feeBasisPoints <= BasisPoints.whole && overCaptureBasisPoints <= BasisPoints.whole
    }
}
