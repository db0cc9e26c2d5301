import NIOCore
import NIOHPACK
import Payments

/// Ready-made response headers by status, so that an answer costs one copy of a small array and one
/// text (the request identifier).
struct ResponseHeaders {
    enum Media: UInt8 {
        case json
        case problem
        case yaml

        var name: String {
            switch self {
            case .json: "application/json"
            case .problem: "application/problem+json"
            case .yaml: "application/yaml"
            }
        }
    }

    private struct Template {
        var status: UInt16
        var headers: HPACKHeaders
    }

    /// Room for the template's own fields and the most that one answer adds, so that adding never
    /// reallocates.
    private static let fieldCapacity = 10

    private var templates: [Template] = []
    /// The time that answers name, in seconds since 1970; nil as long as nobody has said it.
    private var seconds: Int64?
    private var date: String?

    init() { makeTemplates() }

    private mutating func makeTemplates() {
        let statuses: [UInt16] = [200, 201, 202, 400, 401, 402, 403, 404, 405, 408, 409, 413, 415, 422, 502, 503]
        templates = statuses.map { Template(status: $0, headers: make($0, $0 < 400 ? .json : .problem)) }
    }

    /// Answers name this time from now on (RFC 9110 section 6.6.1). It stands in no HPACK table:
    /// after a minute a table would hold little but old times.
    mutating func setTime(unixSeconds: Int64) {
        guard seconds != unixSeconds else { return }
        seconds = unixSeconds
        date = HTTPDate.text(unixSeconds: unixSeconds)
        makeTemplates()
    }

    /// The headers of an answer. What changes with each answer is sent without indexing, so that it
    /// does not push useful entries out of the peer's HPACK table.
    func make(
        status: UInt16,
        requestID: RequestID,
        bodyBytes: Int,
        retryAfterSeconds: UInt16,
        isReplay: Bool
    )
        -> HPACKHeaders
    {
        var headers = template(status)
        headers.add(name: "request-id", value: requestID.description, indexing: .nonIndexable)
        headers.add(name: "content-length", value: String(bodyBytes), indexing: .nonIndexable)
        if retryAfterSeconds > 0 { headers.add(name: "retry-after", value: String(retryAfterSeconds)) }
        if isReplay { headers.add(name: "idempotent-replayed", value: "true") }
        return headers
    }

    /// The headers of the OpenAPI document.
    func openAPI(requestID: RequestID, bodyBytes: Int) -> HPACKHeaders {
        var headers = make(200, .yaml)
        headers.add(name: "request-id", value: requestID.description, indexing: .nonIndexable)
        headers.add(name: "content-length", value: String(bodyBytes))
        return headers
    }

    private func template(_ status: UInt16) -> HPACKHeaders {
        for template in templates where template.status == status { return template.headers }
        return make(status, status < 400 ? .json : .problem)
    }

    private func make(_ status: UInt16, _ media: Media) -> HPACKHeaders {
        var headers = HPACKHeaders()
        headers.reserveCapacity(Self.fieldCapacity)
        headers.add(name: ":status", value: String(status))
        headers.add(name: "content-type", value: media.name)
        // What is said of money is for the one who asks, now (RFC 9111 section 5.2.2.5).
        if media != .yaml { headers.add(name: "cache-control", value: "no-store") }
        if let date { headers.add(name: "date", value: date, indexing: .nonIndexable) }
        return headers
    }
}
