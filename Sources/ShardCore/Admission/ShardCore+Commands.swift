import Ledger
import Payments
import ShardRecords
import ShardState

extension ShardCore {
    /// Handles one command.
    /// - Parameter now: milliseconds since 1970.
    package mutating func handle(_ command: Command, at now: Int64, into turn: inout Turn) {
        turn.now = now
        actor = command.actor
        switch command.kind {
        case .getPayment(let id): answerPayment(id, command, in: &turn)
        case .getHistory(let id): answerHistory(id, command, in: &turn)
        case .getRefund(let id): answerRefund(id, command, in: &turn)
        case .getDispute(let id): answerDispute(id, command, in: &turn)
        case .getBalance: answerBalance(command, in: &turn)
        case .getPastBalance(let time): answerBalance(of: time, command, in: &turn)
        case .getAccounts: answerAccounts(command, in: &turn)
        case .getEntries(let query): answerEntries(query, command, in: &turn)
        case .createPayment(let request):
            guard let key = admit(command, in: &turn) else { return }
            create(request, command, key, in: &turn)
        case .capture(let id, let amount, let isFinal):
            guard let key = admit(command, in: &turn) else { return }
            start(.capture, of: id, amount, isFinal: isFinal, command, key, in: &turn)
        case .cancel(let id):
            guard let key = admit(command, in: &turn) else { return }
            start(.cancel, of: id, nil, command, key, in: &turn)
        case .approve(let id):
            guard let key = admit(command, in: &turn) else { return }
            approve(id, command, key, in: &turn)
        case .reject(let id):
            guard let key = admit(command, in: &turn) else { return }
            reject(id, command, key, in: &turn)
        case .increment(let id, let amount):
            guard let key = admit(command, in: &turn) else { return }
            start(.increment, of: id, amount, command, key, in: &turn)
        case .confirm(let id, let returnData):
            guard let key = admit(command, in: &turn) else { return }
            let data = PaymentDetails(returnData: returnData).bytes
            start(.confirm, of: id, nil, details: data, command, key, in: &turn)
        case .refund(let id, let amount):
            guard let key = admit(command, in: &turn) else { return }
            start(.refund, of: id, amount, command, key, in: &turn)
        case .captureWith(let id, let amount, let isFinal, let instructions):
            guard let key = admit(command, in: &turn) else { return }
            start(
                .capture,
                of: id,
                amount,
                isFinal: isFinal,
                instructions: instructions,
                command,
                key,
                in: &turn
            )
        case .getPayout(let id): answerPayout(id, command, in: &turn)
        case .getWallet(let id): answerWallet(id, command, in: &turn)
        case .createPayout, .payoutEvent, .createWallet, .quoteExchange, .convertExchange:
            guard let key = admit(command, in: &turn) else { return }
            handleMoney(command, key, in: &turn)
        case .disputeEvidence(let id, let evidence):
            guard let key = admit(command, in: &turn) else { return }
            defend(id, .disputeEvidence, evidence: evidence, command, key, in: &turn)
        case .acceptDispute(let id):
            guard let key = admit(command, in: &turn) else { return }
            defend(id, .disputeAccepted, evidence: "", command, key, in: &turn)
        case .providerEvent(let event):
            guard let key = admit(command, in: &turn) else { return }
            handle(event, command, key, in: &turn)
        }
    }

    /// Looks the key up; answers at once what is known already, or refuses. Returns the key when the command is new.
    /// Nothing is reserved yet, but nothing else can come between: the shard has one owner.
    mutating func admit(_ command: Command, in turn: inout Turn) -> RequestKey? {
        guard let digest = command.key, let fingerprint = command.fingerprint else {
            preconditionFailure("the edge refuses a mutation without a key")
        }
        let known =
            command.kind.admission == .event
            ? eventKeys.lookup(digest, fingerprint) : idempotency.lookup(digest, fingerprint)
        switch known {
        case .absent:
            if mayBeInRuns(digest) {
                parkForKey(command, digest, in: &turn)
                return nil
            }
            if let refusal = admissionRefusal(command) {
                refuse(command, refusal, in: &turn)
                return nil
            }
            return RequestKey(digest: digest, fingerprint: fingerprint, requestID: command.requestID)
        case .mismatch:
            statistics.keyConflicts += 1
            refuse(command, .keyReused, in: &turn)
        case .completed(let record):
            statistics.replays += 1
            let replay = Effect.replay(command.reply, command.requestID, command.merchant, record: record)
            turn.release(replay, restingOn: record)
        case .reserved(let operation):
            answerReserved(operation, command, in: &turn)
        }
        return nil
    }

    private mutating func create(
        _ request: CreatePayment,
        _ command: Command,
        _ key: RequestKey,
        in turn: inout Turn
    ) {
        guard hasPaymentRoom else {
            return refuse(command, .paymentTableFull, in: &turn)
        }
        if let refusal = accountRefusal(command.merchant, request.currency) {
            return refuse(command, refusal, in: &turn)
        }
        guard hasWallet(of: request, command, in: &turn) else { return }
        let traits: PaymentTraits
        switch self.traits(of: request, command.merchant) {
        case .success(let found): traits = found
        case .failure(let refused): return refuse(command, refused.refusal, in: &turn)
        }
        let id = PaymentID(
            milliseconds: UInt64(max(0, turn.now)),
            shard: configuration.shard,
            sequence: UInt64(payments.count + 1)
        )
        let record = PaymentCreated(
            id: id,
            merchant: command.merchant,
            amountMinor: request.amountMinor,
            currency: request.currency,
            feeBasisPoints: request.feeBasisPoints,
            capturesAutomatically: request.capturesAutomatically,
            route: request.route,
            flags: request.acceptsPartialAuthorization ? .acceptsPartialAuthorization : [],
            // A wallet gives what was held, and not more.
            overCaptureBasisPoints: traits.contains(.wallet) ? 0 : overCaptureBasisPoints(request.route),
            traits: traits,
            key: key,
            details: assessed(request, of: command.merchant, at: turn.now),
            time: turn.now
        )
        guard let slot = applyCreated(record, at: nextPosition) else { preconditionFailure("it is not held back") }
        persist(.paymentCreated(record), in: &turn)
        statistics.paymentsCreated += 1
        operations[slot].reply = command.reply
        passGate(slot, paymentMethod: request.paymentMethod, in: &turn)
        if command.respondsAtOnce, operations.isRunning(slot) { answerProcessing(slot, in: &turn) }
    }

    /// How far captures may exceed the authorization: what each connector of the route permits, as any of them may get the payment.
    private func overCaptureBasisPoints(_ route: RoutePlan) -> UInt16 {
        var least = UInt16.max
        for position in 0..<RoutePlan.maximumConnectors {
            guard let connector = route[position] else { break }
            least = min(least, configuration.connectors[connector].capabilities.overCaptureBasisPoints)
        }
        return least
    }

    private mutating func start(
        _ operation: ProviderOperation,
        of id: PaymentID,
        _ requested: Int64?,
        isFinal: Bool = true,
        instructions: CaptureInstructions? = nil,
        details: [UInt8] = [],
        _ command: Command,
        _ key: RequestKey,
        in turn: inout Turn
    ) {
        let index: Int
        switch place(of: id, for: command.merchant) {
        case .warm(let found): index = found
        case .cold: return park(command, payment: id.sequence, in: &turn)
        case .unknown: return refuse(command, .notFound, in: &turn)
        }
        let amount: Int64
        do throws(OperationRefusal) {
            amount = try checkedAmount(operation, payments[index], requested, isFinal: isFinal)
        } catch {
            return refuse(command, Refusal(error), showing: index, in: &turn)
        }
        if let refusal = moneyRefusal(operation, amount, isFinal: isFinal, instructions, payments[index]) {
            return refuse(command, refusal, showing: index, in: &turn)
        }
        if let refusal = accountRefusal(operation, payments[index]) { return refuse(command, refusal, in: &turn) }
        if operation == .refund, isFullOfRefunds { return refuse(command, .paymentTableFull, in: &turn) }
        let record = OperationStarted(
            payment: id,
            operation: operation,
            ordinal: nextOrdinal(operation, payments[index]),
            amountMinor: amount,
            staysOpen: operation == .capture && payments[index].staysOpen(afterCaptureOf: amount, isFinal: isFinal),
            key: key,
            transfers: Postings.started(operation, amount, payments[index], rail: rail(of: payments[index])),
            instructions: instructions?.packed.bytes ?? details,
            previous: payments[index].lastRecord,
            time: turn.now
        )
        let slot = applyStarted(record, at: nextPosition)
        persist(.operationStarted(record), in: &turn)
        operations[slot].reply = command.reply
        execute(slot, paymentMethod: "", in: &turn)
        if command.respondsAtOnce, operations.isRunning(slot) { answerProcessing(slot, in: &turn) }
    }

    /// Refunds are numbered in 32 bits, and a payment's memory names them by these numbers.
    var isFullOfRefunds: Bool {
        refunds.presentCount >= configuration.paymentCapacity || refunds.count >= Int(UInt32.max)
    }

    private func checkedAmount(
        _ operation: ProviderOperation,
        _ payment: Payment,
        _ requested: Int64?,
        isFinal: Bool
    ) throws(OperationRefusal) -> Int64 {
        switch operation {
        case .capture:
            return try payment.captureAmount(requested: requested, isFinal: isFinal, capabilities(of: payment))
        case .refund: return try payment.refundAmount(requested: requested)
        case .cancel:
            try payment.checkCancel()
            return payment.cancelledMinor
        case .increment: return try payment.incrementAmount(requested: requested ?? 0, capabilities(of: payment))
        case .confirm:
            try payment.checkConfirm()
            return payment.amountMinor
        case .authorize: preconditionFailure("an authorization begins with its payment")
        }
    }

    /// What can be asked of the payment's connector.
    func capabilities(of payment: Payment) -> PaymentCapabilities {
        configuration.connectors[payment.connector].capabilities
    }

    func nextOrdinal(_ operation: ProviderOperation, _ payment: Payment) -> UInt16 {
        switch operation {
        case .capture: payment.captureCount + 1
        case .cancel: payment.cancelCount + 1
        case .refund: payment.refundCount + 1
        case .increment: payment.incrementCount + 1
        case .confirm: payment.confirmCount + 1
        case .authorize: payment.authorizeCount + 1
        }
    }

    /// Sends the operation of `slot` to the PSP, as soon as the last record is durable.
    mutating func execute(_ slot: Int, paymentMethod: String, in turn: inout Turn) {
        if isInternal(slot) { return executeHere(slot, in: &turn) }
        operations[slot].step = .executing
        operations[slot].tries &+= 1
        operations[slot].sentAt = turn.now
        call(.execute, slot, paymentMethod: paymentMethod, in: &turn)
    }

    mutating func call(
        _ mode: ProviderCall.Mode,
        _ slot: Int,
        paymentMethod: String,
        in turn: inout Turn
    ) {
        let operation = operations[slot]
        let payment = payments[operation.payment]
        let call = ProviderCall(
            mode: mode,
            operation: operation.operation,
            connector: payment.connector,
            payment: payment.id,
            ordinal: operation.ordinal,
            attempt: operation.attempt,
            amountMinor: operation.amountMinor,
            currency: payment.currency,
            capturesAutomatically: payment.capturesAutomatically,
            acceptsPartialAuthorization: payment.flags.contains(.acceptsPartialAuthorization),
            isFinal: !operation.staysOpen,
            paymentMethod: paymentMethod,
            providerReference: arena.string(payment.providerReference),
            returnData: operation.operation == .confirm && mode == .execute ? returnData(of: payment) : ""
        )
        let deadline = turn.now + timeout(slot)
        turn.release(.callProvider(call, token: operations.token(slot), deadline: deadline), restingOn: lastPosition)
    }
}

extension Refusal {
    init(_ refusal: OperationRefusal) {
        switch refusal {
        case .unexpectedState: self = .unexpectedState
        case .operationInProgress: self = .operationInProgress
        case .amountExceedsCapturable: self = .amountExceedsCapturable
        case .amountExceedsRefundable: self = .amountExceedsRefundable
        case .tooManyRefunds: self = .tooManyRefunds
        case .notSupported: self = .notSupported
        case .amountNotAboveAuthorized: self = .amountNotAboveAuthorized
        case .authorizationTooLarge: self = .amountTooLarge
        case .disputed: self = .disputed
        }
    }
}
