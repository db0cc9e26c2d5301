import HTTPTransport
import NIOCore
import NIOHPACK
import PSPSimulator
import Payments
import Providers
import ShardHost

/// How the network between gateway and PSP fails.
enum Partition: Int {
    case none
    /// Connections are refused: certainly nothing was sent.
    case refused
    /// Requests are lost.
    case requestsLost
    /// Requests arrive, and answers are lost.
    case answersLost
}

/// One call of a provider, until its outcome is known or the process that made it is gone.
struct SimCall {
    var call: ProviderCall
    var token: UInt64
    /// The ownership of the shard that it belongs to.
    var boot: Int
    var method: String
    var target: String
    var key: String?
    var body: ByteBuffer
    var isOver = false
}

/// What arrives at the gateway for a call.
enum SimCallResult {
    case answer(EmbeddedPSP.Reply)
    case failed(HTTPClientResult)
}

/// Between gateway and PSP: the calls, what becomes of them, and the PSP itself.
extension World {
    /// A request reaches the PSP at most this late, in microseconds. The resolution of unknown
    /// outcomes relies on such a limit (`ResolutionPolicy.inFlightHorizon` after the deadline). So
    /// the gateway need not work with a network that has none.
    private static let latest: Int64 = 55_000_000

    func callProvider(_ call: ProviderCall, token: UInt64, timeout: Int64, boot: Int) {
        let call = planted(call)
        checkCleared(call)
        checkTries(before: call)
        counts.pspCalls += 1
        let number = calls.count
        queue.schedule(.callDeadline(number), at: now + timeout * 1_000)
        guard let request = codec.encode(call) else {
            calls.append(SimCall(call: call, token: token, boot: boot, method: "", target: "", body: ByteBuffer()))
            let cannot: HTTPClientResult = call.mode == .query ? .unknown(.badRequest) : .notExecuted(.badRequest)
            return result(.failed(cannot), of: number, after: 10)
        }
        calls.append(
            SimCall(
                call: call,
                token: token,
                boot: boot,
                method: request.headers.first(name: ":method") ?? "",
                target: request.headers.first(name: ":path") ?? "",
                key: request.headers.first(name: "idempotency-key"),
                body: request.body ?? ByteBuffer()
            )
        )
        trace.note(call.mode.traceName, at: now, of: number, with: Int(call.payment.sequence))
        if scenario.planted == .unsentVoid, call.mode == .cancelByReference {
            let lie =
                "{\"id\":\"can_1\",\"reference\":\"\(call.payment)\",\"status\":\"succeeded\",\"amount\":0,\"currency\":\"EUR\"}"
            let reply = EmbeddedPSP.Reply(status: 200, body: ByteBuffer(string: lie), loss: nil, latency: 0)
            return result(.answer(reply), of: number, after: 10)
        }
        transmit(number)
    }

    private func transmit(_ number: Int) {
        let delay = network.skewed(400)
        let isLost = network.chance(scenario.lossRate)
        let isReset = network.chance(scenario.lossRate / 2)
        let isLate = network.chance(scenario.lateRate)
        let isDoubled = network.chance(scenario.duplicateRate)
        let late = network.between(1_000_000, Self.latest)
        let doubled = network.between(0, Self.latest)
        if !isCalm, partition == .refused {
            return result(.failed(.notExecuted(.connectFailed)), of: number, after: delay)
        }
        guard has(.network) else {
            if isCalm || partition != .requestsLost { queue.schedule(.callArrives(number), at: now + delay) }
            return
        }
        for happens in [isLost, isReset, isLate, isDoubled] where happens { counts.networkFaults += 1 }
        if isReset { result(.failed(.unknown(.connectionLost)), of: number, after: delay + late / 100) }
        guard !isLost, partition != .requestsLost else { return }
        queue.schedule(.callArrives(number), at: now + (isLate ? late : delay))
        if isDoubled { queue.schedule(.callArrives(number), at: now + doubled) }
    }

    /// A request reaches the PSP, whatever has become of the gateway since.
    func callArrives(_ number: Int) {
        let call = calls[number]
        let milliseconds = UInt32(now / 1_000)
        let connector = Int(call.call.connector.rawValue) - 1
        let reply = psps[connector].handle(
            method: call.method,
            target: call.target,
            key: call.key,
            body: call.body,
            now: milliseconds
        )
        trace.note("PSP", at: now, of: number, with: reply.status)
        auditor.look(&psps[connector], of: call.call.connector, now: milliseconds) { fail($0) }
        respond(reply, to: number)
    }

    private static let statusesOfProxies = [400, 401, 403, 404, 429, 502, 503]

    private func respond(_ reply: EmbeddedPSP.Reply, to number: Int) {
        let delay = Int64(reply.latency) * 1_000 + network.skewed(400)
        let isLost = network.chance(scenario.lossRate)
        let isGarbled = network.chance(scenario.lossRate / 4)
        if reply.loss != nil || reply.status >= 500 { counts.pspFaults += 1 }
        switch reply.loss {
        case .reset: return result(.failed(.unknown(.streamReset(code: 2))), of: number, after: delay)
        case .close: return result(.failed(.unknown(.connectionLost)), of: number, after: delay)
        case .silence: return
        case nil: break
        }
        if !isCalm, partition == .answersLost { return }
        guard has(.network) else { return result(.answer(reply), of: number, after: delay) }
        if isLost || isGarbled { counts.networkFaults += 1 }
        if isLost { return }
        var reply = reply
        if isGarbled {
            // A proxy or firewall on the way answers instead, whatever the PSP has done.
            reply.status = Self.statusesOfProxies[Int(network.between(0, Int64(Self.statusesOfProxies.count) - 1))]
            reply.contentType = "text/html"
            reply.body = ByteBuffer(string: "<html>Not the provider</html>")
        }
        result(.answer(reply), of: number, after: delay)
    }

    private func result(_ result: SimCallResult, of call: Int, after delay: Int64) {
        results.append(result)
        queue.schedule(.callResult(call: call, result: results.count - 1), at: now + delay)
    }

    func callResult(_ number: Int, _ resultNumber: Int) {
        guard let result = results[resultNumber] else { return }
        results[resultNumber] = nil
        switch result {
        case .answer(let reply):
            let headers: HPACKHeaders = ["content-type": reply.contentType]
            complete(number, .response(HTTPClientResponse(status: reply.status, headers: headers, body: reply.body)))
        case .failed(let result): complete(number, result)
        }
    }

    func callDeadline(_ number: Int) {
        complete(number, .unknown(.timeout))
        calls[number].body = ByteBuffer()
    }

    /// The first result counts; what comes later meets a closed stream.
    private func complete(_ number: Int, _ result: HTTPClientResult) {
        guard !calls[number].isOver, let gateway, let at = gateway.host(of: calls[number].boot) else { return }
        calls[number].isOver = true
        let call = calls[number]
        var outcome = codec.outcome(of: result, for: call.call)
        noteTry(call.call, outcome)
        outcome = planted(outcome, of: call)
        if sendsWithoutRecord(call, outcome) { return }
        trace.note("outcome", at: now, of: number, with: outcome.traceCode)
        at.perform { host in
            host.providerCompleted(call.token, outcome)
            host.providerCompletionsDelivered()
        }
        settle(gateway)
    }

    /// Planted bugs that change what is said to the PSP.
    private func planted(_ call: ProviderCall) -> ProviderCall {
        var call = call
        switch scenario.planted {
        case .newProviderKey where call.mode == .execute:
            let tries = sendings[call.providerKey, default: 0]
            sendings[call.providerKey] = tries + 1
            call.attempt += tries
        case .sameRefundKey where call.operation == .refund:
            call.ordinal = 1
        case .skipSync, .answerBeforeDurable, .forgetReservation, .newProviderKey, .sameRefundKey, .dropLastRecord,
            .believeNotFound, .unsentVoid, .newEventKey, .doublePayout, .failOpen, .attemptWithoutRecord,
            .failoverAfterUnknown, .twoOwners, .undurableFeed, .floorIgnored, .keyRunForgotten,
            .earlierAsOwn, .leaseIgnored, .streamPositionShared, .wrongShard, .neighbourRetired, nil:
            break
        }
        return call
    }
}

extension ProviderOutcome {
    fileprivate var traceCode: Int {
        switch self {
        case .succeeded: 1
        case .pending: 2
        case .declined: 3
        case .notExecuted(let reason): 10 + Int(reason.rawValue)
        case .unknown(let reason): 30 + Int(reason.rawValue)
        case .notFound: 4
        case .actionRequired: 5
        }
    }
}

extension ProviderCall.Mode {
    fileprivate var traceName: StaticString {
        switch self {
        case .execute: "call"
        case .query: "query"
        case .cancelByReference: "void"
        }
    }
}
