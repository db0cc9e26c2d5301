import NIOCore
import NIOHPACK
import Payments
import Testing

@testable import HTTPTransport
@testable import Providers

@Suite("The simulator's requests")
struct SimulatedRequestEncoderTests {
    private let encoder = SimulatedRequestEncoder(authority: "psp.test", isSecure: true, secret: "sk_sim_1")

    private func encoded(_ call: ProviderCall) throws -> (headers: [String: String], body: String?) {
        let request = try #require(encoder.encode(call))
        var headers: [String: String] = [:]
        for (name, value, _) in request.headers { headers[name] = value }
        #expect(headers.count == request.headers.count, "no name comes twice")
        return (headers, request.body.map { String(buffer: $0) })
    }

    private let pay = "\(Calls.payment)"

    @Test("an authorization", arguments: [false, true])
    func authorize(captures: Bool) throws {
        let (headers, body) = try encoded(Calls.make(.authorize, captures: captures))
        #expect(
            headers == [
                ":method": "POST", ":scheme": "https", ":authority": "psp.test", ":path": "/v1/charges",
                "authorization": "Bearer sk_sim_1", "content-type": "application/json",
                "idempotency-key": "\(pay)-authorize-1-1",
            ]
        )
        let expected =
            #"{"reference":"\#(pay)","amount":1000,"currency":"EUR","payment_method":"tok_visa","capture":\#(captures)}"#
        #expect(body == expected)
    }

    @Test(
        "what follows",
        arguments: [
            (ProviderOperation.capture, "/v1/charges/ch_1/capture"), (.refund, "/v1/charges/ch_1/refunds"),
            (.increment, "/v1/charges/ch_1/increment"),
        ]
    )
    func amounts(operation: ProviderOperation, path: String) throws {
        let (headers, body) = try encoded(Calls.make(operation, ordinal: 2, attempt: 3, amount: 7))
        #expect(headers[":path"] == path)
        #expect(headers["idempotency-key"] == "\(pay)-\(operation.name)-2-3")
        let rest = operation == .capture ? #","final":true"# : ""
        #expect(body == #"{"amount":7,"currency":"EUR","reference":"\#(pay)"\#(rest)}"#)
    }

    @Test("a capture that is not the last says so")
    func captureOfSeveral() throws {
        var call = Calls.make(.capture, amount: 7)
        call.isFinal = false
        #expect(try encoded(call).body == #"{"amount":7,"currency":"EUR","reference":"\#(pay)","final":false}"#)
    }

    @Test("only who takes less says so")
    func partialAuthorization() throws {
        var call = Calls.make(.authorize)
        #expect(try encoded(call).body?.contains("partial_authorization") == false)
        call.acceptsPartialAuthorization = true
        #expect(try encoded(call).body?.hasSuffix(#","capture":false,"partial_authorization":true}"#) == true)
    }

    @Test("a confirmation")
    func confirm() throws {
        let (headers, body) = try encoded(Calls.make(.confirm, ordinal: 2))
        #expect(headers[":path"] == "/v1/charges/ch_1/confirm")
        #expect(headers["idempotency-key"] == "\(pay)-confirm-2-1")
        #expect(body == #"{"reference":"\#(pay)"}"#)
    }

    @Test("a confirmation carries what the shopper brought back")
    func confirmWithReturnData() throws {
        var call = Calls.make(.confirm)
        call.returnData = #"a=1&b="x""#
        #expect(try encoded(call).body == #"{"reference":"\#(pay)","return_data":"a=1&b=\"x\""}"#)
    }

    @Test(
        "a void by reference needs no charge, and has a key of its own",
        arguments: [ProviderOperation.authorize, .confirm]
    )
    func void(operation: ProviderOperation) throws {
        let (headers, body) = try encoded(Calls.make(operation, mode: .cancelByReference, reference: ""))
        #expect(headers[":method"] == "POST" && headers[":path"] == "/v1/cancellations")
        #expect(headers["idempotency-key"] == "\(pay)-\(operation.name)-1-1-void")
        #expect(body == #"{"reference":"\#(pay)"}"#)
    }

    @Test("a cancellation")
    func cancel() throws {
        let (headers, body) = try encoded(Calls.make(.cancel))
        #expect(headers[":path"] == "/v1/charges/ch_1/cancel")
        #expect(body == #"{"reference":"\#(pay)"}"#)
    }

    @Test("a query asks by key, sends nothing, and has no key of its own", arguments: ProviderOperation.allCases)
    func query(operation: ProviderOperation) throws {
        let (headers, body) = try encoded(Calls.make(operation, mode: .query, ordinal: 4))
        #expect(headers[":method"] == "GET")
        #expect(headers[":path"] == "/v1/operations?key=\(pay)-\(operation.name)-4-1")
        #expect(headers["idempotency-key"] == nil)
        #expect(headers["authorization"] == "Bearer sk_sim_1")
        #expect(body == nil)
    }

    @Test("the simulator is asked by key alone", arguments: [ResolutionMeans.Lookup.byID, .byList])
    func lookups(lookup: ResolutionMeans.Lookup) {
        var call = Calls.make(.capture, mode: .query)
        call.lookup = lookup
        #expect(encoder.encode(call) == nil)
    }

    @Test("what the simulator's interface tells is what the adapter asks for", arguments: SimulatedInterface.allCases)
    func declared(interface: SimulatedInterface) {
        for operation in ProviderOperation.allCases {
            let means = interface.resolution[operation]
            let isAsked = interface == .full || operation == .authorize || operation == .confirm
            #expect(means.query == (isAsked ? .init(lookup: .byReference, lag: 0) : nil))
            #expect(means.replayWindow == 86_400_000)
        }
    }

    @Test("the same call makes the same bytes", arguments: ProviderOperation.allCases)
    func replay(operation: ProviderOperation) throws {
        let first = try #require(encoder.encode(Calls.make(operation)))
        let second = try #require(encoder.encode(Calls.make(operation)))
        #expect(first.headers == second.headers && first.body == second.body)
    }

    @Test("values that never come again stay out of the dynamic table")
    func indexing() throws {
        for operation in ProviderOperation.allCases {
            let request = try #require(encoder.encode(Calls.make(operation)))
            for (name, value, indexing) in request.headers {
                let isUnique = name == "idempotency-key" || name == ":path" && value.contains("ch_1")
                if case .indexable = indexing { #expect(!isUnique, "\(name)") } else { #expect(isUnique, "\(name)") }
            }
        }
    }

    @Test(
        "a reference that does not belong in a path is not sent",
        arguments: ["", "ch/1", "ch_1/../x", "ch 1", "ch?x", "é", String(repeating: "c", count: 65)]
    )
    func references(reference: String) {
        #expect(encoder.encode(Calls.make(.capture, reference: reference)) == nil)
    }

    @Test("keys fit every provider's limit of 64 characters")
    func keyLength() {
        for operation in ProviderOperation.allCases {
            let call = Calls.make(
                operation,
                payment: PaymentID(high: .max, low: .max),
                ordinal: .max,
                attempt: .max
            )
            #expect(call.providerKey.utf8.count <= 64)
        }
    }

    @Test("tokens are escaped")
    func escaping() throws {
        let (_, body) = try encoded(Calls.make(.authorize, method: #"a"b\"#))
        #expect(body?.contains(#""payment_method":"a\"b\\""#) == true)
    }
}
