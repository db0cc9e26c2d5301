import NIOCore
import NIOHPACK

extension HTTPClientConnection {
    /// What one HTTP/2 connection of a pool knows: whether it is usable, which streams are open on
    /// it, and what has arrived of their responses. It also decides what may be said of their
    /// requests when the connection ends. Pure: no channel, no clock.
    struct StateMachine {
        struct Failure {
            var request: Int32
            var result: HTTPClientResult
        }

        private enum Phase: Equatable {
            /// TLS (when configured) and the peer's SETTINGS are outstanding.
            case connecting(needsTLS: Bool)
            case ready
            /// No new streams.
            case draining
            case closed
        }

        /// While the peer names no SETTINGS_MAX_CONCURRENT_STREAMS. RFC 9113 would allow any
        /// number, but NIOHTTP2 holds streams back above 100 until it is told one.
        static let unannouncedStreamLimit = 100

        private let streamCap: Int
        private let maxResponseBytes: Int
        private let maxStreams: Int
        private var phase: Phase
        private var streams: HTTPClientStreamTable
        private var nextStream: UInt32 = 1
        private var openedCount = 0
        private var peerStreamLimit = Self.unannouncedStreamLimit
        /// Streams from here on have not been handed to the socket.
        private var firstUnflushed: UInt32 = 1
        private var keepalive = Keepalive.heard
        /// Streams that have delivered their response and are not closed: in general none at the
        /// end of a read.
        private(set) var answeredOpenCount = 0

        private enum Keepalive {
            /// Something was read since the timer was last looked at.
            case heard
            case silent
            case pinged
        }

        init(configuration: HTTPClientConfiguration) {
            streamCap = configuration.maxStreamsPerConnection
            maxResponseBytes = configuration.maxResponseBytes
            maxStreams = configuration.maxStreamsPerConnectionLifetime
            phase = .connecting(needsTLS: configuration.tls != nil)
            streams = HTTPClientStreamTable(capacity: configuration.maxStreamsPerConnection)
        }

        var openStreams: Int { streams.count }

        /// Streams that may be in flight at once.
        var capacity: Int { min(streamCap, peerStreamLimit) }

        // MARK: Becoming usable

        enum OnHandshake: Equatable {
            case none
            /// The peer does not speak HTTP/2.
            case close
        }

        mutating func tlsHandshakeCompleted(negotiated: String?) -> OnHandshake {
            guard phase == .connecting(needsTLS: true) else { return .none }
            guard negotiated == "h2" else { return .close }
            phase = .connecting(needsTLS: false)
            return .none
        }

        enum OnSettings: Equatable {
            case none
            case ready(capacity: Int)
            case capacityChanged(Int)
        }

        mutating func settingsReceived(maxConcurrentStreams: Int?) -> OnSettings {
            let before = capacity
            peerStreamLimit = maxConcurrentStreams ?? peerStreamLimit
            switch phase {
            case .connecting:
                // SETTINGS can only follow a completed handshake.
                phase = .ready
                return .ready(capacity: capacity)
            case .ready, .draining:
                return capacity == before ? .none : .capacityChanged(capacity)
            case .closed:
                return .none
            }
        }

        // MARK: Sending

        /// The identifier of a new stream, which is to be written at once.
        mutating func openStream(for request: Int32) -> UInt32 {
            let stream = nextStream
            nextStream += 2
            openedCount += 1
            streams.insert(stream: stream, request: request)
            return stream
        }

        /// So many streams were opened that a successor should be dialled.
        var isWornOut: Bool { openedCount == maxStreams }

        /// The reserve above the configured number is used up as well: no stream identifier may be
        /// taken any more.
        var isExhausted: Bool { nextStream > UInt32(Int32.max) - 2 }

        /// HEADERS could not be encoded, or our own side refused them: nothing was written, and the
        /// stream was never opened. Returns whether the request is still without a result.
        mutating func streamNotOpened(_ stream: UInt32) -> Bool {
            guard let index = streams.index(of: stream) else { return false }
            streams.remove(at: index)
            return true
        }

        /// Everything written so far was handed to the socket.
        mutating func flushed() {
            firstUnflushed = nextStream
        }

        // MARK: Receiving

        enum OnResponsePart {
            case none
            case response(request: Int32, HTTPClientResponse)
            /// Not an answer that can be used: reset the stream.
            case reset(request: Int32)
        }

        mutating func headersReceived(_ stream: UInt32, _ headers: HPACKHeaders, endStream: Bool) -> OnResponsePart {
            guard let index = streams.index(of: stream) else { return .none }
            switch streams.entries[index].phase {
            case .awaitingHeaders:
                guard let status = Self.status(of: headers) else { return refuse(index) }
                // 1xx announce a final response (RFC 9110 section 15.2), so the stream cannot end
                // with one.
                if status < 200 { return endStream ? refuse(index) : .none }
                streams.began(at: index, status: status, headers: headers)
                return endStream ? answered(index) : .none
            case .receivingBody:
                // Trailers; nothing here needs them.
                return endStream ? answered(index) : .none
            case .concluded:
                return .none
            }
        }

        mutating func dataReceived(_ stream: UInt32, _ bytes: ByteBuffer, endStream: Bool) -> OnResponsePart {
            guard let index = streams.index(of: stream) else { return .none }
            switch streams.entries[index].phase {
            case .receivingBody:
                guard streams.append(bytes, at: index) <= maxResponseBytes else { return refuse(index) }
                return endStream ? answered(index) : .none
            case .awaitingHeaders:
                return refuse(index)
            case .concluded:
                return .none
            }
        }

        private mutating func answered(_ index: Int) -> OnResponsePart {
            answeredOpenCount += 1
            return .response(request: streams.entries[index].request, streams.takeResponse(at: index))
        }

        private mutating func refuse(_ index: Int) -> OnResponsePart {
            let request = streams.entries[index].request
            streams.conclude(at: index)
            return .reset(request: request)
        }

        private static func status(of headers: HPACKHeaders) -> Int? {
            guard let text = headers.first(name: ":status"), text.utf8.count == 3 else { return nil }
            guard let status = Int(text), status >= 100 else { return nil }
            return status
        }

        /// The peer reset the stream: what became of the request is unknown.
        mutating func streamReset(_ stream: UInt32, code: UInt32) -> Failure? {
            guard let index = streams.index(of: stream) else { return nil }
            let entry = streams.entries[index]
            guard entry.phase != .concluded else { return nil }
            streams.conclude(at: index)
            // No code proves anything. REFUSED_STREAM promises that nothing was done (RFC 9113
            // section 8.7). HAProxy sends it whenever it has no answer to pass on: also when the
            // server behind it has executed the request and then lost the connection.
            return Failure(request: entry.request, result: .unknown(.streamReset(code: code)))
        }

        enum OnStreamClosed {
            case none
            /// Its place is free. `failure` is set when our own side ended the stream because of a
            /// malformed answer.
            case released(served: Bool, failure: Failure?)
        }

        /// NIOHTTP2 says that the stream is closed, in whatever way. It is the last event of a
        /// stream.
        mutating func streamClosed(_ stream: UInt32) -> OnStreamClosed {
            guard let index = streams.index(of: stream) else { return .none }
            let entry = streams.entries[index]
            streams.remove(at: index)
            switch entry.phase {
            case .concluded:
                if entry.hasServed { answeredOpenCount -= 1 }
                return .released(served: entry.hasServed, failure: nil)
            case .awaitingHeaders, .receivingBody:
                // The peer's resets and GOAWAYs were seen as frames before this, so it was our side
                // that reset it.
                let failure = Failure(request: entry.request, result: .unknown(.badResponse))
                return .released(served: false, failure: failure)
            }
        }

        /// A deadline passed. Returns whether the stream is still to be reset.
        mutating func cancel(_ stream: UInt32) -> Bool {
            guard let index = streams.index(of: stream), streams.entries[index].phase != .concluded else {
                return false
            }
            streams.conclude(at: index)
            return true
        }

        /// Responses that came before their requests were fully sent, so that the streams did not
        /// close with them.
        func answeredOpenStreams() -> [UInt32] {
            streams.entries.filter { $0.stream != 0 && $0.phase == .concluded && $0.hasServed }.map(\.stream)
        }

        // MARK: Ending

        /// The peer takes no new streams and drops those above `last`.
        ///
        /// Only a graceful GOAWAY (NO_ERROR) proves that they were not processed. RFC 9113 section
        /// 6.8 says it of every GOAWAY. But a common server answers abuse with ENHANCE_YOUR_CALM
        /// and last = 0, whatever it had begun. A payment that was begun must not be sent again.
        mutating func goAwayReceived(last: UInt32, code: UInt32) -> [Failure] {
            guard phase != .closed else { return [] }
            phase = .draining
            var failures: [Failure] = []
            for index in streams.entries.indices {
                let entry = streams.entries[index]
                guard entry.stream > last, entry.phase != .concluded else { continue }
                streams.conclude(at: index)
                let isProof = code == 0 && entry.phase == .awaitingHeaders
                failures.append(
                    Failure(request: entry.request, result: isProof ? .notExecuted(.goAway) : .unknown(.goAway))
                )
            }
            return failures
        }

        /// The connection is gone. The peer may have processed what was handed to the socket. It
        /// cannot have processed what was not.
        mutating func closed() -> [Failure] {
            phase = .closed
            var failures: [Failure] = []
            for index in streams.entries.indices {
                let entry = streams.entries[index]
                guard entry.stream != 0 else { continue }
                streams.remove(at: index)
                guard entry.phase != .concluded else { continue }
                let isProof = entry.stream >= firstUnflushed
                failures.append(
                    Failure(
                        request: entry.request,
                        result: isProof ? .notExecuted(.connectionLost) : .unknown(.connectionLost)
                    )
                )
            }
            return failures
        }

        // MARK: Keepalive

        enum OnKeepaliveTimer: Equatable {
            case startIdleTimer
            case pingAndStartPingTimer
            case close
        }

        /// Anything was read. A read does not restart the timer: when the timer fires, it looks
        /// whether anything was read.
        mutating func heard() {
            keepalive = .heard
        }

        mutating func keepaliveTimerFired() -> OnKeepaliveTimer {
            switch keepalive {
            case .heard:
                keepalive = .silent
                return .startIdleTimer
            case .silent:
                keepalive = .pinged
                return .pingAndStartPingTimer
            case .pinged:
                return .close
            }
        }
    }
}
