import NIOCore

/// The states of an HTTP/2 connection as its server sees it: serving, announced, draining,
/// lingering, closed. An announced connection has sent a GOAWAY that still allows every stream, and
/// a PING that measures one round trip. A draining one has sent the GOAWAY with the last stream. A
/// lingering one reads no more, and gives the last bytes time to reach the peer. Closing a socket
/// with unread input would destroy those bytes.
///
/// Pure: time is an argument, effects are results. Graceful shutdown is RFC 9113 section 6.8.
struct ServerConnectionStateMachine {
    struct Limits {
        /// Without a first request.
        var header: TimeAmount
        /// Without an open stream.
        var idle: TimeAmount
        /// Since the start.
        var age: TimeAmount?
        /// From the drain's start to the close.
        var grace: TimeAmount
        /// How long the PING of the first GOAWAY is waited for.
        var announcement = TimeAmount.seconds(1)
        /// Between the last byte and the close.
        var linger = TimeAmount.milliseconds(500)
    }

    private enum State {
        case serving(idleSince: NIODeadline)
        case announced(until: NIODeadline, graceEnds: NIODeadline)
        case draining(graceEnds: NIODeadline)
        case lingering(until: NIODeadline)
        case closed
    }

    private let limits: Limits
    private let started: NIODeadline
    private var state: State
    private var hasServed = false
    private(set) var openStreams = 0
    /// The highest stream taken on; what the last GOAWAY names.
    private(set) var lastStream: UInt32 = 0

    init(limits: Limits, now: NIODeadline) {
        self.limits = limits
        started = now
        state = .serving(idleSince: now)
    }

    /// Whether frames are still listened to.
    var isListening: Bool {
        switch state {
        case .serving, .announced, .draining: true
        case .lingering, .closed: false
        }
    }

    enum OnStreamOpened: Equatable {
        case accept
        /// The last GOAWAY was below this stream.
        case refuse
    }

    mutating func streamOpened(_ identifier: UInt32) -> OnStreamOpened {
        switch state {
        case .serving, .announced:
            openStreams += 1
            hasServed = true
            lastStream = max(lastStream, identifier)
            return .accept
        case .draining, .lingering, .closed:
            return .refuse
        }
    }

    enum OnStreamClosed: Equatable {
        case none
        /// It was the last one of a draining connection.
        case close
    }

    mutating func streamClosed(now: NIODeadline) -> OnStreamClosed {
        assert(openStreams > 0)
        openStreams -= 1
        guard openStreams == 0 else { return .none }
        switch state {
        case .serving:
            state = .serving(idleSince: now)
            return .none
        case .draining:
            state = .lingering(until: now + limits.linger)
            return .close
        case .announced, .lingering, .closed:
            return .none
        }
    }

    enum OnDrain: Equatable {
        case none
        /// GOAWAY with the highest possible stream, then PING.
        case announce
    }

    mutating func drainRequested(now: NIODeadline) -> OnDrain {
        switch state {
        case .serving:
            state = .announced(until: now + limits.announcement, graceEnds: now + limits.grace)
            return .announce
        case .announced, .draining, .lingering, .closed:
            return .none
        }
    }

    enum OnAnnouncementEnded: Equatable {
        case none
        /// GOAWAY with `lastStream`; later streams are refused.
        case sendFinalGoAway
        /// The same, and nothing is left to wait for.
        case sendFinalGoAwayAndClose
    }

    /// The PING of the announcement came back: every stream opened before the peer saw the GOAWAY
    /// is known.
    mutating func pingAcknowledged(now: NIODeadline) -> OnAnnouncementEnded {
        switch state {
        case .announced(_, let graceEnds):
            guard openStreams == 0 else {
                state = .draining(graceEnds: graceEnds)
                return .sendFinalGoAway
            }
            state = .lingering(until: now + limits.linger)
            return .sendFinalGoAwayAndClose
        case .serving, .draining, .lingering, .closed:
            return .none
        }
    }

    enum OnFailure: Equatable {
        case none
        /// Flush, read no more, and wait for the time to close.
        case linger
    }

    /// A connection error; its GOAWAY has been written.
    mutating func failed(now: NIODeadline) -> OnFailure {
        switch state {
        case .serving, .announced, .draining:
            state = .lingering(until: now + limits.linger)
            return .linger
        case .lingering, .closed:
            return .none
        }
    }

    enum OnTimePassed: Equatable {
        case none
        case announce
        /// No first request in time: GOAWAY and close.
        case headersTimedOut
        /// No request for long: GOAWAY and close.
        case idleTimedOut
        case sendFinalGoAway
        case sendFinalGoAwayAndClose
        case close
    }

    mutating func timePassed(now: NIODeadline) -> OnTimePassed {
        switch state {
        case .serving(let idleSince):
            return servingTimePassed(now: now, idleSince: idleSince)
        case .announced(let until, _):
            guard now >= until else { return .none }
            return pingAcknowledged(now: now) == .sendFinalGoAway ? .sendFinalGoAway : .sendFinalGoAwayAndClose
        case .draining(let graceEnds):
            guard now >= graceEnds else { return .none }
            state = .closed
            return .close
        case .lingering(let until):
            guard now >= until else { return .none }
            state = .closed
            return .close
        case .closed:
            return .none
        }
    }

    mutating func closed() { state = .closed }

    private mutating func servingTimePassed(now: NIODeadline, idleSince: NIODeadline) -> OnTimePassed {
        if openStreams == 0, now >= idleSince + (hasServed ? limits.idle : limits.header) {
            state = .lingering(until: now + limits.linger)
            return hasServed ? .idleTimedOut : .headersTimedOut
        }
        if let age = limits.age, now >= started + age {
            return drainRequested(now: now) == .announce ? .announce : .none
        }
        return .none
    }
}
