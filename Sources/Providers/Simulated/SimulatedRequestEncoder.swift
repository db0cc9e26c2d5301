import HTTPTransport
import Money
import NIOCore
import NIOHPACK
import Payments
import WireJSON

/// Turns calls into the simulator's requests. The same call always makes the same bytes, so that a
/// replay under its key has identical parameters.
struct SimulatedRequestEncoder {
    private static let initialBodyBytes = 256

    private let secretHeader: String
    private let authority: String
    private let scheme: String
    /// Everything of an authorization but its key.
    private let authorizeHeaders: HPACKHeaders

    init(authority: String, isSecure: Bool, secret: String) {
        self.authority = authority
        scheme = isSecure ? "https" : "http"
        secretHeader = "Bearer " + secret
        var headers = HPACKHeaders()
        headers.add(name: ":method", value: "POST")
        headers.add(name: ":scheme", value: scheme)
        headers.add(name: ":authority", value: authority)
        headers.add(name: ":path", value: "/v1/charges")
        headers.add(name: "authorization", value: secretHeader)
        headers.add(name: "content-type", value: "application/json")
        authorizeHeaders = headers
    }

    /// The request for `call`. It is `nil` if the reference of an earlier operation is missing or
    /// has characters that do not belong in a path.
    func encode(_ call: ProviderCall) -> HTTPClientRequest? {
        switch call.mode {
        case .query:
            // The simulator is asked by the operation's key alone.
            guard call.lookup == .byReference else { return nil }
            return HTTPClientRequest(headers: queryHeaders(key: call.providerKey), body: nil)
        case .execute:
            return execute(call)
        case .cancelByReference:
            // A key of its own: the void is another operation than the authorization that it
            // reverses.
            return post("/v1/cancellations", key: call.providerKey + "-void", body: referenceBody(call))
        }
    }

    private func execute(_ call: ProviderCall) -> HTTPClientRequest? {
        switch call.operation {
        case .authorize:
            var headers = authorizeHeaders
            addKey(call.providerKey, to: &headers)
            return HTTPClientRequest(headers: headers, body: authorizeBody(call))
        case .capture:
            return modification(call, path: "/capture", body: amountBody(call))
        case .cancel:
            return modification(call, path: "/cancel", body: referenceBody(call))
        case .refund:
            return modification(call, path: "/refunds", body: amountBody(call))
        case .increment:
            return modification(call, path: "/increment", body: amountBody(call))
        case .confirm:
            return modification(call, path: "/confirm", body: referenceBody(call))
        }
    }

    // MARK: Headers

    private func modification(_ call: ProviderCall, path: String, body: ByteBuffer) -> HTTPClientRequest? {
        guard Self.isPathSegment(call.providerReference) else { return nil }
        return post("/v1/charges/" + call.providerReference + path, key: call.providerKey, body: body)
    }

    private func post(_ path: String, key: String, body: ByteBuffer) -> HTTPClientRequest {
        var headers = HPACKHeaders()
        headers.reserveCapacity(7)
        headers.add(name: ":method", value: "POST")
        addTarget(path, to: &headers)
        headers.add(name: "content-type", value: "application/json")
        addKey(key, to: &headers)
        return HTTPClientRequest(headers: headers, body: body)
    }

    private func queryHeaders(key: String) -> HPACKHeaders {
        var headers = HPACKHeaders()
        headers.reserveCapacity(5)
        headers.add(name: ":method", value: "GET")
        addTarget("/v1/operations?key=" + key, to: &headers)
        return headers
    }

    private func addTarget(_ path: String, to headers: inout HPACKHeaders) {
        headers.add(name: ":scheme", value: scheme)
        headers.add(name: ":authority", value: authority)
        // Paths and keys are never repeated. In the dynamic table they would only replace headers
        // that are.
        headers.add(name: ":path", value: path, indexing: .nonIndexable)
        headers.add(name: "authorization", value: secretHeader)
    }

    private func addKey(_ key: String, to headers: inout HPACKHeaders) {
        headers.add(name: "idempotency-key", value: key, indexing: .nonIndexable)
    }

    /// The simulator's identifiers are letters, digits and underscores; anything else could lead to
    /// another resource.
    private static func isPathSegment(_ text: String) -> Bool {
        let utf8 = text.utf8
        return (1...SimulatedReplyDecoder.maximumReferenceBytes).contains(utf8.count)
            && utf8.allSatisfy { character in
                switch character {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default:
                    false
                }
            }
    }

    // MARK: Bodies

    private func authorizeBody(_ call: ProviderCall) -> ByteBuffer {
        var body = ByteBufferAllocator().buffer(capacity: Self.initialBodyBytes)
        var json = JSONWriter()
        json.beginObject(into: &body)
        json.name("reference", into: &body)
        json.string(call.payment.description, into: &body)
        writeAmount(call, &json, into: &body)
        json.name("payment_method", into: &body)
        json.string(call.paymentMethod, into: &body)
        json.name("capture", into: &body)
        json.bool(call.capturesAutomatically, into: &body)
        if call.acceptsPartialAuthorization {
            json.name("partial_authorization", into: &body)
            json.bool(true, into: &body)
        }
        json.endObject(into: &body)
        return body
    }

    private func amountBody(_ call: ProviderCall) -> ByteBuffer {
        var body = ByteBufferAllocator().buffer(capacity: Self.initialBodyBytes)
        var json = JSONWriter()
        json.beginObject(into: &body)
        writeAmount(call, &json, into: &body)
        json.name("reference", into: &body)
        json.string(call.payment.description, into: &body)
        if call.operation == .capture {
            json.name("final", into: &body)
            json.bool(call.isFinal, into: &body)
        }
        json.endObject(into: &body)
        return body
    }

    private func referenceBody(_ call: ProviderCall) -> ByteBuffer {
        var body = ByteBufferAllocator().buffer(capacity: Self.initialBodyBytes)
        var json = JSONWriter()
        json.beginObject(into: &body)
        json.name("reference", into: &body)
        json.string(call.payment.description, into: &body)
        if !call.returnData.isEmpty {
            json.name("return_data", into: &body)
            json.string(call.returnData, into: &body)
        }
        json.endObject(into: &body)
        return body
    }

    private func writeAmount(_ call: ProviderCall, _ json: inout JSONWriter, into body: inout ByteBuffer) {
        json.name("amount", into: &body)
        json.integer(call.amountMinor, into: &body)
        json.name("currency", into: &body)
        json.string(call.currency.code, into: &body)
    }
}
