import Ledger
import Money
import NIOCore
import Payments
package import Shard

/// Where the shard and the naive model do not agree.
package struct Mismatch: Error, CustomStringConvertible {
    package var description: String
}

/// The oracle: hears what a driver did, step by step, decides by the naive model what ought to have come of it, and compares
/// records, bookings, calls, answers, counters and statuses.
///
/// What time does is not foretold to the tick. The shard says when (an expiry, a void of its own), and the model says whether it may;
/// that it does in the end is what `Workload` checks when a run is over.
package struct Auditor {
    /// What the step leads to, until a record or an answer says so.
    enum Expectation {
        case nothing
        case start(NaivePayment.Operation)
        case create(NaivePayment)
        /// An outcome that ends the operation.
        case end(NaivePayment.Operation, NaivePayment.Result)
        case unresolved(NaivePayment.Operation)
        /// An outcome that ends nothing and is known to be in doubt, or is tried again.
        case noted
        /// The PSP is asked at once.
        case query
    }

    /// A request's key.
    enum Key {
        case unused
        case running(ProviderOperation, ordinal: Int)
        case done(record: Int)
    }

    let configuration: ShardConfiguration
    let faults: Set<PlantedFault>
    var payments: [Int: NaivePayment] = [:]
    var numbers: [PaymentID: Int] = [:]
    var totals: [NaivePosting: (debits: Int64, credits: Int64)] = [:]
    /// The calls that wait, as the driver answers them.
    var calls: [Int: [(operation: ProviderOperation, ordinal: Int, mode: ProviderCall.Mode)]] = [:]
    var last: (step: Step, key: Key)?
    var expectation = Expectation.nothing
    /// Answers that must come, in order; the body nil where a stored one is repeated.
    var answers: [(status: UInt16, body: String)] = []
    var replays: [Int] = []
    var records = 0

    package internal(set) var checks = 0

    package init(configuration: ShardConfiguration, faults: Set<PlantedFault> = []) {
        self.configuration = configuration
        self.faults = faults
    }

    package var paymentCount: Int { payments.count }

    // MARK: A step

    package mutating func audit(_ step: Step, _ driver: borrowing ShardDriver, before: Int64) throws(Mismatch) {
        answers.removeAll(keepingCapacity: true)
        replays.removeAll(keepingCapacity: true)
        expectation = .nothing
        guard !driver.didNothing else { return }
        try expect(step, at: before)
        if let number = step.payment, let (id, _) = driver.payments[number] { numbers[id] = number }
        var touched: Set<Int> = []
        if let payment = step.payment { touched.insert(payment) }
        for timed in driver.events { try hear(timed, driver, &touched) }
        if case .nothing = expectation {
        } else if case .noted = expectation {
        } else {
            throw Mismatch(description: "nothing came of \(expectation)")
        }
        guard answers.isEmpty, replays.isEmpty else { throw Mismatch(description: "no answer: \(answers) \(replays)") }
        for number in touched.sorted() { try compare(number, driver) }
    }

    mutating func hear(
        _ timed: TimedEvent,
        _ driver: borrowing ShardDriver,
        _ touched: inout Set<Int>
    ) throws(Mismatch) {
        switch timed.event {
        case .record(let record):
            records += 1
            guard let id = record.payment else { return }
            let number = try number(id)
            touched.insert(number)
            try hear(record, number, at: timed.time)
        case .call(let call, _): try hear(call, at: timed.time)
        case .response(let response): try hear(response)
        case .replay(let record):
            let expected = replays.isEmpty ? 0 : replays.removeFirst()
            let seen = Int(record) + (faults.contains(.wrongReplay) && record.isMultiple(of: 3) ? 1 : 0)
            guard expected == seen else { throw Mismatch(description: "answer of record \(seen), not \(expected)") }
        case .load: break
        case .other(let text): throw Mismatch(description: "unasked: \(text)")
        }
    }

    func number(_ id: PaymentID) throws(Mismatch) -> Int {
        guard let number = numbers[id] else { throw Mismatch(description: "nobody knows \(id)") }
        return number
    }

    // MARK: What ought to come

    mutating func expect(_ step: Step, at now: Int64) throws(Mismatch) {
        switch step {
        case .create(let number, let creation): expectCreation(number, creation, at: now)
        case .capture(let number, _, _), .cancel(let number), .increment(let number, _), .confirm(let number),
            .refund(let number, _):
            expectOperation(step, number, at: now)
        case .read(let number): answers.append((200, payments[number]?.text ?? ""))
        case .again: try expectRepetition(at: now)
        case .provider(let number, let reply): try expectOutcome(number, reply, at: now)
        case .approve, .reject, .score, .wait, .snapshot: break
        case .restart, .restore: restart(at: now)
        case .event, .evidence, .accept, .dispute:
            throw Mismatch(description: "the model has no events: \(step)")
        }
    }

    mutating func expectCreation(_ number: Int, _ creation: Step.Creation, at now: Int64) {
        var payment = NaivePayment(
            number: number,
            merchant: creation.merchant,
            currency: creation.currency,
            fee: creation.fee,
            isSale: creation.captures,
            acceptsPartial: creation.acceptsPartial,
            overCapture: Int64(configuration.capabilities.overCaptureBasisPoints),
            amount: creation.amount
        )
        payment.running = NaivePayment.Operation(
            kind: .authorize,
            ordinal: 1,
            amount: creation.amount,
            startedAt: now,
            sentAt: now,
            asked: true,
            waitsForReply: !creation.async
        )
        payment.counts[.authorize] = 1
        expectation = .create(payment)
        if creation.async { answers.append((202, payment.text)) }
        last = (.create(number, creation), .running(.authorize, ordinal: 1))
    }

    mutating func expectOperation(_ step: Step, _ number: Int, at now: Int64) {
        guard let payment = payments[number], let kind = step.operation else { return }
        last = (step, .unused)
        let (refusal, amount, open) = payment.refusal(step)
        if let refusal {
            return answers.append((Self.status(refusal), "refused \(refusal) | \(payment.text)"))
        }
        let operation = NaivePayment.Operation(
            kind: kind,
            ordinal: payment.counts[kind, default: 0] + 1,
            amount: amount,
            open: open,
            startedAt: now,
            sentAt: now,
            asked: true,
            waitsForReply: true
        )
        last = (step, .running(kind, ordinal: operation.ordinal))
        expectation = .start(operation)
    }

    static func status(_ refusal: String) -> UInt16 {
        switch refusal {
        case "operationInProgress", "unexpectedState", "keyInUse": 409
        default: 422
        }
    }

    mutating func expectRepetition(at now: Int64) throws(Mismatch) {
        guard let (step, key) = last, let number = step.payment else { return }
        switch key {
        case .unused: expectOperation(step, number, at: now)
        case .done(let record): replays.append(record)
        case .running(let kind, let ordinal):
            let operation = kind == .refund ? payments[number]?.refunding[ordinal] : payments[number]?.running
            guard let operation else { throw Mismatch(description: "the model lost an operation") }
            if operation.waitsForReply { return answers.append((409, "refused keyInUse")) }
            answers.append((202, processingText(number, operation)))
        }
    }

    func processingText(_ number: Int, _ operation: NaivePayment.Operation) -> String {
        operation.kind == .refund ? "refund pending \(operation.amount)" : payments[number]?.text ?? ""
    }

    mutating func restart(at now: Int64) {
        calls = [:]
        for number in payments.keys {
            payments[number]?.running?.afterRestart(at: now)
            for ordinal in payments[number]?.refunding.keys.sorted() ?? [] {
                payments[number]?.refunding[ordinal]?.afterRestart(at: now)
            }
        }
    }

    // MARK: What came

    mutating func hear(_ record: ShardRecord, _ number: Int, at now: Int64) throws(Mismatch) {
        var expected: [NaivePosting] = []
        switch record {
        case .paymentCreated:
            guard case .create(let payment) = expectation else { throw Mismatch(description: "created unasked") }
            payments[number] = payment
            expectation = .nothing
        case .operationStarted(let started): expected = try begun(started, number, at: now)
        case .operationFinished(let finished): expected = try ended(finished, number, at: now)
        case .operationUnresolved(let unresolved):
            guard case .unresolved(let operation) = expectation else {
                throw Mismatch(description: "unresolved unasked")
            }
            expectation = .nothing
            change(number, operation) {
                $0.uncertain = true
                $0.known = unresolved.reason == .pendingAtProvider
            }
            try answerProcessing(number, operation)
        case .operationAttempted(let attempted):
            guard case .noted = expectation else { return try noteOfQuery(attempted) }
            if attempted.answer == .pending, let operation = find(number, attempted.operation, Int(attempted.ordinal)) {
                change(number, operation) { $0.known = true }
            }
        case .paymentChanged(let changed): expected = try altered(changed, number, at: now)
        default: throw Mismatch(description: "a record the model does not know: \(record)")
        }
        try compare(expected, record, number)
    }

    func noteOfQuery(_ attempted: OperationAttempted) throws(Mismatch) {
        throw Mismatch(description: "a note of nothing: \(attempted.answer)")
    }

    func find(_ number: Int, _ kind: ProviderOperation, _ ordinal: Int) -> NaivePayment.Operation? {
        kind == .refund ? payments[number]?.refunding[ordinal] : payments[number]?.running
    }

    mutating func change(
        _ number: Int,
        _ operation: NaivePayment.Operation,
        _ body: (inout NaivePayment.Operation) -> Void
    ) {
        guard var changed = find(number, operation.kind, operation.ordinal) else { return }
        body(&changed)
        if operation.kind == .refund {
            payments[number]?.refunding[operation.ordinal] = changed
        } else {
            payments[number]?.running = changed
        }
    }

    mutating func answerProcessing(_ number: Int, _ operation: NaivePayment.Operation) throws(Mismatch) {
        guard operation.waitsForReply else { return }
        change(number, operation) { $0.waitsForReply = false }
        answers.append((202, processingText(number, operation)))
    }

    mutating func begun(
        _ record: OperationStarted,
        _ number: Int,
        at now: Int64
    ) throws(Mismatch) -> [NaivePosting] {
        guard var payment = payments[number] else { throw Mismatch(description: "no p\(number)") }
        defer { payments[number] = payment }
        if record.key != nil {
            guard case .start(let operation) = expectation, operation.kind == record.operation,
                operation.amount == record.amountMinor, operation.ordinal == Int(record.ordinal)
            else { throw Mismatch(description: "\(record.operation) started unasked, of \(record.amountMinor)") }
            expectation = .nothing
            return payment.start(operation)
        }
        // The gateway's own.
        let amount = try payment.ownOperation(record.operation, at: now)
        guard amount == record.amountMinor else { throw Mismatch(description: "took back \(record.amountMinor)") }
        if record.cause != nil { payment.failure = "abandoned" }
        return payment.start(
            NaivePayment.Operation(
                kind: record.operation,
                ordinal: payment.counts[record.operation, default: 0] + 1,
                amount: amount,
                startedAt: now,
                sentAt: now,
                asked: false,
                waitsForReply: false
            )
        )
    }

    mutating func ended(
        _ record: OperationFinished,
        _ number: Int,
        at now: Int64
    ) throws(Mismatch) -> [NaivePosting] {
        guard case .end(let operation, let result) = expectation, var payment = payments[number],
            operation.kind == record.operation, operation.ordinal == Int(record.ordinal)
        else { throw Mismatch(description: "\(record.operation) ended by itself: \(record.result)") }
        expectation = .nothing
        guard record.result.name == result.name else {
            throw Mismatch(description: "\(record.operation) ended as \(record.result), not \(result)")
        }
        var postings = payment.finish(operation, result)
        if record.result == .conflicted { postings = payment.unexplained(operation, executed: record.executedMinor) }
        payments[number] = payment
        if operation.asked {
            if let (step, _) = last, step.payment == number,
                case .running(operation.kind, operation.ordinal) = last?.key
            {
                last = (step, .done(record: records))
            }
            let answer = payment.answer(operation, result)
            guard record.responseStatus == answer.status else {
                throw Mismatch(description: "stored \(record.responseStatus), not \(answer.status)")
            }
            if operation.waitsForReply { answers.append(answer) }
        }
        return postings
    }

    mutating func altered(
        _ record: PaymentChanged,
        _ number: Int,
        at now: Int64
    ) throws(Mismatch) -> [NaivePosting] {
        guard var payment = payments[number] else { throw Mismatch(description: "no p\(number)") }
        defer { payments[number] = payment }
        if record.change == .expired {
            guard payment.isOpen, payment.running == nil, payment.deadline != 0, payment.deadline <= now else {
                throw Mismatch(description: "expired before its time")
            }
            return payment.expire()
        }
        guard record.change == .abandoned else {
            throw Mismatch(description: "a change the model does not know: \(record.change)")
        }
        guard let operation = payment.running, operation.decidesAuthorization, operation.uncertain, !operation.known,
            now - operation.startedAt >= configuration.resolution.abandonAfter
        else { throw Mismatch(description: "given up before its time") }
        payment.failure = "abandoned"
        return []
    }

    mutating func hear(_ call: ProviderCall, at now: Int64) throws(Mismatch) {
        let number = try number(call.payment)
        guard let operation = find(number, call.operation, Int(call.ordinal)), operation.kind == call.operation else {
            throw Mismatch(description: "a call of no operation: \(call.operation)")
        }
        let isSecond = faults.contains(.secondKey) && operation.tries > 1
        let key = "\(call.providerKey)" + (isSecond ? "-2" : "")
        guard operation.key.isEmpty || operation.key == key else {
            throw Mismatch(description: "a second key for one operation: \(key) after \(operation.key)")
        }
        guard call.amountMinor == operation.amount else { throw Mismatch(description: "sent \(call.amountMinor)") }
        if call.mode == .query, case .query = expectation { expectation = .nothing }
        let isAllowed =
            switch call.mode {
            case .execute: !operation.uncertain || payments[number]?.failure != "abandoned"
            case .query: operation.uncertain
            case .cancelByReference: operation.decidesAuthorization && payments[number]?.failure == "abandoned"
            }
        guard isAllowed else { throw Mismatch(description: "\(call.mode) of \(call.operation) may not be sent") }
        change(number, operation) {
            $0.key = key
            guard call.mode == .execute else { return }
            $0.sentAt = now
            if !$0.uncertain { $0.tries += 1 }
        }
        calls[number, default: []].append((call.operation, Int(call.ordinal), call.mode))
    }

    mutating func hear(_ response: Response) throws(Mismatch) {
        let body = String(buffer: response.body)
        guard !answers.isEmpty else { throw Mismatch(description: "answered unasked: \(response.status) \(body)") }
        let expected = answers.removeFirst()
        guard response.status == expected.status, body == expected.body else {
            throw Mismatch(
                description: "answered \(response.status) \(body), not \(expected.status) \(expected.body)"
            )
        }
    }
}
