import HTTPTransport
import Money
import NIOCore
import NIOHPACK
import Payments
import Risk
import Time
import WireJSON

/// Turns questions into requests: one POST of a flat JSON object, without card data.
struct ScoreRequestEncoder {
    private static let initialBodyBytes = 512
    private let headers: HPACKHeaders
    private let merchantName: @Sendable (MerchantID) -> String?

    init(_ target: ScorerTarget, merchantName: @escaping @Sendable (MerchantID) -> String?) {
        self.merchantName = merchantName
        var headers = HPACKHeaders()
        headers.add(name: ":method", value: "POST")
        headers.add(name: ":scheme", value: target.client.tls == nil ? "http" : "https")
        headers.add(name: ":authority", value: target.client.authority)
        headers.add(name: ":path", value: target.path)
        if let token = target.token { headers.add(name: "authorization", value: "Bearer " + token) }
        headers.add(name: "content-type", value: "application/json")
        headers.add(name: "accept", value: "application/json")
        self.headers = headers
    }

    func encode(_ question: ScoreRequest) -> HTTPClientRequest {
        HTTPClientRequest(headers: headers, body: body(question))
    }

    private func body(_ question: ScoreRequest) -> ByteBuffer {
        var body = ByteBufferAllocator().buffer(capacity: Self.initialBodyBytes)
        var json = JSONWriter()
        json.beginObject(into: &body)
        json.name("payment_id", into: &body)
        json.string(question.payment.description, into: &body)
        json.name("merchant_id", into: &body)
        if let name = merchantName(question.merchant) {
            json.string(name, into: &body)
        } else {
            json.null(into: &body)
        }
        json.name("amount", into: &body)
        json.integer(question.amountMinor, into: &body)
        json.name("currency", into: &body)
        json.string(question.currency.code, into: &body)
        json.name("capture", into: &body)
        json.bool(question.capturesAutomatically, into: &body)
        json.name("payment_method", into: &body)
        json.string(question.paymentMethod, into: &body)
        json.name("customer", into: &body)
        if let customer = question.customer {
            json.string(customer, into: &body)
        } else {
            json.null(into: &body)
        }
        writeRules(question, &json, into: &body)
        json.name("created_at", into: &body)
        json.timestamp(milliseconds: question.createdAt.milliseconds, into: &body)
        json.endObject(into: &body)
        return body
    }

    private func writeRules(_ question: ScoreRequest, _ json: inout JSONWriter, into body: inout ByteBuffer) {
        json.name("rules", into: &body)
        json.beginObject(into: &body)
        json.name("score", into: &body)
        json.integer(Int64(question.score), into: &body)
        json.name("reasons", into: &body)
        json.beginArray(into: &body)
        for reason in question.reasons { json.string(reason, into: &body) }
        json.endArray(into: &body)
        json.endObject(into: &body)
    }
}
