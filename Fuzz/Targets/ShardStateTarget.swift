import API
import Journal
import Ledger
import Money
import NIOCore
import Payments
import Time

@testable import ShardCore
@testable import ShardRecords
@testable import ShardState

extension FuzzTarget {
    /// A shard's state as a snapshot holds it, after its checksums were found right: a new shard
    /// takes it in or refuses. A state taken in whole can be captured, summed and digested.
    static let shardState = FuzzTarget(name: "shard-state", maximumBytes: 512) { input in
        var program = FuzzInput(input)
        var sections = ShardStateSeed.sections
        for _ in 0..<32 where !program.isEmpty { ShardStateSeed.damage(&sections, &program) }
        // Numbers given out take a little memory each: not worth the fuzzer's time, and bounded by
        // the decoder.
        guard sections.allSatisfy({ !ShardStateSeed.isHuge($0) }) else { return }
        var core = ShardStateSeed.empty()
        var progress = SnapshotProgress()
        for section in sections where !ShardStateSeed.take(section, into: &core, progress: &progress) { return }
        guard progress.isComplete else { return }
        do throws(RecordDecodingError) { try core.restored(upTo: 100) } catch { return }
        _ = core.trialBalance()
        let capture = core.capture(unchangedSince: 0)
        _ = core.stateDigest()
        precondition(capture.paymentCount >= capture.warmPaymentCount)
    }
}

/// The sections of a small shard: a captured payment with a refund, one that sellers have parts of,
/// one in flight; a wallet that was filled and has paid, pay-outs of the merchant and of a seller,
/// quotes.
enum ShardStateSeed {
    struct Section {
        var kind: SnapshotSection
        var bytes: [UInt8]
    }

    static let now: Timestamp = 1_790_000_000_000

    static func empty() -> ShardCore {
        let configuration = ShardConfiguration(
            shard: 3,
            connectors: ConnectorTable(ConnectorRegistry("psp")),
            idempotencyCapacity: 64,
            paymentCapacity: 1_024,
            operationCapacity: 16
        )
        return ShardCore(
            configuration: configuration,
            renderer: RendererV1(cursorKey: LedgerCursorKey(seed: []), connectors: ConnectorRegistry("psp"))
        )
    }

    static let sections = whole.sections
    /// What the shard wrote of it.
    static let records = whole.records

    private static let whole: (sections: [Section], records: [[UInt8]]) = {
        var core = empty()
        var records: [[UInt8]] = []
        _ = core.resume(at: now)
        var output = Turn()
        var payments: [PaymentID] = []
        for number in 1...3 {
            core.handle(command(.create(payment), UInt64(number)), at: now, into: &output)
            guard case .callProvider(let call, let token, _)? = output.takeLastEffect() else { continue }
            payments.append(call.payment)
            output.clear(keeping: &records)
            guard number < 3, let euro = Currency(numericCode: 978) else { continue }
            let success = ProviderSuccess(providerReference: "ch_\(number)", amountMinor: 1_250, currency: euro)
            core.handle(.succeeded(success), of: token, at: now.adding(milliseconds: 1), into: &output)
            output.clear(keeping: &records)
        }
        core.handle(
            command(.payment(payments[0], .refund(amountMinor: 250)), 9),
            at: now.adding(milliseconds: 2),
            into: &output
        )
        output.clear(keeping: &records)
        addTreasury(to: &core, settling: payments[1], &records)
        let capture = core.capture(unchangedSince: 0)
        let treasury = TreasuryTable.allCases.map { section($0, of: capture) }
        let sections =
            [state(capture), accounts(capture), chains(capture), counts(capture)] + treasury
            + [warm(capture), running(capture)]
        return (sections, records)
    }()

    /// Whether a new shard takes in the sections as they are.
    static var isWhole: Bool {
        var core = empty()
        var progress = SnapshotProgress()
        return sections.allSatisfy { take($0, into: &core, progress: &progress) } && progress.isComplete
    }

    static let payment: CreatePayment = {
        var details = PaymentDetails()
        details.append(.paymentMethod, "pm_1")
        guard let euro = Currency(numericCode: 978) else { preconditionFailure("no euro") }
        return CreatePayment(
            amountMinor: 1_250,
            currency: euro,
            capturesAutomatically: true,
            feeBasisPoints: 290,
            route: RoutePlan(.first),
            paymentMethod: "pm_1",
            details: details
        )
    }()

    static func command(_ kind: Command.Kind, _ number: UInt64) -> Command {
        Command(
            kind: kind,
            merchant: MerchantID(rawValue: 7),
            requestID: RequestID(high: 1, low: number),
            key: KeyDigest(high: 7, low: number),
            fingerprint: Fingerprint(high: 0, low: number),
            reply: ReplyToken(loop: 0, connection: 0, generation: 0, stream: UInt32(number))
        )
    }

    private static func state(_ capture: ShardCapture) -> Section {
        var bytes: [UInt8] = []
        SnapshotState(capture, warmPaymentCount: capture.warmPaymentCount, keysCovered: 0).store(into: &bytes)
        return Section(kind: .state, bytes: bytes)
    }

    private static func accounts(_ capture: ShardCapture) -> Section {
        var bytes: [UInt8] = []
        capture.ledger.forEachAccount { account, totals in StoredAccount.store(account, totals, into: &bytes) }
        return Section(kind: .accounts, bytes: bytes)
    }

    private static func chains(_ capture: ShardCapture) -> Section {
        var bytes: [UInt8] = []
        for chain in capture.ledger.allChains { chain.store(into: &bytes) }
        return Section(kind: .entryChains, bytes: bytes)
    }

    private static func counts(_ capture: ShardCapture) -> Section {
        var bytes: [UInt8] = []
        TreasuryCounts(capture.treasury).store(into: &bytes)
        return Section(kind: .treasury, bytes: bytes)
    }

    /// One table of the treasury. Nothing leaves.
    private static func section(_ table: TreasuryTable, of capture: ShardCapture) -> Section {
        var bytes: [UInt8] = []
        let plan = ReleasePlan(position: capture.position, unchangedSince: 0, endIndex: 0)
        capture.treasury.forEachStored(table, besides: plan) { store in store(&bytes) }
        return Section(kind: table.section, bytes: bytes)
    }

    private static func warm(_ capture: ShardCapture) -> Section {
        var bytes: [UInt8] = []
        for number in 0..<capture.payments.count {
            let size = capture.payments.entrySize(of: Index(number))
            var entry = [UInt8](repeating: 0, count: size.bytes)
            entry.withUnsafeMutableBytes { capture.payments.storeEntry(of: Index(number), size, into: $0) }
            bytes += entry
        }
        return Section(kind: .payments, bytes: bytes)
    }

    private static func running(_ capture: ShardCapture) -> Section {
        var bytes: [UInt8] = []
        for operation in capture.operations { operation.store(into: &bytes) }
        return Section(kind: .operations, bytes: bytes)
    }

    /// False when the shard refuses it.
    static func take(_ section: Section, into core: inout ShardCore, progress: inout SnapshotProgress) -> Bool {
        let bytes = section.bytes
        return bytes.withUnsafeBytes { bytes in
            do throws(RecordDecodingError) {
                try core.restore(section.kind, from: bytes, progress: &progress)
                return true
            } catch {
                return false
            }
        }
    }

    static func isHuge(_ section: Section) -> Bool {
        var reader = RecordReader()
        if section.kind == .treasury, let counts = try? TreasuryCounts(&reader, section.bytes.span) {
            return [counts.payouts, counts.wallets, counts.quotes, counts.sellers].contains { $0.ever > 1 << 22 }
        }
        guard section.kind == .state, let state = try? SnapshotState(&reader, section.bytes.span) else { return false }
        return state.paymentCount > 1 << 22 || state.refundCount > 1 << 22
    }

    static func damage(_ sections: inout [Section], _ input: inout FuzzInput) {
        let operation = input.byte() % 6
        guard !sections.isEmpty else { return }
        let index = Int(input.byte()) % sections.count
        let offset = input.word()
        switch operation {
        case 0, 1:
            let (width, value) = (1 << (Int(input.byte()) % 4), input.edge())
            for byte in 0..<width where offset + byte < sections[index].bytes.count {
                sections[index].bytes[offset + byte] = UInt8(truncatingIfNeeded: value >> UInt64(8 * byte))
            }
        case 2: sections[index].bytes = Array(sections[index].bytes.prefix(offset))
        case 3: sections.swapAt(index, Int(offset) % sections.count)
        case 4: if sections.count < 16 { sections.append(sections[index]) }
        default: sections[index].kind = SnapshotSection(rawValue: UInt16(offset % 21 + 1)) ?? .state
        }
    }
}
