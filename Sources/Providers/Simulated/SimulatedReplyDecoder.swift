import HTTPTransport
import Money
import NIOCore
import Payments
import Time
import WireJSON

/// Decides what the simulator's answers mean.
///
/// The question behind every line: may the operation have been executed? Only the simulator's own
/// document proves that it was not: `application/json`, with a code that the simulator sends with
/// that status, and an identifier of the simulator's own. A proxy or firewall on the way can answer
/// any status after the simulator has executed the operation. So an answer without that document is
/// `unknown`, whatever its status. A query moves no money, so its own failures say nothing about
/// the operation: they are `unknown`. The answer to a void by reference is about the void.
enum SimulatedReplyDecoder {
    /// Longer references are refused (`ProviderSuccess.providerReference`).
    static let maximumReferenceBytes = 64

    static func outcome(of result: HTTPClientResult, for call: SimulatedCall) -> ProviderOutcome {
        switch result {
        case .response(let response):
            guard JSONMediaType.isDeclared(by: response.headers) else { return unproven(response.status) }
            switch call.mode {
            case .execute, .cancelByReference: return executed(response, call)
            case .query: return queried(response, call)
            }
        case .notExecuted(let failure):
            let reason = reason(failure)
            return call.mode == .query ? .unknown(reason) : .notExecuted(reason)
        case .unknown(let failure):
            return .unknown(reason(failure))
        }
    }

    /// Not the simulator's own answer, or none that proves anything.
    private static func unproven(_ status: Int) -> ProviderOutcome {
        switch status {
        case 429: .unknown(.rateLimited)
        case 409: .unknown(.conflict)
        case 500...599: .unknown(.serverError)
        default: .unknown(.badResponse)
        }
    }

    static func reason(_ failure: HTTPClientFailure) -> CallFailure {
        switch failure {
        case .timeout: .timeout
        case .connectFailed, .shutdown, .withdrawn: .connectionFailed
        case .connectionLost, .goAway: .connectionLost
        case .streamReset: .streamReset
        case .queueFull: .overloaded
        case .badResponse: .badResponse
        case .badRequest: .misconfigured
        }
    }

    // MARK: Answers to an execution

    private static func executed(_ response: HTTPClientResponse, _ call: SimulatedCall) -> ProviderOutcome {
        switch response.status {
        case 200: success(response.body, call)
        case 402: refusal(response.body)
        // An operation under this key is under way, or was executed with other parameters. In
        // neither case may the gateway start again.
        case 409: .unknown(.conflict)
        default: error(response)
        }
    }

    /// Any other status: what the error document proves, if it is the simulator's.
    private static func error(_ response: HTTPClientResponse) -> ProviderOutcome {
        let input = response.body.readableBytesUInt8Span
        guard let reply = try? SimulatedReply(input), let code = reply.errorCode,
            let refusal = SimulatedRefusal.all.first(where: {
                $0.status == response.status && code.equals($0.code, in: input)
            })
        else { return unproven(response.status) }
        guard isRequestID(reply.errorRequestID, input) else { return unproven(response.status) }
        switch refusal.meaning {
        // The request that used its key before may have moved the money.
        case .keyReused: return .unknown(.conflict)
        case .notExecuted(let reason): return .notExecuted(reason)
        case .declined(let code):
            return .declined(Decline(category: code.category, code: code, providerCode: "\(refusal.code)"))
        }
    }

    private static func isRequestID(_ text: JSONString?, _ input: Span<UInt8>) -> Bool {
        guard let text, reference(text, input) != nil else { return false }
        return text.string(in: input).hasPrefix(SimulatedRefusal.requestIDPrefix)
    }

    private static func success(_ body: ByteBuffer, _ call: SimulatedCall) -> ProviderOutcome {
        let input = body.readableBytesUInt8Span
        guard let reply = try? SimulatedReply(input), isAbout(call, reply, in: input), let status = reply.status,
            let reference = reference(reply.id, input)
        else { return .unknown(.badResponse) }
        if status.equals("pending", in: input) { return .pending(providerReference: reference) }
        if status.equals("requires_action", in: input) { return actionRequired(reply, reference: reference, in: input) }
        guard status.equals(expectedStatus(call), in: input) else { return .unknown(.badResponse) }
        return succeeded(call, reply, reference: reference)
    }

    /// A sale that was only authorized, or the reverse, is not what was asked for.
    private static func expectedStatus(_ call: SimulatedCall) -> StaticString {
        if call.mode == .cancelByReference { return "succeeded" }
        return switch call.operation {
        case .authorize, .confirm: call.capturesAutomatically ? "captured" : "authorized"
        case .capture, .cancel, .refund, .increment: "succeeded"
        }
    }

    private static func refusal(_ body: ByteBuffer) -> ProviderOutcome {
        let input = body.readableBytesUInt8Span
        guard let reply = try? SimulatedReply(input), let code = reply.errorCode, reference(reply.id, input) != nil
        else { return .unknown(.badResponse) }
        return .declined(decline(code.string(in: input), advice: reply.adviceCode?.string(in: input)))
    }

    // MARK: Answers to a query

    private static func queried(_ response: HTTPClientResponse, _ call: SimulatedCall) -> ProviderOutcome {
        switch response.status {
        case 200: return found(response.body, call)
        case 404 where isNotFound(response.body): return .notFound
        case 400, 401, 403: return .unknown(.misconfigured)
        default: return unproven(response.status)
        }
    }

    private static func found(_ body: ByteBuffer, _ call: SimulatedCall) -> ProviderOutcome {
        let input = body.readableBytesUInt8Span
        guard let reply = try? SimulatedReply(input), isAbout(call, reply, in: input), let outcome = reply.outcome,
            reply.operation?.equals(call.operation.name, in: input) ?? false, isKeyed(call, reply, in: input)
        else { return .unknown(.badResponse) }
        if outcome.equals("declined", in: input) {
            return .declined(decline(reply.code?.string(in: input) ?? "", advice: reply.adviceCode?.string(in: input)))
        }
        let id = call.operation == .authorize ? reply.charge : reply.id
        guard let reference = reference(id, input) else { return .unknown(.badResponse) }
        if outcome.equals("pending", in: input) { return .pending(providerReference: reference) }
        if outcome.equals("requires_action", in: input) {
            return actionRequired(reply, reference: reference, in: input)
        }
        guard outcome.equals("succeeded", in: input) else { return .unknown(.badResponse) }
        return succeeded(call, reply, reference: reference)
    }

    // MARK: Parts

    private static func decline(_ code: String, advice: String?) -> Decline {
        var decline = SimulatedDeclines.decline(code)
        decline.advice = DeclineAdvice(code: advice)
        return decline
    }

    /// Without an address the shopper can go nowhere: then it is not known what the PSP waits for.
    private static func actionRequired(
        _ reply: SimulatedReply,
        reference: String,
        in input: Span<UInt8>
    ) -> ProviderOutcome {
        guard let type = reply.actionType, let url = reply.actionURL, !url.hasEscapes,
            (1...NextAction.maximumURLBytes).contains(url.range.count), isPrintable(url, input)
        else { return .unknown(.badResponse) }
        let kind: NextAction.Kind
        if type.equals("three_d_secure", in: input) {
            kind = .threeDSecure
        } else if type.equals("redirect", in: input) {
            kind = .redirect
        } else {
            return .unknown(.badResponse)
        }
        return .actionRequired(NextAction(kind: kind, url: url.string(in: input)), providerReference: reference)
    }

    private static func isPrintable(_ text: JSONString, _ input: Span<UInt8>) -> Bool {
        for offset in text.range where !(0x21...0x7E).contains(input[offset]) { return false }
        return true
    }

    private static func isNotFound(_ body: ByteBuffer) -> Bool {
        let input = body.readableBytesUInt8Span
        guard let reply = try? SimulatedReply(input), isRequestID(reply.errorRequestID, input) else { return false }
        return reply.errorCode?.equals("operation_not_found", in: input) ?? false
    }

    private static func succeeded(
        _ call: SimulatedCall,
        _ reply: SimulatedReply,
        reference: String
    ) -> ProviderOutcome {
        guard let amountMinor = reply.amountMinor, let currency = reply.currency,
            call.requested.isPlausible(amountMinor, currency)
        else { return .unknown(.badResponse) }
        return .succeeded(
            ProviderSuccess(
                providerReference: reference,
                amountMinor: amountMinor,
                currency: currency,
                expiresAt: Timestamp(milliseconds: max(0, reply.expiresAt ?? 0))
            )
        )
    }

    /// Whether the reply speaks of the payment (or the charge) that the call was about.
    private static func isAbout(_ call: SimulatedCall, _ reply: SimulatedReply, in input: Span<UInt8>) -> Bool {
        if let reference = reply.reference { return isReference(reference, to: call.payment, input) }
        guard let charge = reply.charge else { return false }
        return call.operation != .authorize && equals(charge, call.providerReference, in: input)
    }

    /// Whether the reply speaks of the very operation that the query was about, not of another of
    /// the same payment.
    private static func isKeyed(_ call: SimulatedCall, _ reply: SimulatedReply, in input: Span<UInt8>) -> Bool {
        guard let key = reply.key, let queried = call.queriedKey else { return false }
        return equals(key, queried, in: input)
    }

    private static func isReference(_ text: JSONString, to payment: PaymentID, _ input: Span<UInt8>) -> Bool {
        guard !text.hasEscapes, text.range.count == PaymentID.prefix.utf8CodeUnitCount + Base32.length else {
            return false
        }
        var offset = text.range.lowerBound
        var isEqual = true
        PaymentID.prefix.withUTF8Buffer { prefix in
            for character in prefix {
                isEqual = isEqual && input[offset] == character
                offset += 1
            }
        }
        Base32.forEachCharacter(high: payment.high, low: payment.low) { character in
            isEqual = isEqual && input[offset] == character
            offset += 1
        }
        return isEqual
    }

    private static func equals(_ text: JSONString, _ expected: String, in input: Span<UInt8>) -> Bool {
        guard !text.hasEscapes, text.range.count == expected.utf8.count else { return false }
        return zip(text.range, expected.utf8).allSatisfy { input[$0] == $1 }
    }

    private static func reference(_ text: JSONString?, _ input: Span<UInt8>) -> String? {
        guard let text, !text.hasEscapes, (1...maximumReferenceBytes).contains(text.range.count),
            isPrintable(text, input)
        else { return nil }
        return text.string(in: input)
    }
}
