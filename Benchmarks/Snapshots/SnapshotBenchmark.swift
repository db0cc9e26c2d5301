import Glibc
import Journal
import Ledger
import Money
import NIOCore
import Payments
import ShardCore
import ShardRecords
import ShardState
import ShardStorage
import Time

/// Measures what docs/capacity.md states: the pause of a snapshot, its size and time, a start from
/// it, replay, and memory with payments warm and cold. Usage: snapshot-benchmark DIRECTORY PAYMENTS
/// [REPLAYED-PAYMENTS]
@main
struct SnapshotBenchmark {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 3, let payments = Int(arguments[2]), payments >= 10_000 else {
            print("usage: snapshot-benchmark DIRECTORY PAYMENTS [REPLAYED-PAYMENTS]")
            exit(2)
        }
        let replayed = arguments.count > 3 ? Int(arguments[3]) ?? 0 : min(payments, 500_000)
        LargeMemory.returnWhenFreed()
        var run = try Run(directory: arguments[1], payments: payments)
        try run.warm()
        try run.start()
        try run.cold()
        try run.replay(replayed)
    }
}

/// What a payment of the measurement is: two records, details of a usual size, an answer of 600
/// bytes.
private struct Run: ~Copyable {
    let directory: String
    let payments: Int
    private let configuration: ShardConfiguration
    private var digest: UInt64 = 0

    init(directory: String, payments: Int) throws {
        self.directory = directory
        self.payments = payments
        configuration = ShardConfiguration(
            shard: 0,
            connectors: ConnectorTable(ConnectorRegistry("psp")),
            idempotencyCapacity: payments + payments / 10,
            paymentCapacity: payments * 2
        )
    }

    private func storage(_ name: String) -> ShardStorage {
        ShardStorage(directory: directory + "/" + name, journalID: 0)
    }

    private func newCore() -> ShardCore { ShardCore(configuration: configuration, renderer: FixedRenderer()) }

    // MARK: Replay

    /// A real journal of so many payments, replayed from its beginning.
    func replay(_ count: Int) throws {
        guard count > 0 else { return }
        let owner = SilentOwner()
        let journalDirectory = directory + "/journal"
        let settings = JournalConfiguration(journalID: 0, backlogBytes: 64 << 20)
        let (journal, _) = try LocalJournal.open(
            directory: journalDirectory,
            configuration: settings,
            owner: owner
        ) { _, _ in }
        var core = newCore()
        var output = Turn()
        for number in 0..<count {
            Self.pay(number, &core, in: &output)
            guard output.recordCount > 100 || number == count - 1 else { continue }
            let before = core.lastPosition - UInt64(output.recordCount)
            while true {
                do throws(JournalError) {
                    try journal.append(
                        records: output.records,
                        count: output.recordCount,
                        expecting: before,
                        epoch: journal.epoch
                    )
                    break
                } catch {
                    guard error.code == .backlog else { throw error }
                    usleep(2_000)
                }
            }
            output.removeAll()
        }
        journal.close()
        var second = newCore()
        let clock = Stopwatch()
        let (again, report) = try LocalJournal.open(
            directory: journalDirectory,
            configuration: settings,
            owner: owner
        ) { position, bytes in
            do { try second.replay(bytes, at: position) } catch { fatalError("\(error)") }
        }
        let time = clock.read()
        again.close()
        precondition(second.stateDigest() == core.stateDigest())
        Self.line("replay", "\(report.records) records, \(report.bytes >> 20) MiB, \(time.text)")
        Self.line(
            "",
            "\(Int(Double(report.records) / time.cpu)) records/s of CPU, \(Int(Double(report.records) / time.wall)) on the clock"
        )
    }

    // MARK: Warm

    mutating func warm() throws {
        let empty = residentBytes()
        var core = newCore()
        var output = Turn()
        let making = Stopwatch()
        for number in 0..<payments {
            Self.pay(number, &core, in: &output)
            output.removeAll()
        }
        Self.line("making", "\(payments) payments, \(making.read().text)")
        let warm = residentBytes()
        Self.line("warm", "\((warm - empty) >> 20) MiB, \((warm - empty) / payments) bytes a payment")
        let storage = storage("shard")
        _ = mkdir(directory + "/shard", 0o700)
        var fresh = newCore()
        _ = try storage.restore(into: &fresh)
        fresh = ShardCore(
            configuration: ShardConfiguration(
                shard: 0,
                connectors: ConnectorTable(ConnectorRegistry("psp")),
                idempotencyCapacity: 2
            ),
            renderer: FixedRenderer()
        )
        try measurePause(&core, storage)
        digest = core.stateDigest()
    }

    /// The pause of taking a snapshot, and of the first changes after it, while it is being held.
    private func measurePause(_ core: inout ShardCore, _ storage: ShardStorage) throws {
        var output = Turn()
        var clock = Stopwatch()
        var capture: ShardCapture? = core.capture(unchangedSince: .none)
        Self.line("pause", "taking: \(clock.microseconds) us")
        clock = Stopwatch()
        Self.pay(payments, &core, in: &output)
        Self.line("", "first payment after it: \(clock.microseconds) us")
        var touched: [Double] = []
        for place in stride(from: 100, to: payments, by: max(1, payments / 200)) {
            clock = Stopwatch()
            Self.refund(place, &core, in: &output)
            touched.append(clock.microseconds)
            output.removeAll()
        }
        touched.sort()
        let middle = touched[touched.count / 2]
        let high = touched[touched.count * 99 / 100]
        var again: [Double] = []
        for place in stride(from: 101, to: payments, by: max(1, payments / 200)) {
            clock = Stopwatch()
            Self.refund(place, &core, in: &output)
            again.append(clock.microseconds)
            output.removeAll()
        }
        again.sort()
        Self.line(
            "",
            "a refund in a chunk not yet copied: p50 \(middle), p99 \(high) us; copied: p50 \(again[again.count / 2]) us"
        )
        clock = Stopwatch()
        let written = try storage.write(capture.take()!, epoch: 1, wallMilliseconds: 0)
        let time = clock.read()
        Self.line("snapshot", "\(written.bytes >> 20) MiB, \(time.text), unpaced, written and read back")
        let second = core.capture(unchangedSince: .none)
        _ = try storage.write(second, epoch: 1, wallMilliseconds: 0)
    }

    // MARK: Start

    func start() throws {
        var core = newCore()
        let clock = Stopwatch()
        let report = try storage("shard").restore(into: &core)
        let time = clock.read()
        precondition(core.stateDigest() == digest, "the start found another state")
        Self.line("start", "\(report.payments) payments, \(report.keys) keys, \(report.bytes >> 20) MiB: \(time.text)")
    }

    // MARK: Cold

    func cold() throws {
        let storage = storage("shard")
        var core = newCore()
        _ = try storage.restore(into: &core)
        let before = residentBytes()
        var clock = Stopwatch()
        var rounds = 0
        var pauses: [Double] = []
        while core.warmPaymentCount > payments / 100, rounds < 40 {
            rounds += 1
            let written = try storage.write(core.capture(unchangedSince: .latest), epoch: 1, wallMilliseconds: 0)
            var plan = written.plan
            var isDone = false
            while !isDone {
                let pause = Stopwatch()
                isDone = core.release(&plan, limit: 16)
                pauses.append(pause.microseconds)
            }
        }
        pauses.sort()
        let time = clock.read()
        let after = residentBytes()
        Self.line("cold", "\(core.coldPaymentCount) payments in \(rounds) snapshots, \(time.text)")
        Self.line(
            "",
            "leaving memory: p50 \(pauses[pauses.count / 2]), p99 \(pauses[pauses.count * 99 / 100]), longest \(pauses[pauses.count - 1]) us for 8,192 payments or 1 MiB of details"
        )
        Self.line(
            "",
            "RSS \(before >> 20) to \(after >> 20) MiB; tables hold \(core.tableBytes >> 10) KiB, keys \((core.reservedBytes - core.tableBytes) >> 20) MiB"
        )
        Self.line("", "files: \(try directoryBytes() >> 20) MiB")
        clock = Stopwatch()
        let loads = 20_000
        for number in 0..<loads {
            _ = try storage.load(ColdItem(.payment, sequence: UInt64((number &* 7_919) % payments) + 1))
        }
        let load = clock.read()
        Self.line(
            "loads",
            "\(Int(load.wall * 1e6) / loads) us each, \(Int(load.cpu * 1e6) / loads) us of CPU, page cache warm"
        )
        precondition(payments > 1_000_000 || core.stateDigest { try? storage.load($0) } == digest)
    }

    private func directoryBytes() throws -> Int {
        var total = 0
        let files = PosixFileSystem()
        for folder in ["/shard/cold", "/shard/snapshots"] {
            for name in try files.list(directory: directory + folder) {
                total += Int(try files.open(directory + folder + "/" + name, .read).byteCount)
            }
        }
        return total
    }

    // MARK: Payments

    private static let epochTime: Timestamp = 1_790_000_000_000

    private static func command(_ kind: Command.Kind, _ key: UInt64) -> Command {
        let hash = key &* 0x9E37_79B9_7F4A_7C15
        return Command(
            kind: kind,
            merchant: MerchantID(rawValue: key % 1_000),
            requestID: RequestID(high: 1, low: key),
            key: KeyDigest(high: hash, low: hash ^ hash >> 29 &* 0xBF58_476D_1CE4_E5B9),
            fingerprint: Fingerprint(high: hash, low: key),
            reply: ReplyToken(loop: 0, connection: 0, generation: 0, stream: 1)
        )
    }

    static func pay(_ number: Int, _ core: inout ShardCore, in output: inout Turn) {
        var details = PaymentDetails()
        details.append(.paymentMethod, "tok_visa_4242")
        details.append(.reference, "order-1234567890")
        details.append(.description, "A usual description of goods")
        let kind = Command.Kind.create(
            CreatePayment(
                amountMinor: Int64(number % 100_000) + 1,
                currency: .eur,
                capturesAutomatically: true,
                feeBasisPoints: 250,
                route: RoutePlan(.first),
                paymentMethod: "tok_visa_4242",
                details: details
            )
        )
        finish(
            command(kind, UInt64(number)),
            amount: Int64(number % 100_000) + 1,
            number: number,
            by: &core,
            in: &output
        )
    }

    static func refund(_ place: Int, _ core: inout ShardCore, in output: inout Turn) {
        var id: PaymentID?
        _ = core.forEachPayment(from: place, count: 1) { view, _ in id = view.id }
        var command = command(.payment(id!, .refund(amountMinor: 1)), 1 << 40 | UInt64(place))
        command.merchant = MerchantID(rawValue: UInt64(place % 1_000))
        finish(command, amount: 1, number: place, by: &core, in: &output)
    }

    private static func finish(
        _ command: Command,
        amount: Int64,
        number: Int,
        by core: inout ShardCore,
        in output: inout Turn
    ) {
        let time = epochTime.adding(milliseconds: Int64(number / 100))
        core.handle(command, at: time, into: &output)
        var called: UInt64?
        while let pending = output.takeEffect() {
            if case .callProvider(_, let token, _) = pending.effect { called = token }
        }
        // A benchmark whose payments are refused measures nothing.
        guard let token = called else { fatalError("the payment was refused") }
        let success = ProviderSuccess(
            providerReference: "ch_1234567890abcdef",
            amountMinor: amount,
            currency: .eur
        )
        core.handle(.succeeded(success), of: token, at: time, into: &output)
        while output.takeEffect() != nil {}
    }

    static func line(_ name: String, _ text: String) {
        print(name + String(repeating: " ", count: max(1, 10 - name.count)) + text)
        fflush(nil)
    }
}

private final class SilentOwner: JournalOwner {
    func journalDurable(upTo position: RecordPosition) {}
    func journalFailed(_ error: JournalError) { fatalError("\(error)") }
}

private struct FixedRenderer: ResponseRenderer {
    private static let body = ByteBuffer(repeating: 120, count: 600)

    private func write(_ body: inout ByteBuffer) {
        var copy = Self.body
        body.writeBuffer(&copy)
    }

    func renderPayment(_ payment: PaymentView, details: Span<UInt8>, into body: inout ByteBuffer) { write(&body) }
    func renderDeclined(
        _ payment: PaymentView,
        details: Span<UInt8>,
        decline: Decline,
        requestID: RequestID,
        into body: inout ByteBuffer
    ) { write(&body) }
    func renderNotExecuted(
        _ payment: PaymentView,
        details: Span<UInt8>,
        reason: FailureReason,
        requestID: RequestID,
        into body: inout ByteBuffer
    ) { write(&body) }
    func renderDispute(_ dispute: DisputeView, into body: inout ByteBuffer) {}
    func renderDisputeRefused(
        _ refusal: Refusal,
        _ dispute: DisputeView,
        requestID: RequestID,
        into body: inout ByteBuffer
    ) {}
    func renderEvent(_ event: EventView, into body: inout ByteBuffer) {}
    func renderBalance(_ balance: BalanceView, into body: inout ByteBuffer) { write(&body) }
    func renderAccounts(_ accounts: AccountsView, into body: inout ByteBuffer) {}
    func renderEntries(_ page: LedgerPage, into body: inout ByteBuffer) {}
    func renderHistory(_ history: PaymentHistory, of payment: PaymentID, into body: inout ByteBuffer) { write(&body) }
    func renderRefund(_ refund: RefundView, into body: inout ByteBuffer) { write(&body) }
    func renderRefundFailed(
        _ refund: RefundView,
        reason: FailureReason?,
        requestID: RequestID,
        into body: inout ByteBuffer
    ) { write(&body) }
    func renderRefusal(
        _ refusal: Refusal,
        payment: PaymentView?,
        details: Span<UInt8>,
        requestID: RequestID,
        into body: inout ByteBuffer
    ) { write(&body) }
}

/// Wall clock and CPU of the process since it was made.
struct Stopwatch {
    private let wallStart = Self.seconds(CLOCK_MONOTONIC)
    private let cpuStart = Self.seconds(CLOCK_PROCESS_CPUTIME_ID)

    var microseconds: Double { ((Self.seconds(CLOCK_MONOTONIC) - wallStart) * 10_000_000).rounded() / 10 }

    func read() -> (wall: Double, cpu: Double, text: String) {
        let wall = Self.seconds(CLOCK_MONOTONIC) - wallStart
        let cpu = Self.seconds(CLOCK_PROCESS_CPUTIME_ID) - cpuStart
        return (wall, cpu, "\((wall * 100).rounded() / 100) s, \((cpu * 100).rounded() / 100) s of CPU")
    }

    private static func seconds(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

func residentBytes() -> Int {
    guard let file = fopen("/proc/self/statm", "r") else { return 0 }
    defer { fclose(file) }
    var text = [CChar](repeating: 0, count: 128)
    guard fgets(&text, 128, file) != nil else { return 0 }
    let fields = String(decoding: text.map { UInt8(bitPattern: $0) }, as: UTF8.self).split(separator: " ")
    return fields.count > 1 ? (Int(fields[1]) ?? 0) * Int(getpagesize()) : 0
}
