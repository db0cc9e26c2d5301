import Journal
import Ledger
import Money
import NIOCore
import Payments
import Risk
import Testing
import Time

@testable import API
@testable import ShardCore
@testable import ShardRecords

@Suite struct RendererV1Tests {
    static let renderer = RendererV1(cursorKey: LedgerCursorKey(seed: []), connectors: ConnectorRegistry("psp"))
    static let requestID = RequestID(high: 0x0123_4567_89AB_CDEF, low: 0xFEDC_BA98_7654_3210)
    static let decline = Decline(category: .softLater, code: .insufficientFunds, providerCode: "51")

    static let payment = #"""
        {"id":"pay_01m7yky91v000g00000000001a","payment_id":"pay_01m7yky91v000g00000000001a",\#
        "object":"payment","status":"captured","amount":1250,"currency":"EUR",\#
        "capture":true,"amount_authorized":1250,"amount_capturable":0,"amount_captured":1250,"amount_refunded":0,\#
        "amount_refund_pending":0,"payment_method":"tok_visa","description":"Two books",\#
        "reference":"order-1042","customer":null,"statement_descriptor":"MILLRACE BOOKS","metadata":{"cart":"c-77"},\#
        "decline":null,"failure":null,"created_at":"2026-11-21T08:35:36.123Z","updated_at":"2026-11-21T08:35:36.170Z"}
        """#

    static func render(_ body: (inout ByteBuffer) -> Void) -> String {
        var buffer = ByteBuffer()
        body(&buffer)
        return String(buffer: buffer)
    }

    static func render(_ payment: PaymentView, _ details: PaymentDetails = .sample) -> String {
        render { renderer.renderPayment(payment, details: details.bytes.span, into: &$0) }
    }

    @Test func `a payment`() {
        #expect(Self.render(.sample) == Self.payment)
    }

    @Test func `a balance`() {
        let line = BalanceView.Line(currency: .eur, pendingMinor: 975, availableMinor: -1, reserveMinor: 0)
        let dollars = BalanceView.Line(currency: .usd, pendingMinor: 0, availableMinor: .max, reserveMinor: .min)
        let text = Self.render {
            Self.renderer.renderBalance(BalanceView(lines: [line, dollars], asOf: 1_795_250_136_123), into: &$0)
        }
        #expect(
            text == #"""
                {"object":"balance","pending":[{"currency":"EUR","amount":975},{"currency":"USD","amount":0}],\#
                "available":[{"currency":"EUR","amount":-1},{"currency":"USD","amount":9223372036854775807}],\#
                "reserve":[{"currency":"EUR","amount":0},{"currency":"USD","amount":-9223372036854775808}],\#
                "as_of":"2026-11-21T08:35:36.123Z"}
                """#
        )
        let empty = Self.render { Self.renderer.renderBalance(BalanceView(lines: [], asOf: 0), into: &$0) }
        #expect(empty.hasPrefix(#"{"object":"balance","pending":[],"available":[],"reserve":[],"as_of":"1970"#))
    }

    @Test func `a timeline's largest entries fit what is reserved for them`() throws {
        let parties = Parties(merchant: .max, connector: .max, currency: .kwd)
        let text = String(repeating: "\u{1}", count: 64)
        let payment = PaymentID(high: .max, low: .max)
        let transfers = Transfers(
            PostingRules.release(parties, amountMinor: .max),
            PostingRules.capture(parties, amountMinor: .max, feeMinor: 1)
        )
        let finished = OperationFinished(
            payment: payment,
            operation: .authorize,
            ordinal: .max,
            connector: .first,
            result: .declined(.authentication, .authenticationRequired),
            amountMinor: .max,
            executedMinor: .min,
            executedCurrency: .kwd,
            providerReference: text,
            declineProviderCode: text,
            transfers: transfers,
            responseStatus: .max,
            response: ByteBuffer(),
            previous: 0,
            time: .latest
        )
        let history = try PaymentHistory(of: payment, newest: 1) { _ throws(JournalError) in encode(finished) }
        let json = Self.render { Self.renderer.renderHistory(history, of: payment, into: &$0) }
        #expect(json.contains(#""truncated":true"#))
        #expect(json.contains(#""decline":{"class":"authentication","standard_code":"authentication_required""#))
        #expect(json.contains(#"{"posting_rule":"capture","postings":[{"account":"psp:receivable","currency":"KWD""#))
    }

    private func encode(_ record: OperationFinished) -> [UInt8] {
        var framed: [UInt8] = []
        let record = ShardRecord.operationFinished(record)
        let header = RecordHeader(
            record.facts,
            merchant: MerchantID(rawValue: 7),
            status: .processing,
            paymentVersion: 2
        )
        record.encodeFramed(header: header, into: &framed)
        return Array(framed.dropFirst(4))
    }

    @Test func `a payment without details`() {
        var details = PaymentDetails()
        details.append(.paymentMethod, "pm")
        let members =
            #""payment_method":"pm","description":null,"reference":null,"customer":null,"#
            + #""statement_descriptor":null,"metadata":{}"#
        #expect(Self.render(.sample, details).contains(members))
    }

    @Test func `a payment that the fraud rules spoke of shows what they said`() {
        let reasons = (0..<RiskNote.maximumReasons).map { "\"\($0)\"" + String(repeating: "\\", count: 59) }
        let assessment = RiskAssessment(band: .review, score: 100, reasons: reasons, asksScorer: true)
        let noted = RiskNote.prepend(assessment, to: PaymentDetails.sample.bytes)
        let text = Self.render(.sample, PaymentDetails(packed: noted))
        let first = #""metadata":{"cart":"c-77"},"risk":{"outcome":"review","score":100,"reasons":["\"0\""#
        #expect(text.contains(first) && text.contains(#"\\"]},"decline":null"#))
        #expect(!Self.render(.sample).contains("risk"))
    }

    @Test func `a failed payment says why`() {
        var view = PaymentView.sample
        view.status = .failed
        view.decline = Self.decline
        let decline =
            #""decline":{"class":"soft_later","standard_code":"insufficient_funds","psp_code":"51"},"failure":null"#
        #expect(Self.render(view).contains(decline))
        view.decline = nil
        view.failure = .call(.connectionFailed)
        #expect(Self.render(view).contains(#""decline":null,"failure":{"reason":"connection_failed"}"#))
    }

    @Test func `what the merchant sent is escaped`() {
        var details = PaymentDetails()
        details.append(.paymentMethod, "pm")
        details.append(.metadataKey, "\"k\\")
        details.append(.metadataValue, "line\nbreak")
        details.append(.description, String(repeating: "\u{1}", count: 1000))
        details.append(.metadataKey, "é")
        details.append(.metadataValue, "")
        let text = Self.render(.sample, details)
        #expect(text.contains(#""metadata":{"\"k\\":"line\u000abreak","é":""}"#))
        #expect(text.contains(String(repeating: #"\u0001"#, count: 1000)))
    }

    @Test func `the largest payment fits what is reserved for it`() {
        var view = PaymentView.sample
        view.status = .partiallyRefunded
        view.capturesAutomatically = false
        view.amountMinor = .min
        view.authorizedMinor = .min
        view.capturableMinor = .min
        view.capturedMinor = .min
        view.refundedMinor = .min
        view.refundPendingMinor = .min
        view.failure = .call(.connectionFailed)
        for category in DeclineClass.allCases {
            for code in DeclineCode.allCases {
                let providerCode = String(repeating: "\"", count: 64)
                view.decline = Decline(category: category, code: code, providerCode: providerCode)
                var details = PaymentDetails()
                for _ in 0..<50 {
                    details.append(.metadataKey, "")
                    details.append(.metadataValue, "")
                }
                // Writing beyond the reservation would trap.
                #expect(Self.render(view, details).hasSuffix("}"))
                #expect(Self.render(view, PaymentDetails()).utf8.count < PaymentObject.maximumBytes(view, Span()))
            }
        }
    }

    @Test func `a payment of usual size takes one kilobyte`() {
        var buffer = ByteBuffer()
        Self.renderer.renderPayment(.sample, details: PaymentDetails.sample.bytes.span, into: &buffer)
        #expect(buffer.capacity <= 1024)
    }

    @Test func `a declined payment`() {
        let text = Self.render {
            Self.renderer.renderDeclined(
                .sample,
                details: PaymentDetails.sample.bytes.span,
                decline: Self.decline,
                requestID: Self.requestID,
                into: &$0
            )
        }
        let head = #"""
            {"type":"https://millrace.dev/problems/payment_declined","title":"The payment was declined","status":402,\#
            "detail":"See decline for what may be done.","code":"payment_declined","category":"decline",\#
            "retryable":true,"decline":{"class":"soft_later","standard_code":"insufficient_funds","psp_code":"51"},\#
            "payment_id":"pay_01m7yky91v000g00000000001a","payment":
            """#
        #expect(text == head + Self.payment + #","request_id":"\#(Self.requestID)"}"#)
    }

    @Test func `a hard decline is not retryable`() {
        let retryable = DeclineClass.allCases.filter(\.isRetryable)
        #expect(retryable == [.softLater, .softTechnical])
    }

    @Test func `a payment that was not executed`() {
        let text = Self.render {
            Self.renderer.renderNotExecuted(
                .sample,
                details: PaymentDetails.sample.bytes.span,
                reason: .call(.connectionFailed),
                requestID: Self.requestID,
                into: &$0
            )
        }
        let head = #"""
            {"type":"https://millrace.dev/problems/payment_not_executed","title":"The payment was not executed",\#
            "status":502,"detail":"No money moved. If retryable is true, try again with a new idempotency key.",\#
            "code":"payment_not_executed","category":"psp","retryable":true,"reason":"connection_failed",\#
            "payment_id":"pay_01m7yky91v000g00000000001a","payment":
            """#
        #expect(text == head + Self.payment + #","request_id":"\#(Self.requestID)"}"#)
    }

    @Test(
        "a payment that was not executed is retryable only where a retry can help",
        arguments: FailureReason.allCases
    )
    func retryable(reason: FailureReason) {
        let text = Self.render {
            Self.renderer.renderNotExecuted(
                .sample,
                details: PaymentDetails.sample.bytes.span,
                reason: reason,
                requestID: Self.requestID,
                into: &$0
            )
        }
        let isHopeless =
            switch reason {
            case .call(.misconfigured), .reversal(.partialAuthorization), .risk: true
            default: false
            }
        #expect(text.contains(#""retryable":\#(!isHopeless),"reason":"\#(reason.name)""#))
    }

    static let refund = #"""
        {"id":"ref_01m7ykycv0000g00000002m001","object":"refund","payment_id":"pay_01m7yky91v000g00000000001a",\#
        "status":"succeeded","amount":250,"currency":"EUR","decline":null,"created_at":"2026-11-21T08:35:40.000Z",\#
        "updated_at":"2026-11-21T08:35:40.035Z"}
        """#

    @Test func `a refund`() {
        let text = Self.render { Self.renderer.renderRefund(.sample, into: &$0) }
        #expect(text == Self.refund)
    }

    @Test func `a declined refund`() {
        var view = RefundView.sample
        view.status = .failed
        view.decline = Decline(category: .hard, code: .invalidAccount, providerCode: "a\"b")
        let text = Self.render {
            Self.renderer.renderRefundFailed(view, reason: nil, requestID: Self.requestID, into: &$0)
        }
        let decline = #"{"class":"hard","standard_code":"invalid_account","psp_code":"a\"b"}"#
        let expected =
            #"{"type":"https://millrace.dev/problems/refund_declined","title":"The refund was declined","status":402,"#
            + #""detail":"See decline for what may be done.","code":"refund_declined","category":"decline","#
            + #""retryable":false,"decline":"# + decline
            + #","payment_id":"pay_01m7yky91v000g00000000001a","refund":"#
            + Self.refund.replacing("succeeded", with: "failed").replacing("null", with: decline)
            + #","request_id":"\#(Self.requestID)"}"#
        #expect(text == expected)
    }

    @Test(arguments: CallFailure.allCases)
    func `a refund that was not executed is retryable unless the gateway's own request is wrong`(_ cause: CallFailure) {
        var view = RefundView.sample
        view.status = .failed
        let text = Self.render {
            Self.renderer.renderRefundFailed(view, reason: .call(cause), requestID: Self.requestID, into: &$0)
        }
        #expect(text.contains(#""status":502,"#))
        let members = #""code":"refund_failed","category":"psp","retryable":\#(cause != .misconfigured),"#
        #expect(text.contains(members + #""reason":"\#(cause.name)","payment_id":"#))
    }

    @Test func `a refusal without a payment`() {
        let text = Self.render {
            Self.renderer.renderRefusal(
                .keyInUse,
                payment: nil,
                details: Span(),
                requestID: Self.requestID,
                into: &$0
            )
        }
        let expected = #"""
            {"type":"https://millrace.dev/problems/idempotency_key_in_use",\#
            "title":"The first request with this idempotency key is still running","status":409,\#
            "detail":"Ask again with the same key after the time that Retry-After says.",\#
            "code":"idempotency_key_in_use","category":"conflict","retryable":true,"retry_after_ms":1000,\#
            "request_id":"\#(Self.requestID)"}
            """#
        #expect(text == expected)
    }

    @Test func `a refusal shows the payment that it is about`() {
        let text = Self.render {
            Self.renderer.renderRefusal(
                .unexpectedState,
                payment: .sample,
                details: PaymentDetails.sample.bytes.span,
                requestID: Self.requestID,
                into: &$0
            )
        }
        #expect(text.contains(#""retryable":false,"allowed":[],"payment_id":"pay_01m7yky91v000g00000000001a","#))
        #expect(text.contains(Self.payment))
    }

    @Test func `the same arguments give the same bytes`() {
        #expect(Self.render(.sample) == Self.render(.sample))
    }
}
