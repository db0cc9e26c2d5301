import Foundation
import HTTPTransport
import NIOCore
import NIOHPACK

/// Makes requests out of parts made beforehand: per request one copy of a header list, one key, one
/// body.
struct RequestFactory {
    /// What a body says about a payment to create.
    struct Create {
        var sequence: UInt64
        var amount: Int64
        var currency: UInt8
        var token: UInt8
        var capturesAutomatically: Bool
    }

    static let keyHeader = "idempotency-key"
    static let bodyCapacity = 320

    private let authority: String
    private let scheme: String
    // The target's own path, which comes before all others.
    private let basePath: String
    private let authorizations: [String]
    // Complete but for the key, by merchant.
    private let createHeaders: [HPACKHeaders]
    private let rawHeaders: HPACKHeaders
    // The fixed body around its placeholders.
    private let rawPieces: [[UInt8]]
    private let currencies: [[UInt8]]
    private let tokens: [[UInt8]]
    private let allocator: ByteBufferAllocator

    init(
        scheme: String,
        authority: String,
        basePath: String = "",
        apiKeys: [String],
        compiled: CompiledScenario,
        allocator: ByteBufferAllocator = ByteBufferAllocator()
    ) {
        self.scheme = scheme
        self.authority = authority
        self.basePath = basePath
        self.allocator = allocator
        self.authorizations = apiKeys.map { "Bearer \($0)" }
        self.createHeaders = authorizations.map {
            Self.headers(
                "POST",
                scheme: scheme,
                authority: authority,
                path: "\(basePath)/v1/payments",
                authorization: $0
            )
        }
        let raw = compiled.scenario.raw
        var rawHeaders = Self.headers(
            "POST",
            scheme: scheme,
            authority: authority,
            path: basePath + (raw?.path ?? "/"),
            authorization: authorizations.first
        )
        for (name, value) in (raw?.headers ?? [:]).sorted(by: { $0.key < $1.key }) {
            rawHeaders.replaceOrAdd(name: name, value: value)
        }
        self.rawHeaders = rawHeaders
        self.rawPieces = Self.pieces(of: raw?.body ?? "")
        self.currencies = compiled.currencies.map { Array($0.utf8) }
        self.tokens = compiled.tokens.map { Array($0.utf8) }
    }

    /// `POST /v1/payments`.
    func create(_ payment: Create, merchant: UInt16, key: String) -> HTTPClientRequest {
        var headers = createHeaders[Int(merchant)]
        headers.add(name: Self.keyHeader, value: key, indexing: .neverIndexed)
        return HTTPClientRequest(headers: headers, body: body(payment))
    }

    /// `POST /v1/payments/{id}/ACTION`; `amount` nil asks for all there is.
    func action(
        _ action: String,
        on payment: EntityID,
        amount: Int64?,
        merchant: UInt16,
        key: String
    ) -> HTTPClientRequest {
        let path = "\(basePath)/v1/payments/\(payment.payment)/\(action)"
        var headers = Self.headers(
            "POST",
            scheme: scheme,
            authority: authority,
            path: path,
            authorization: authorizations[Int(merchant)]
        )
        headers.add(name: Self.keyHeader, value: key, indexing: .neverIndexed)
        var body = allocator.buffer(capacity: 32)
        if let amount {
            body.writeStaticString("{\"amount\":")
            body.writeDecimal(amount)
            body.writeStaticString("}")
        } else {
            body.writeStaticString("{}")
        }
        return HTTPClientRequest(headers: headers, body: body)
    }

    /// `GET /v1/payments/{id}`.
    func get(_ payment: EntityID, merchant: UInt16) -> HTTPClientRequest {
        let path = "\(basePath)/v1/payments/\(payment.payment)"
        let headers = Self.headers(
            "GET",
            scheme: scheme,
            authority: authority,
            path: path,
            authorization: authorizations[Int(merchant)]
        )
        return HTTPClientRequest(headers: headers, body: nil)
    }

    /// The scenario's fixed request under `key`; `{sequence}` in its body becomes the number, in
    /// ten digits.
    func raw(sequence: UInt64, key: String) -> HTTPClientRequest {
        var headers = rawHeaders
        headers.add(name: Self.keyHeader, value: key, indexing: .neverIndexed)
        var body = allocator.buffer(capacity: Self.bodyCapacity)
        for (index, piece) in rawPieces.enumerated() {
            if index > 0 { body.writePadded(sequence) }
            body.writeBytes(piece)
        }
        return HTTPClientRequest(headers: headers, body: body)
    }

    private static func pieces(of body: String) -> [[UInt8]] {
        body.components(separatedBy: "{sequence}").map { Array($0.utf8) }
    }

    private static func headers(
        _ method: String,
        scheme: String,
        authority: String,
        path: String,
        authorization: String?
    ) -> HPACKHeaders {
        var headers = HPACKHeaders()
        headers.reserveCapacity(9)
        headers.add(name: ":method", value: method)
        headers.add(name: ":scheme", value: scheme)
        headers.add(name: ":authority", value: authority)
        // A path with an identifier is new each time and would push useful entries out of the
        // dynamic table.
        headers.add(name: ":path", value: path, indexing: path.contains("/pay_") ? .nonIndexable : .indexable)
        if method == "POST" { headers.add(name: "content-type", value: "application/json") }
        if let authorization { headers.add(name: "authorization", value: authorization) }
        headers.add(name: "user-agent", value: "millrace-load/1")
        return headers
    }

    /// Some 250 bytes, like a real merchant's. Numbers stay below 13 digits in a row: longer ones
    /// could pass for a card.
    private func body(_ payment: Create) -> ByteBuffer {
        var body = allocator.buffer(capacity: Self.bodyCapacity)
        body.writeStaticString("{\"amount\":")
        body.writeDecimal(payment.amount)
        body.writeStaticString(",\"currency\":\"")
        body.writeBytes(currencies[Int(payment.currency)])
        body.writeStaticString("\",\"payment_method\":\"")
        body.writeBytes(tokens[Int(payment.token)])
        body.writeStaticString(payment.capturesAutomatically ? "\",\"capture\":true" : "\",\"capture\":false")
        body.writeStaticString(",\"description\":\"Order ")
        body.writePadded(payment.sequence)
        body.writeStaticString("\",\"reference\":\"order-")
        body.writePadded(payment.sequence)
        body.writeStaticString(
            "\",\"statement_descriptor\":\"MILLRACE SHOP\",\"metadata\":{\"channel\":\"web\",\"cart\":\"c-"
        )
        body.writePadded(payment.sequence)
        body.writeStaticString("\",\"region\":\"eu\"}}")
        return body
    }
}

extension ByteBuffer {
    mutating func writeDecimal(_ value: Int64) {
        precondition(value >= 0, "amounts are not negative")
        var value = value
        var digits = InlineArray<20, UInt8>(repeating: 48)
        var first = 20
        repeat {
            first -= 1
            digits[first] = 48 + UInt8(truncatingIfNeeded: value % 10)
            value /= 10
        } while value > 0
        writeWithUnsafeMutableBytes(minimumWritableBytes: 20) { target in
            for index in first..<20 { target[index - first] = digits[index] }
            return 20 - first
        }
    }

    /// Ten decimal digits, the lowest ones of a longer number.
    mutating func writePadded(_ value: UInt64) {
        writeWithUnsafeMutableBytes(minimumWritableBytes: 10) { target in
            var rest = value
            for index in stride(from: 9, through: 0, by: -1) {
                target[index] = 48 + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            }
            return 10
        }
    }
}
