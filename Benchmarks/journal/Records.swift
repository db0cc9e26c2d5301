import API
import Money
import Payments
import ShardCore
import ShardRecords
import ShardState
import Time

/// Real records, as a shard makes them for a card sale that succeeds: one of kind 1, one of kind 3
/// with the stored answer.
struct SampleRecords: ~Copyable {
    private var core: ShardCore
    private var output = Turn()
    private var number: UInt64 = 0
    private let now: Timestamp = 1_790_000_000_000
    private let details: PaymentDetails

    init(capacity: Int) {
        core = ShardCore(configuration: Self.configuration(capacity: capacity), renderer: Self.renderer)
        _ = core.resume(at: now)
        var details = PaymentDetails()
        details.append(.paymentMethod, "pm_card_visa_4242")
        details.append(.reference, "order-1234567890")
        details.append(.description, "two tickets, row 7")
        self.details = details
    }

    private static var renderer: RendererV1 {
        RendererV1(cursorKey: LedgerCursorKey(seed: []), connectors: ConnectorRegistry("psp"))
    }

    /// Without balance marks, which would come between: two records a payment are what is measured.
    static func configuration(capacity: Int) -> ShardConfiguration {
        ShardConfiguration(
            shard: 1,
            connectors: ConnectorTable(ConnectorRegistry("psp")),
            idempotencyCapacity: capacity,
            paymentCapacity: capacity,
            operationCapacity: 1_024,
            recordsPerMark: .max
        )
    }

    static func emptyShard(capacity: Int) -> ShardCore {
        ShardCore(configuration: configuration(capacity: capacity), renderer: Self.renderer)
    }

    /// Appends one payment's two records to `created` and `finished`, each with its length in
    /// front.
    mutating func next(created: inout [UInt8], finished: inout [UInt8]) {
        number += 1
        core.handle(command(), at: now.adding(milliseconds: Int64(number / 10)), into: &output)
        created.append(contentsOf: output.records)
        guard case .callProvider(_, let token, _)? = output.takeEffect()?.effect else {
            preconditionFailure("the shard does not call the PSP")
        }
        output.removeAll()
        let success = ProviderSuccess(providerReference: "ch_\(number)", amountMinor: 1_250, currency: Self.euro)
        core.handle(.succeeded(success), of: token, at: now.adding(milliseconds: Int64(number / 10) + 1), into: &output)
        precondition(output.recordCount == 1)
        finished.append(contentsOf: output.records)
        output.removeAll()
    }

    private func command() -> Command {
        let payment = CreatePayment(
            amountMinor: 1_250,
            currency: Self.euro,
            capturesAutomatically: true,
            feeBasisPoints: 290,
            route: RoutePlan(.first),
            paymentMethod: "pm_card_visa_4242",
            details: details
        )
        return Command(
            kind: .create(payment),
            merchant: MerchantID(rawValue: 7),
            requestID: RequestID(high: 1, low: number),
            // As spread as a digest is.
            key: KeyDigest(high: number &* 0x9E37_79B9_7F4A_7C15, low: number &* 0xD1B5_4A32_D192_ED03),
            fingerprint: Fingerprint(high: 1, low: number),
            reply: ReplyToken(loop: 0, connection: 0, generation: 0, stream: UInt32(truncatingIfNeeded: number))
        )
    }

    private static let euro: Currency = {
        guard let euro = Currency(numericCode: 978) else { preconditionFailure("no euro") }
        return euro
    }()
}
