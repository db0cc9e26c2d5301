import Foundation
import HTTPTransport
import Money
import NIOCore
import NIOHPACK
import Payments
import ShardCore

@testable import API

extension FuzzTarget {
    /// The edge's interpreter: bodies, paths and header fields of any bytes. What it accepts as a
    /// new payment, Foundation reads as the same amount, currency and token; the packed details are
    /// well-formed.
    static let request = FuzzTarget(name: "request", maximumBytes: 8_192) { input in
        var program = FuzzInput(input)
        let kind = program.byte() % 6
        let rest = program.rest()
        switch kind {
        case 0, 1: interpret("POST", path: "/v1/payments", body: rest)
        case 2: interpret("POST", path: "/v1/payments/\(payment)/capture", body: rest)
        case 3: interpret("POST", path: "/v1/payments/\(payment)/refunds", body: rest)
        case 4: interpret("GET", path: "/" + String(decoding: rest, as: UTF8.self), body: [])
        default:
            interpret(
                "POST",
                path: "/v1/payments/\(payment)/cancel",
                body: [],
                key: String(decoding: rest, as: UTF8.self)
            )
        }
    }

    private static let payment = "pay_0000000000000000000000000g"
    private static let key = APIKey.generate()
    private static let configuration: APIConfiguration = {
        let merchant = APIConfiguration.Merchant(
            name: "acme",
            feeBasisPoints: 290,
            route: RoutePlan(.first),
            keyHashes: [key.hash]
        )
        let seed = [UInt8](repeating: 7, count: 32)
        guard let made = try? APIConfiguration(merchants: [merchant], idempotencySeed: seed) else {
            preconditionFailure("the configuration of the fuzz target")
        }
        return made
    }()

    private static func interpret(_ method: String, path: String, body: [UInt8], key idempotencyKey: String = "k-1") {
        var interpreter = RequestInterpreter(configuration)
        let headers: HPACKHeaders = [
            "authorization": "Bearer \(key.text)", "idempotency-key": idempotencyKey,
            "content-type": "application/json",
        ]
        let request = HTTPServerRequest(
            token: HTTPStreamToken(connection: 0, generation: 0, stream: 1),
            method: method,
            path: path,
            headers: headers,
            body: ByteBuffer(bytes: body)
        )
        guard case .operation(let kind, _, _, _, _)? = try? interpreter.interpret(request) else { return }
        switch kind {
        case .create(let payment): check(payment, body)
        case .event, .treasury(.payoutEvent): preconditionFailure("a merchant's key posts no events")
        case .payment, .review, .dispute, .treasury:
            precondition(body.isEmpty || foundation(body) is [String: Any], "accepted, and yet no JSON object")
        case .query: preconditionFailure("a read with a key")
        }
    }

    private static func check(_ payment: CreatePayment, _ body: [UInt8]) {
        guard let object = foundation(body) as? [String: Any] else {
            preconditionFailure("accepted, and yet no JSON object")
        }
        precondition((object["amount"] as? NSNumber)?.int64Value == payment.amountMinor)
        precondition((1...RequestBody.maximumAmountMinor).contains(payment.amountMinor))
        precondition(object["payment_method"] as? String == payment.paymentMethod)
        let code = (object["currency"] as? String).map { Array($0.utf8) } ?? []
        precondition(Currency(code: code.span) == payment.currency)
        var end = 0
        PaymentDetails.forEachField(in: payment.details.bytes.span) { _, range in end = range.upperBound }
        precondition(end == payment.details.bytes.count, "details that cannot be read back")
    }
}
