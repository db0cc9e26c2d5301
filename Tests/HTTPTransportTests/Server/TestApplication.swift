import HTTPTransport
import NIOCore
import NIOHPACK

/// Echoes bodies, or holds its answers back until told.
final class TestApplication: HTTPServerApplication {
    enum Mode {
        /// Answers inside `receive`.
        case echo
        /// Answers in `receiveComplete`.
        case batch
        /// Answers when `answerHeld` is called.
        case hold
        /// Answers each request with a body of this many bytes.
        case large(Int)
    }

    let loop: HTTPServerLoop
    var mode: Mode
    private(set) var received: [HTTPServerRequest] = []
    private(set) var batches = 0
    private(set) var faults: [HTTPRequestFault] = []
    /// How deep calls of `receive` have been inside one another; 1 is none.
    private(set) var greatestDepth = 0
    private var depth = 0
    /// Where on the stack faults were asked about: grows when a refusal is written inside another.
    private(set) var faultAddresses: [UInt] = []
    /// Refused by its headers alone.
    var refusedPath: String?
    private var batch: [HTTPServerRequest] = []
    private(set) var held: [HTTPServerRequest] = []

    init(loop: HTTPServerLoop, mode: Mode = .echo) {
        self.loop = loop
        self.mode = mode
    }

    func receive(_ request: HTTPServerRequest) {
        depth += 1
        defer { depth -= 1 }
        greatestDepth = max(greatestDepth, depth)
        received.append(request)
        switch mode {
        case .echo: loop.respond(request.token, Self.echo(request))
        case .batch: batch.append(request)
        case .hold: held.append(request)
        case .large(let count):
            let body = ByteBuffer(repeating: UInt8(ascii: "x"), count: count)
            loop.respond(request.token, HTTPServerResponse(headers: [":status": "200"], body: body))
        }
    }

    func receiveComplete() {
        batches += 1
        for request in batch { loop.respond(request.token, Self.echo(request)) }
        batch.removeAll()
    }

    func refusal(of headers: HPACKHeaders) -> HTTPServerResponse? {
        guard let refusedPath, headers.first(name: ":path") == refusedPath else { return nil }
        return HTTPServerResponse(headers: [":status": "401"], body: ByteBuffer(string: "no"))
    }

    func response(to fault: HTTPRequestFault) -> HTTPServerResponse {
        faults.append(fault)
        var marker: UInt8 = 0
        withUnsafeMutablePointer(to: &marker) { faultAddresses.append(UInt(bitPattern: $0)) }
        let status =
            switch fault {
            case .bodyTooLarge: "413"
            case .bodyTimeout: "408"
            case .overloaded: "503"
            case .malformed: "400"
            case .headersTooLarge: "431"
            case .transferCodingUnknown: "501"
            }
        return HTTPServerResponse(headers: [":status": status], body: ByteBuffer(string: "\(fault)"))
    }

    /// Answers everything held; what `respond` said.
    @discardableResult
    func answerHeld() -> [Bool] {
        let requests = held
        held.removeAll()
        return requests.map { loop.respond($0.token, Self.echo($0)) }
    }

    static func echo(_ request: HTTPServerRequest) -> HTTPServerResponse {
        switch request.path {
        case "/empty": HTTPServerResponse(headers: [":status": "204"], body: ByteBuffer())
        case "/scheme":
            HTTPServerResponse(
                headers: [":status": "200", "x-scheme": request.headers.first(name: ":scheme") ?? ""],
                body: request.body
            )
        default: HTTPServerResponse(headers: [":status": "200", "x-path": request.path], body: request.body)
        }
    }
}
