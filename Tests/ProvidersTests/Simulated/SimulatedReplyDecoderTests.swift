import Money
import NIOCore
import NIOHPACK
import Payments
import Testing
import Time

@testable import HTTPTransport
@testable import Providers

@Suite("What the simulator's answers mean")
struct SimulatedReplyDecoderTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var status: Int
        var body: String
        var outcome: ProviderOutcome

        init(_ status: Int, _ body: String, means outcome: ProviderOutcome) {
            self.status = status
            self.body = body
            self.outcome = outcome
        }

        var testDescription: String { "\(status) \(body)" }
    }

    private static let pay = "\(Calls.payment)"

    private static func success(_ reference: String, _ amount: Int64 = 1_000) -> ProviderOutcome {
        .succeeded(ProviderSuccess(providerReference: reference, amountMinor: amount, currency: .eur))
    }

    private static func decline(_ code: DeclineCode, _ text: String) -> ProviderOutcome {
        .declined(Decline(category: code.category, code: code, providerCode: text))
    }

    private static func advised(_ code: DeclineCode, _ text: String, advice: DeclineAdvice) -> ProviderOutcome {
        .declined(Decline(category: code.category, code: code, providerCode: text, advice: advice))
    }

    private func outcome(_ test: Case, _ call: ProviderCall) -> ProviderOutcome {
        let response = HTTPClientResponse(
            status: test.status,
            headers: ["content-type": "application/json"],
            body: ByteBuffer(string: test.body)
        )
        return SimulatedReplyDecoder.outcome(of: .response(response), for: SimulatedCall(call))
    }

    // MARK: Execution

    private static let authorized =
        #"{"id":"ch_9","reference":"\#(pay)","status":"authorized","amount":1000,"currency":"EUR"}"#

    /// The simulator's document for a request that it did not execute.
    private static func refusal(_ code: String) -> String {
        #"{"error":{"code":"\#(code)","message":"m","request_id":"req_7"}}"#
    }

    static let authorizations: [Case] = [
        Case(200, authorized, means: success("ch_9")),
        Case(
            200,
            #"{"currency":"EUR","amount":999,"x":[{}],"status":"authorized","reference":"\#(pay)","id":"ch_9"}"#,
            means: success("ch_9", 999)
        ),
        Case(
            200,
            #"{"id":"ch_9","reference":"\#(pay)","status":"pending","amount":1000,"currency":"EUR"}"#,
            means: .pending(providerReference: "ch_9")
        ),
        // Not what was asked for: another status, another payment, no amount, no currency, no
        // identifier, too long.
        Case(
            200,
            #"{"id":"ch_9","reference":"\#(pay)","status":"captured","amount":1000,"currency":"EUR"}"#,
            means: .unknown(.badResponse)
        ),
        Case(
            200,
            #"{"id":"ch_9","reference":"pay_00000000000000000000000000","status":"authorized","amount":1,"currency":"EUR"}"#,
            means: .unknown(.badResponse)
        ),
        Case(
            200,
            #"{"id":"ch_9","reference":"\#(pay)","status":"authorized","currency":"EUR"}"#,
            means: .unknown(.badResponse)
        ),
        Case(
            200,
            #"{"id":"ch_9","reference":"\#(pay)","status":"authorized","amount":1,"currency":"XXX"}"#,
            means: .unknown(.badResponse)
        ),
        Case(
            200,
            #"{"reference":"\#(pay)","status":"authorized","amount":1,"currency":"EUR"}"#,
            means: .unknown(.badResponse)
        ),
        Case(
            200,
            #"{"id":"\#(String(repeating: "c", count: 65))","reference":"\#(pay)","status":"authorized","amount":1,"currency":"EUR"}"#,
            means: .unknown(.badResponse)
        ),
        Case(
            200,
            #"{"id":"ch_9","reference":"\#(pay)","status":"authorized","amount":1.5,"currency":"EUR"}"#,
            means: .unknown(.badResponse)
        ),
        Case(200, "", means: .unknown(.badResponse)),
        Case(200, "{", means: .unknown(.badResponse)),
        Case(200, "[]", means: .unknown(.badResponse)),
        Case(200, "null", means: .unknown(.badResponse)),
        Case(200, String(authorized.dropLast()), means: .unknown(.badResponse)),
        Case(201, authorized, means: .unknown(.badResponse)),
        Case(302, "", means: .unknown(.badResponse)),
        Case(418, "{}", means: .unknown(.badResponse)),
        Case(
            402,
            #"{"error":{"code":"insufficient_funds","message":"m"},"id":"ch_9"}"#,
            means: decline(.insufficientFunds, "insufficient_funds")
        ),
        Case(
            402,
            #"{"error":{"code":"processing_error","message":"m","advice_code":"try_again_later"},"id":"ch_9"}"#,
            means: advised(.processingError, "processing_error", advice: .tryAgainLater)
        ),
        // Advice that nobody knows, and none.
        Case(
            402,
            #"{"error":{"advice_code":"pray","code":"lost_card"},"id":"ch_9"}"#,
            means: decline(.lostCard, "lost_card")
        ),
        Case(
            402,
            #"{"error":{"advice_code":null,"code":"lost_card"},"id":"ch_9"}"#,
            means: decline(.lostCard, "lost_card")
        ),
        Case(
            402,
            #"{"error":{"code":"never_heard_of","message":"m"},"id":"ch_9"}"#,
            means: decline(.genericDecline, "never_heard_of")
        ),
        Case(
            402,
            #"{"error":{"code":"\#(String(repeating: "a", count: 100))"},"id":"ch_9"}"#,
            means: decline(.genericDecline, String(repeating: "a", count: 64))
        ),
        // No identifier of the simulator's: nobody knows whose answer this is.
        Case(402, #"{"error":{"code":"insufficient_funds","message":"m"}}"#, means: .unknown(.badResponse)),
        Case(402, #"{"code":"insufficient_funds","id":"ch_9"}"#, means: .unknown(.badResponse)),
        Case(402, "<html>", means: .unknown(.badResponse)),
        Case(402, "{}", means: .unknown(.badResponse)),
        Case(400, "", means: .unknown(.badResponse)),
        Case(400, refusal("invalid_amount"), means: .notExecuted(.misconfigured)),
        Case(400, refusal("unknown_token"), means: decline(.invalidPaymentMethod, "unknown_token")),
        // The key's first request may have been executed.
        Case(400, refusal("idempotency_key_reused"), means: .unknown(.conflict)),
        Case(401, "", means: .unknown(.badResponse)),
        Case(401, refusal("unauthorized"), means: .notExecuted(.misconfigured)),
        Case(403, "", means: .unknown(.badResponse)),
        Case(404, "", means: .unknown(.badResponse)),
        Case(404, refusal("not_found"), means: .notExecuted(.misconfigured)),
        Case(409, refusal("idempotency_in_progress"), means: .unknown(.conflict)),
        Case(409, "", means: .unknown(.conflict)),
        Case(429, "", means: .unknown(.rateLimited)),
        Case(429, refusal("rate_limited"), means: .notExecuted(.rateLimited)),
        Case(503, refusal("not_executed"), means: .notExecuted(.overloaded)),
        Case(503, #"{"error":{"code":"unavailable"}}"#, means: .unknown(.serverError)),
        Case(503, "", means: .unknown(.serverError)),
        Case(500, refusal("not_executed"), means: .unknown(.serverError)),
        Case(502, "", means: .unknown(.serverError)),
        Case(504, "", means: .unknown(.serverError)),
    ]

    @Test("of an authorization", arguments: authorizations)
    func authorization(test: Case) {
        #expect(outcome(test, Calls.make(.authorize)) == test.outcome)
    }

    @Test("of a sale: captured is what was asked for, authorized is not")
    func sale() {
        let captured = #"{"id":"ch_9","reference":"\#(Self.pay)","status":"captured","amount":1000,"currency":"EUR"}"#
        #expect(
            outcome(Case(200, captured, means: .notFound), Calls.make(.authorize, captures: true))
                == Self.success("ch_9")
        )
        #expect(
            outcome(Case(200, Self.authorized, means: .notFound), Calls.make(.authorize, captures: true))
                == .unknown(.badResponse)
        )
    }

    @Test("an authorization says when it ends")
    func expiry() {
        let text = String(Self.authorized.dropLast()) + #","expires_at":1790000000000}"#
        guard case .succeeded(let success) = outcome(Case(200, text, means: .notFound), Calls.make(.authorize)) else {
            return #expect(Bool(false))
        }
        #expect(success.expiresAt == 1_790_000_000_000 && success.amountMinor == 1_000)
    }

    @Test("a shopper is asked", arguments: [ProviderOperation.authorize, .confirm])
    func action(operation: ProviderOperation) {
        func answer(_ action: String) -> String {
            #"{"id":"ch_9","reference":"\#(Self.pay)","status":"requires_action","amount":1000,"currency":"EUR"\#(action)}"#
        }
        let call = Calls.make(operation)
        let redirect = #","next_action":{"type":"redirect","url":"https://psp.test/actions/act_1","more":[1]}"#
        #expect(
            outcome(Case(200, answer(redirect), means: .notFound), call)
                == .actionRequired(
                    NextAction(kind: .redirect, url: "https://psp.test/actions/act_1"),
                    providerReference: "ch_9"
                )
        )
        let challenge = #","next_action":{"type":"three_d_secure","url":"u"}"#
        #expect(
            outcome(Case(200, answer(challenge), means: .notFound), call)
                == .actionRequired(NextAction(kind: .threeDSecure, url: "u"), providerReference: "ch_9")
        )
        for broken in [
            "", #","next_action":{"type":"redirect"}"#, #","next_action":{"type":"dance","url":"u"}"#,
            #","next_action":{"type":"redirect","url":""}"#, #","next_action":{"type":"redirect","url":"a b"}"#,
            #","next_action":{"type":"redirect","url":"\#(String(repeating: "u", count: 2_001))"}"#,
        ] {
            #expect(outcome(Case(200, answer(broken), means: .notFound), call) == .unknown(.badResponse), "\(broken)")
        }
    }

    @Test("of a void by reference: done, too late, or not known")
    func void() {
        let call = Calls.make(.authorize, mode: .cancelByReference, captures: true)
        let done = #"{"id":"can_2","reference":"\#(Self.pay)","status":"succeeded","amount":0,"currency":"EUR"}"#
        #expect(outcome(Case(200, done, means: .notFound), call) == Self.success("can_2", 0))
        let late = #"{"error":{"code":"charge_already_captured"},"id":"can_2"}"#
        #expect(
            outcome(Case(402, late, means: .notFound), call)
                == Self.decline(.alreadyCaptured, "charge_already_captured")
        )
        #expect(outcome(Case(500, "", means: .notFound), call) == .unknown(.serverError))
        #expect(outcome(Case(503, Self.refusal("not_executed"), means: .notFound), call) == .notExecuted(.overloaded))
    }

    @Test("of what follows an authorization", arguments: [ProviderOperation.capture, .cancel, .refund, .increment])
    func followUps(operation: ProviderOperation) {
        let cases = [
            Case(
                200,
                #"{"id":"op_2","charge":"ch_1","status":"succeeded","amount":700,"currency":"EUR"}"#,
                means: Self.success("op_2", 700)
            ),
            Case(
                200,
                #"{"id":"op_2","charge":"ch_1","status":"pending","amount":700,"currency":"EUR"}"#,
                means: .pending(providerReference: "op_2")
            ),
            Case(
                200,
                #"{"id":"op_2","charge":"ch_2","status":"succeeded","amount":700,"currency":"EUR"}"#,
                means: .unknown(.badResponse)
            ),
            Case(
                200,
                #"{"id":"op_2","status":"succeeded","amount":700,"currency":"EUR"}"#,
                means: .unknown(.badResponse)
            ),
            Case(
                402,
                #"{"error":{"code":"charge_already_captured"},"id":"op_2"}"#,
                means: Self.decline(.alreadyCaptured, "charge_already_captured")
            ),
            Case(
                402,
                #"{"error":{"code":"charge_expired"},"id":"op_2"}"#,
                means: Self.decline(.authorizationExpired, "charge_expired")
            ),
            Case(
                402,
                #"{"error":{"code":"amount_too_large"},"id":"op_2"}"#,
                means: Self.decline(.amountExceedsLimit, "amount_too_large")
            ),
            Case(404, Self.refusal("charge_not_found"), means: .notExecuted(.misconfigured)),
        ]
        for test in cases { #expect(outcome(test, Calls.make(operation)) == test.outcome) }
    }

    // MARK: Queries

    private static func found(
        _ outcome: String,
        of operation: String = "authorize",
        key: String? = nil,
        extra: String = ""
    ) -> String {
        let key = key ?? "\(pay)-\(operation)-1-1"
        return #"{"reference":"\#(pay)","operation":"\#(operation)","key":"\#(key)","id":"op_5","charge":"ch_1","#
            + #""outcome":"\#(outcome)","status":"s"\#(extra),"amount":1000,"currency":"EUR"}"#
    }

    static let queries: [Case] = [
        Case(200, found("succeeded"), means: success("ch_1")),
        Case(200, found("pending"), means: .pending(providerReference: "ch_1")),
        Case(200, found("declined", extra: #","code":"do_not_honor""#), means: decline(.doNotHonor, "do_not_honor")),
        Case(200, found("declined"), means: decline(.genericDecline, "")),
        Case(200, found("exploded"), means: .unknown(.badResponse)),
        Case(200, found("succeeded", of: "capture"), means: .unknown(.badResponse)),
        Case(200, found("succeeded", key: "\(pay)-authorize-1-2"), means: .unknown(.badResponse)),
        Case(200, "", means: .unknown(.badResponse)),
        Case(404, refusal("operation_not_found"), means: .notFound),
        Case(404, #"{"error":{"code":"operation_not_found"}}"#, means: .unknown(.badResponse)),
        Case(404, refusal("not_found"), means: .unknown(.badResponse)),
        Case(404, "not found", means: .unknown(.badResponse)),
        Case(400, "", means: .unknown(.misconfigured)),
        Case(401, "", means: .unknown(.misconfigured)),
        Case(402, "{}", means: .unknown(.badResponse)),
        Case(409, "", means: .unknown(.conflict)),
        Case(429, "", means: .unknown(.rateLimited)),
        Case(500, "", means: .unknown(.serverError)),
        Case(503, refusal("not_executed"), means: .unknown(.serverError)),
    ]

    @Test("of a query about an authorization", arguments: queries)
    func query(test: Case) {
        #expect(outcome(test, Calls.make(.authorize, mode: .query)) == test.outcome)
    }

    @Test("of a query about a refund: the reference is the refund's own")
    func queryOfRefund() {
        let test = Case(200, Self.found("succeeded", of: "refund"), means: .notFound)
        #expect(outcome(test, Calls.make(.refund, mode: .query)) == Self.success("op_5"))
    }

    // MARK: No answer

    static let failures: [(HTTPClientFailure, CallFailure)] = [
        (.timeout, .timeout), (.connectFailed, .connectionFailed), (.connectionLost, .connectionLost),
        (.streamReset(code: 7), .streamReset), (.goAway, .connectionLost), (.queueFull, .overloaded),
        (.shutdown, .connectionFailed), (.badResponse, .badResponse), (.badRequest, .misconfigured),
    ]

    @Test("failures keep their certainty, except that a query proves nothing", arguments: failures)
    func failure(failure: HTTPClientFailure, reason: CallFailure) {
        let execution = SimulatedCall(Calls.make(.authorize))
        let query = SimulatedCall(Calls.make(.authorize, mode: .query))
        #expect(SimulatedReplyDecoder.outcome(of: .notExecuted(failure), for: execution) == .notExecuted(reason))
        #expect(SimulatedReplyDecoder.outcome(of: .unknown(failure), for: execution) == .unknown(reason))
        #expect(SimulatedReplyDecoder.outcome(of: .notExecuted(failure), for: query) == .unknown(reason))
        #expect(SimulatedReplyDecoder.outcome(of: .unknown(failure), for: query) == .unknown(reason))
    }

    @Test("every prefix of an answer is unknown, never a success or a refusal")
    func truncated() {
        for length in 0..<Self.authorized.utf8.count {
            let test = Case(200, String(Self.authorized.prefix(length)), means: .notFound)
            #expect(outcome(test, Calls.make(.authorize)) == .unknown(.badResponse))
        }
    }
}

@Suite("The simulator's decline codes")
struct SimulatedDeclinesTests {
    @Test("each code of the table has one meaning, and its class follows from it")
    func table() {
        let codes = SimulatedDeclines.table.map(\.providerCode)
        #expect(Set(codes).count == codes.count)
        for (text, code) in SimulatedDeclines.table {
            let decline = SimulatedDeclines.decline(text)
            #expect(decline == Decline(category: code.category, code: code, providerCode: text))
        }
    }

    @Test("each of our codes can be reached", arguments: DeclineCode.allCases)
    func coverage(code: DeclineCode) {
        #expect(SimulatedDeclines.table.contains { $0.code == code })
    }

    @Test("long codes are cut between characters")
    func cut() {
        let decline = SimulatedDeclines.decline(String(repeating: "é", count: 63) + "zz")
        #expect(decline.providerCode == String(repeating: "é", count: 32))
    }
}
