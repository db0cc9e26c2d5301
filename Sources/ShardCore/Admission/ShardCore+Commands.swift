import Ledger
import Payments
import ShardRecords
import ShardState
package import Time

extension ShardCore {
    /// Handles one command.
    package mutating func handle(_ command: Command, at now: Timestamp, into turn: inout Turn) {
        turn.now = now
        recordContext.actor = command.actor
        switch command.kind {
        case .query(let query):
            guard hasItem(command.kind.admission.item, of: command, in: &turn) else { return }
            answer(query, to: command.caller, in: &turn)
        case .create(let request):
            guard let admitted = admit(command, in: &turn) else { return }
            create(request, admitted, in: &turn)
        case .payment(let id, let operation):
            guard let admitted = admit(command, in: &turn) else { return }
            start(operation, of: id, admitted, in: &turn)
        case .review(let id, let decision):
            guard let admitted = admit(command, in: &turn) else { return }
            handle(decision, of: id, admitted, in: &turn)
        case .dispute(let id, let response):
            guard let admitted = admit(command, in: &turn) else { return }
            respond(response, to: id, admitted, in: &turn)
        case .treasury(let treasury):
            guard let admitted = admit(command, in: &turn) else { return }
            handle(treasury, admitted, in: &turn)
        case .event(let event):
            guard let admitted = admit(command, in: &turn) else { return }
            handle(event, admitted, in: &turn)
        }
    }

    private mutating func create(_ request: CreatePayment, _ admitted: AdmittedCommand, in turn: inout Turn) {
        if let refusal = paymentRoomRefusal(of: admitted.merchant) {
            return refuse(admitted.caller, refusal, in: &turn)
        }
        if let refusal = accountRefusal(admitted.merchant, request.currency) {
            return refuse(admitted.caller, refusal, in: &turn)
        }
        useWallet(of: request, of: admitted.merchant, at: turn.now)
        let traits: PaymentTraits
        switch self.traits(of: request, admitted.merchant) {
        case .success(let found): traits = found
        case .failure(let refused): return refuse(admitted.caller, refused.refusal, in: &turn)
        }
        let id = PaymentID(
            createdAt: max(.none, turn.now),
            shard: configuration.shard,
            sequence: UInt64(payments.count + 1)
        )
        let record = PaymentCreated(
            id: id,
            merchant: admitted.merchant,
            amountMinor: request.amountMinor,
            currency: request.currency,
            feeBasisPoints: request.feeBasisPoints,
            capturesAutomatically: request.capturesAutomatically,
            route: request.route,
            flags: request.acceptsPartialAuthorization ? .acceptsPartialAuthorization : [],
            // A wallet gives what was held, and not more.
            overCaptureBasisPoints: traits.contains(.wallet) ? 0 : overCaptureBasisPoints(request.route),
            traits: traits,
            key: admitted.key,
            details: assessed(request, of: admitted.merchant, at: turn.now),
            time: turn.now
        )
        guard let slot = applyCreated(record, at: nextPosition) else { preconditionFailure("it is not held back") }
        persist(.paymentCreated(record), in: &turn)
        statistics.paymentsCreated += 1
        operations[slot].reply = admitted.caller.reply
        sendUnlessHeld(slot, paymentMethod: request.paymentMethod, in: &turn)
        if admitted.caller.respondsAtOnce, operations.isRunning(slot) { answerProcessing(slot, in: &turn) }
    }

    /// How far captures may exceed the authorization: what each connector of the route permits, as
    /// any of them may get the payment.
    private func overCaptureBasisPoints(_ route: RoutePlan) -> UInt16 {
        var least = UInt16.max
        for position in 0..<RoutePlan.maximumConnectors {
            guard let connector = route[position] else { break }
            least = min(least, configuration.connectors[connector].capabilities.overCaptureBasisPoints)
        }
        return least
    }

    /// The merchant goes on with a payment.
    private mutating func start(
        _ operation: PaymentOperation,
        of id: PaymentID,
        _ admitted: AdmittedCommand,
        in turn: inout Turn
    ) {
        let caller = admitted.caller
        guard let index = find(id, for: caller) else { return refuse(caller, .notFound, in: &turn) }
        let amount: Int64
        do throws(OperationRefusal) {
            amount = try checkedAmount(operation, payments[index])
        } catch {
            return refuse(caller, Refusal(error), showing: index, in: &turn)
        }
        let kind = operation.kind
        if let refusal = treasuryRefusal(operation, of: payments[index], amountMinor: amount) {
            return refuse(caller, refusal, showing: index, in: &turn)
        }
        if let refusal = accountRefusal(kind, payments[index]) { return refuse(caller, refusal, in: &turn) }
        if kind == .refund, let refusal = refundRoomRefusal(of: admitted.merchant) {
            return refuse(caller, refusal, in: &turn)
        }
        let record = OperationStarted(
            payment: id,
            operation: kind,
            ordinal: nextOrdinal(kind, payments[index]),
            amountMinor: amount,
            staysOpen: staysOpen(operation, payments[index], amountMinor: amount),
            key: admitted.key,
            transfers: Postings.started(
                kind,
                amountMinor: amount,
                of: payments[index],
                rail: rail(of: payments[index])
            ),
            instructions: operation.packedInstructions,
            previous: payments.lastRecord(of: index),
            time: turn.now
        )
        let slot = applyStarted(record, at: nextPosition)
        persist(.operationStarted(record), in: &turn)
        operations[slot].reply = caller.reply
        execute(slot, paymentMethod: "", in: &turn)
        if caller.respondsAtOnce, operations.isRunning(slot) { answerProcessing(slot, in: &turn) }
    }

    /// What the operation moves, in minor units.
    private func checkedAmount(
        _ operation: PaymentOperation,
        _ payment: Payment
    ) throws(OperationRefusal) -> Int64 {
        switch operation {
        case .capture(let requested, let isFinal, _):
            return try payment.captureAmount(requested: requested, isFinal: isFinal, capabilities(of: payment))
        case .refund(let requested): return try payment.refundAmount(requested: requested)
        case .cancel:
            try payment.checkCancel()
            return payment.cancelledMinor
        case .increment(let total): return try payment.incrementAmount(requested: total, capabilities(of: payment))
        case .confirm:
            try payment.checkConfirm()
            return payment.amountMinor
        }
    }

    /// Whether a capture leaves the rest of the authorization open.
    private func staysOpen(_ operation: PaymentOperation, _ payment: Payment, amountMinor: Int64) -> Bool {
        switch operation {
        case .capture(_, let isFinal, _): payment.staysOpen(afterCaptureOf: amountMinor, isFinal: isFinal)
        case .cancel, .increment, .confirm, .refund: false
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
            providerReference: payments.providerReference(of: operation.payment),
            returnData: operation.operation == .confirm && mode == .execute ? returnData(of: payment) : "",
            lookup: mode == .query ? resolution(slot).means.query?.lookup ?? .byReference : .byReference
        )
        let deadline = turn.now.adding(milliseconds: timeout(slot))
        turn.release(.callProvider(call, token: operations.token(slot), deadline: deadline), restingOn: lastPosition)
    }
}

extension PaymentOperation {
    /// As the provider is asked.
    var kind: ProviderOperation {
        switch self {
        case .capture: .capture
        case .cancel: .cancel
        case .increment: .increment
        case .confirm: .confirm
        case .refund: .refund
        }
    }

    /// What is noted on the payment until the operation ends.
    fileprivate var packedInstructions: [UInt8] {
        switch self {
        case .capture(_, _, let instructions): instructions?.packed.bytes ?? []
        case .confirm(let returnData): PaymentDetails(returnData: returnData).bytes
        case .cancel, .increment, .refund: []
        }
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
