import HTTPTransport
import NIOCore
import NIOHPACK
import WireJSON

/// Binds the simulator's core to an event loop and a server. It reads requests, lets the core
/// decide, and carries the verdict out, now or when its latency is over. Owned by that loop.
final class SimulatorApplication: HTTPServerApplication {
    /// Answers that wait for their latency, at most; above, answers leave early.
    static let maximumDelayed = 1_000_000

    let loop: HTTPServerLoop
    var core: SimulatorCore
    let interface: SimulatorInterface
    let headers = ResponseHeaders()
    var drips: [Drip] = []
    private(set) var requestCount: UInt64 = 0

    private let start: NIODeadline
    private var delayed = DelayRing<Delayed>(maximumCount: SimulatorApplication.maximumDelayed)
    private var expired: [Delayed] = []
    private var ticker: RepeatedTask?
    private var idleTicks = 0

    /// An answer on its way.
    struct Delayed {
        var token: HTTPStreamToken
        var response: HTTPServerResponse
        var delivery: Verdict.Delivery
    }

    init(loop: HTTPServerLoop, core: SimulatorCore, interface: SimulatorInterface) {
        self.loop = loop
        self.core = core
        self.interface = interface
        self.start = .now()
    }

    /// Milliseconds since the start.
    var now: UInt32 {
        UInt32(truncatingIfNeeded: (NIODeadline.now() - start).nanoseconds / 1_000_000)
    }

    // MARK: Requests

    func receive(_ request: HTTPServerRequest) {
        requestCount += 1
        dispatch(request)
        let every = UInt64(core.profile.goAwayEvery)
        if every > 0, requestCount.isMultiple(of: every) { loop.goAway(request.token) }
    }

    // Every request is answered as it comes: there is nothing to hand over.
    func receiveComplete() {}

    func response(to fault: HTTPRequestFault) -> HTTPServerResponse {
        switch fault {
        case .bodyTooLarge: response(.bodyTooLarge)
        case .bodyTimeout: response(.bodyTimeout)
        case .overloaded: response(.notExecuted)
        case .malformed, .headersTooLarge, .transferCodingUnknown: response(.invalidRequest)
        }
    }

    private func dispatch(_ request: HTTPServerRequest) {
        let bytes = request.path.utf8.span
        let mark = bytes.firstIndex(of: UInt8(ascii: "?")) ?? bytes.count
        if core.hasLate { core.advance(to: now) }
        let route = Route(method: request.method, path: bytes.extracting(0..<mark), epoch: core.store.epoch)
        if route.needsAuthorization, !Self.isAuthorized(request.headers) {
            return reply(request.token, response(.unauthorized))
        }
        let query = bytes.extracting(min(mark + 1, bytes.count)..<bytes.count)
        switch route {
        case .createCharge: createCharge(request)
        case .followUp(let kind, let charge): followUp(kind, charge: charge, request: request)
        case .listCharges: listCharges(request.token, query)
        case .readCharge(let charge): readCharge(request.token, charge)
        case .readOperation: readOperation(request.token, query)
        case .voidReference: voidReference(request)
        case .showAction(let charge): showAction(charge, request.token)
        case .finishAction(let charge, let succeeds): finishAction(charge, succeeds: succeeds, request.token)
        case .oracle: oracle(request.token, query)
        case .readProfile: readProfile(request.token)
        case .writeProfile: writeProfile(request)
        case .reset: reset(request.token)
        case .statistics: readStatistics(request.token)
        case .health: reply(request.token, json(200, ByteBuffer(string: #"{"status":"ok"}"#)))
        case .methodNotAllowed: reply(request.token, response(.methodNotAllowed))
        case .notFound: reply(request.token, response(.routeNotFound))
        }
    }

    private static func isAuthorized(_ headers: HPACKHeaders) -> Bool {
        guard let value = headers.first(name: "authorization") else { return false }
        return value.utf8.span.starts(with: "Bearer sk_sim_")
    }

    // MARK: Answers

    func json(_ status: Int, _ body: ByteBuffer, replayed: Bool = false) -> HTTPServerResponse {
        HTTPServerResponse(headers: headers.json(status, replayed: replayed), body: body)
    }

    func response(_ refusal: Refusal) -> HTTPServerResponse {
        let (status, body) = Verdict.refusal(refusal).wording(in: core.store, request: requestCount)
        return json(status, body)
    }

    /// Sends an answer of the control side: at once.
    func reply(_ token: HTTPStreamToken, _ response: HTTPServerResponse) {
        loop.respond(token, response)
    }

    /// Sends the answer to a query: after the profile's latency.
    func replyToQuery(_ token: HTTPStreamToken, _ response: HTTPServerResponse) {
        let latency = core.queryLatency(number: requestCount)
        send(Delayed(token: token, response: response, delivery: .reply), after: latency)
    }

    func carryOut(_ verdict: Verdict, _ token: HTTPStreamToken) {
        let response = wording(of: verdict)
        send(Delayed(token: token, response: response, delivery: verdict.delivery), after: verdict.latency)
    }

    private func wording(of verdict: Verdict) -> HTTPServerResponse {
        let (status, body) = verdict.wording(in: core.store, request: requestCount)
        return json(status, body, replayed: verdict.replayed)
    }

    private func send(_ answer: Delayed, after latency: UInt32) {
        guard latency > 0 else { return deliver(answer) }
        let now = now
        guard delayed.insert(answer, due: now &+ latency, now: now) else { return deliver(answer) }
        startTicking()
    }

    private func deliver(_ answer: Delayed) {
        switch answer.delivery {
        case .reply: loop.respond(answer.token, answer.response)
        case .drip: startDrip(answer.token, answer.response)
        case .lose(.reset): loop.reset(answer.token)
        case .lose(.close): loop.closeConnection(answer.token)
        case .lose(.silence): loop.abandon(answer.token)
        }
    }

    // MARK: Time

    /// One task per millisecond while anything waits, none otherwise.
    func startTicking() {
        guard ticker == nil else { return }
        let bound = NIOLoopBound(self, eventLoop: loop.eventLoop)
        ticker = loop.eventLoop.scheduleRepeatedTask(initialDelay: .milliseconds(1), delay: .milliseconds(1)) { _ in
            bound.value.tick()
        }
    }

    private func tick() {
        let now = now
        // Taken out first: answering may deliver the next request of an HTTP/1.1 connection, which
        // may insert.
        delayed.advance(to: now, into: &expired)
        let answers = expired
        expired.removeAll(keepingCapacity: true)
        for answer in answers { deliver(answer) }
        advanceDrips(now: now)
        idleTicks = delayed.count == 0 && drips.isEmpty ? idleTicks + 1 : 0
        guard idleTicks > 100 else { return }
        idleTicks = 0
        ticker?.cancel()
        ticker = nil
    }
}
