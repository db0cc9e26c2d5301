package import HTTPTransport
import NIOCore
package import NIOHPACK
import Payments
package import ShardCore
import ShardRecords
package import ShardState
import WireJSON

/// Where commands go: the mailboxes of the shards. Called on the loop of the `PaymentAPI` that has
/// it.
package protocol CommandSink: AnyObject {
    /// Takes a command; its answer comes back by `PaymentAPI.deliver` of the loop that
    /// `command.reply` names, once.
    func submit(_ command: Command)
    /// The read cycle ended: hand batches over.
    func submitComplete()
}

/// Where answers go: the server of this loop.
package protocol HTTPResponder: AnyObject {
    @discardableResult
    func respond(_ token: HTTPStreamToken, _ response: HTTPServerResponse) -> Bool
}

extension HTTPServerLoop: HTTPResponder {}

/// The edge of one event loop: routes and authenticates requests, turns them into commands, and
/// answers into responses. Loop-bound; keeps no state of a request.
package final class PaymentAPI: HTTPServerApplication {
    private let server: any HTTPResponder
    private let loopIndex: UInt16
    private let sink: any CommandSink
    private var interpreter: RequestInterpreter
    private var requestIDs: RequestIDGenerator
    private var headers = ResponseHeaders()
    /// How often each problem was answered by this loop's edge itself, by raw value of the code.
    package private(set) var rejections = [UInt64](repeating: 0, count: ProblemCode.allCases.count)

    package init(
        server: any HTTPResponder,
        loopIndex: UInt16,
        configuration: APIConfiguration,
        sink: any CommandSink,
        requestIDs: RequestIDGenerator = RequestIDGenerator()
    ) {
        self.server = server
        self.loopIndex = loopIndex
        self.sink = sink
        self.interpreter = RequestInterpreter(configuration)
        self.requestIDs = requestIDs
    }

    /// Time passes.
    /// - Parameter unixSeconds: the machine's clock, which answers name as their `Date`.
    package func timePassed(unixSeconds: Int64) { headers.setTime(unixSeconds: unixSeconds) }

    package func receive(_ request: HTTPServerRequest) {
        let requestID = requestIDs.next()
        do throws(Rejection) {
            switch try interpreter.interpret(request) {
            case .openAPI:
                server.respond(request.token, OpenAPIDocument.response(headers, requestID: requestID))
            case .read(let kind, let merchant):
                submit(kind, merchant: merchant, requestID: requestID, key: nil, fingerprint: nil, token: request.token)
            case .operation(let kind, let merchant, let key, let fingerprint, let respondsAtOnce):
                submit(
                    kind,
                    merchant: merchant,
                    requestID: requestID,
                    key: key,
                    fingerprint: fingerprint,
                    token: request.token,
                    respondsAtOnce: respondsAtOnce
                )
            case .operatorOperation(let kind, let shard, let key, let fingerprint, let respondsAtOnce):
                sink.submit(
                    Command(
                        kind: kind,
                        merchant: MerchantID(rawValue: 0),
                        requestID: requestID,
                        key: key,
                        fingerprint: fingerprint,
                        reply: ReplyToken(loop: loopIndex, stream: request.token),
                        respondsAtOnce: respondsAtOnce,
                        operatorShard: shard,
                        credential: interpreter.credential
                    )
                )
            }
        } catch {
            server.respond(request.token, response(to: error, requestID: requestID))
        }
    }

    private func submit(
        _ kind: Command.Kind,
        merchant: MerchantID,
        requestID: RequestID,
        key: KeyDigest?,
        fingerprint: Fingerprint?,
        token: HTTPStreamToken,
        respondsAtOnce: Bool = false
    ) {
        sink.submit(
            Command(
                kind: kind,
                merchant: merchant,
                requestID: requestID,
                key: key,
                fingerprint: fingerprint,
                reply: ReplyToken(loop: loopIndex, stream: token),
                respondsAtOnce: respondsAtOnce,
                credential: interpreter.credential
            )
        )
    }

    package func receiveComplete() {
        sink.submitComplete()
    }

    package func response(to fault: HTTPRequestFault) -> HTTPServerResponse {
        response(to: Rejection(ProblemCode(fault)), requestID: requestIDs.next())
    }

    package func refusal(of headers: HPACKHeaders) -> HTTPServerResponse? {
        interpreter.refusal(of: headers).map { response(to: $0, requestID: requestIDs.next()) }
    }

    /// An answer of the shard to a command of this loop.
    package func deliver(_ response: Response) {
        let headers = headers.make(
            status: response.status,
            requestID: response.requestID,
            bodyBytes: response.body.readableBytes,
            retryAfterSeconds: response.retryAfterSeconds,
            isReplay: response.isReplay
        )
        server.respond(response.reply.streamToken, HTTPServerResponse(headers: headers, body: response.body))
    }

    private func response(to rejection: Rejection, requestID: RequestID) -> HTTPServerResponse {
        rejections[Int(rejection.code.rawValue)] += 1
        var body = ByteBuffer()
        ProblemDocument.write(rejection, requestID: requestID, into: &body)
        var headers = headers.make(
            status: rejection.code.status,
            requestID: requestID,
            bodyBytes: body.readableBytes,
            retryAfterSeconds: rejection.code.retryAfterSeconds,
            isReplay: false
        )
        if let allow = rejection.allow { headers.add(name: "allow", value: allow.description) }
        switch rejection.code {
        case .unsupportedContentEncoding: headers.add(name: "accept-encoding", value: "identity")
        case .apiKeyMissing: headers.add(name: "www-authenticate", value: "Bearer")
        case .apiKeyInvalid: headers.add(name: "www-authenticate", value: "Bearer error=\"invalid_token\"")
        default: break
        }
        return HTTPServerResponse(headers: headers, body: body)
    }
}

extension ReplyToken {
    /// The way back to a stream of a loop.
    package init(loop: UInt16, stream: HTTPStreamToken) {
        self.init(loop: loop, connection: stream.connection, generation: stream.generation, stream: stream.stream)
    }

    /// The stream within its loop.
    package var streamToken: HTTPStreamToken {
        HTTPStreamToken(connection: connection, generation: generation, stream: stream)
    }
}
