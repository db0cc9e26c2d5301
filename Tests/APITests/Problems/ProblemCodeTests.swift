import HTTPTransport
import NIOCore
import Payments
import ShardCore
import Testing

@testable import API

@Suite struct ProblemCodeTests {
    @Test func `names are unique and made of small letters`() {
        let names = ProblemCode.allCases.map { "\($0.name)" }
        #expect(Set(names).count == names.count)
        #expect(names.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy { $0 == 0x5F || (0x61...0x7A).contains($0) } })
    }

    @Test(arguments: ProblemCode.allCases) func `status and category agree`(_ code: ProblemCode) {
        switch code.category {
        case .validation: #expect([400, 404, 405, 408, 413, 415, 422, 431, 501].contains(code.status))
        case .auth: #expect([401, 403].contains(code.status))
        case .rateLimit, .internal: #expect(code.status == 503)
        case .conflict: #expect([409, 422].contains(code.status))
        case .decline: #expect(code.status == 402)
        case .psp: #expect(code.status == 502)
        }
        if code.retryAfterSeconds > 0 { #expect(code.isRetryable) }
        if code.status == 503 { #expect(code.isRetryable && code.retryAfterSeconds > 0) }
    }

    @Test(arguments: Refusal.allCases) func `a refusal has the same status everywhere`(_ refusal: Refusal) {
        #expect(ProblemCode(refusal).status == refusal.httpStatus)
        #expect(ProblemCode(refusal).retryAfterSeconds == refusal.retryAfterSeconds)
    }

    @Test func `each code has one row and each row its code`() {
        for code in ProblemCode.allCases { #expect(code.rule.code == code) }
        #expect(ProblemRule.all.count == ProblemCode.allCases.count)
    }

    @Test func `each refusal has a code of its own`() {
        #expect(Set(Refusal.allCases.map { ProblemCode($0) }).count == Refusal.allCases.count)
    }

    @Test func `faults of the transport have their statuses`() {
        #expect(HTTPRequestFault.allCases.map { ProblemCode($0).status } == [413, 408, 503, 400, 431, 501])
    }

    @Test(arguments: ProblemCode.allCases) func `the texts need no escaping`(_ code: ProblemCode) {
        for text in ["\(code.title)", "\(code.detail)", "\(code.name)", "\(code.category.name)"] {
            #expect(text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x5C })
        }
        #expect(!"\(code.title)".hasSuffix("."))
        #expect("\(code.detail)".hasSuffix("."))
    }

    @Test func `docs errors md lists exactly these codes`() throws {
        let rows = ProblemCode.allCases.map { code in
            let retry = code.category == .decline ? "by class" : code.isRetryable ? "yes" : "no"
            return
                "| `\(code.name)` | \(code.status) | \(code.category.name) | \(retry) | \(code.title). \(code.detail) |"
        }
        let document = try repositoryFile("docs/errors.md")
        let codes = try #require(document.firstRange(of: "## Codes"))
        let listed = document[codes.upperBound...].split(separator: "\n").filter { $0.hasPrefix("| `") }.map(
            String.init
        )
        #expect(listed == rows)
    }
}

@Suite struct ProblemDocumentTests {
    @Test(arguments: ProblemCode.allCases) func `a rejection's document has its members`(_ code: ProblemCode) {
        var body = ByteBuffer()
        let rejection = Rejection(code, .known("amount"))
        ProblemDocument.write(rejection, requestID: RendererV1Tests.requestID, into: &body)
        let retryAfter = code.retryAfterSeconds > 0 ? ",\"retry_after_ms\":\(code.retryAfterSeconds)000" : ""
        let expected =
            "{\"type\":\"https://millrace.dev/problems/\(code.name)\",\"title\":\"\(code.title)\","
            + "\"status\":\(code.status),\"detail\":\"\(code.detail)\",\"code\":\"\(code.name)\","
            + "\"category\":\"\(code.category.name)\",\"retryable\":\(code.isRetryable)\(retryAfter),"
            + "\"param\":\"amount\",\"request_id\":\"\(RendererV1Tests.requestID)\"}"
        #expect(String(buffer: body) == expected)
    }

    @Test func `a made-up name is repeated only when it is short and plain`() {
        func name(_ text: String) -> String? {
            guard case .unknown(let name)? = ParameterName(unknown: text.utf8.span) else { return nil }
            return name
        }
        #expect(name("amuont") == "amuont")
        #expect(name(String(repeating: "x", count: 40)) != nil)
        #expect(name(String(repeating: "x", count: 41)) == nil)
        #expect(name("") == nil)
        #expect(name("a b") == nil)
        #expect(name("é") == nil)
        var body = ByteBuffer()
        let quotes = ParameterName(unknown: String(repeating: "\"", count: 40).utf8.span)
        ProblemDocument.write(Rejection(.parameterUnknown, quotes), requestID: .init(high: 0, low: 0), into: &body)
        #expect(String(buffer: body).contains(String(repeating: "\\\"", count: 40)))
    }

    @Test("the limits that texts name are the limits that hold")
    func limits() {
        #expect(String(describing: ProblemCode.tooManyRefunds.detail).contains(" \(Payment.maximumRefunds) "))
    }
}
