import Foundation
import HTTPTransport
import Money
import NIOCore
import NIOHPACK
import Payments

@testable import Providers

extension FuzzTarget {
    /// What the gateway makes of a PSP's answer. Success only from a 200 that Foundation reads the
    /// same way; "certainly not executed" only from the statuses that prove it.
    static let provider = FuzzTarget(name: "provider", maximumBytes: 2_048) { input in
        var program = FuzzInput(input)
        let first = program.byte()
        let mode: ProviderCall.Mode = first & 1 == 0 ? .execute : .query
        let operation = ProviderOperation.allCases[Int(program.byte()) % ProviderOperation.allCases.count]
        let statuses = [200, 200, 402, 400, 404, 409, 429, 503, 500, 301, 0, -1]
        let status = statuses[Int(program.byte()) % statuses.count]
        let body = program.rest()
        let call = ProviderCall(
            mode: mode,
            operation: operation,
            connector: .first,
            payment: PaymentID(high: 0, low: 1),
            ordinal: 1,
            attempt: 1,
            amountMinor: 1_250,
            currency: euro,
            capturesAutomatically: true,
            paymentMethod: "pm_1",
            providerReference: operation == .authorize ? "" : "ch_1"
        )
        let json: HPACKHeaders = ["content-type": "application/json"]
        let headers = [json, json, ["content-type": "text/html"], [:]][Int(first >> 6)]
        let response = HTTPClientResponse(status: status, headers: headers, body: ByteBuffer(bytes: body))
        let outcome = SimulatedReplyDecoder.outcome(of: .response(response), for: SimulatedCall(call))
        check(outcome, mode: mode, status: status, body: body)
        // What is not declared as the PSP's JSON proves nothing.
        if !JSONMediaType.isDeclared(by: headers) {
            guard case .unknown = outcome else { preconditionFailure("\(outcome) from an answer that is not JSON") }
        }
    }

    private static let euro: Currency = {
        guard let euro = Currency(numericCode: 978) else { preconditionFailure("no euro") }
        return euro
    }()

    private static func check(_ outcome: ProviderOutcome, mode: ProviderCall.Mode, status: Int, body: [UInt8]) {
        switch outcome {
        case .succeeded(let success):
            precondition(status == 200)
            guard let object = foundation(body) as? [String: Any] else { preconditionFailure("no JSON object") }
            // Of a member that comes twice, either may be the one that Foundation kept.
            precondition(success.providerReference.utf8.count <= 64 && !success.providerReference.isEmpty)
            precondition(object["amount"] is NSNumber && object["currency"] is String)
            precondition((0...1_000_000_000_000_000).contains(success.amountMinor))
        case .pending, .actionRequired: precondition(status == 200)
        case .declined: precondition(mode == .execute ? status == 402 : status == 200)
        case .notExecuted:
            precondition(mode == .execute && [400, 401, 404, 405, 413, 429, 503].contains(status))
            precondition(String(decoding: body, as: UTF8.self).contains("req_"))
        case .notFound: precondition(mode == .query && status == 404)
        case .unknown: break
        }
    }
}
