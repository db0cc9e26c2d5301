import NIOCore
import NIOHTTP2

extension HTTP2ServerConnection {
    // MARK: Flushing and windows

    func flush() {
        isDirty = false
        guard context != nil else { return }
        if !waitingAnswers.isEmpty { writeWaitingAnswers() }
        flushBelow()
        guard let context else { return }
        // An answer that still waits must be out before its reset.
        if !resetsAfterFlush.isEmpty, waitingAnswers.isEmpty {
            for identifier in resetsAfterFlush where streams.place(of: identifier) != nil {
                write(.rstStream(.noError), on: HTTP2StreamID(number: identifier))
            }
            resetsAfterFlush.removeAll()
            context.flush()
        }
        if outboundBytes > loop.configuration.maxBufferedOutboundBytes { return closeSlowReader() }
        if !parked.isEmpty { deliverParked() }
    }

    /// Gives the connection's receive window back when half of it is used. The size comes from
    /// `NIOHTTP2Handler`, which also counts frames that never get here (padding, streams already
    /// reset).
    func topUpWindow(_ size: Int) {
        let target = loop.configuration.connectionWindowBytes
        guard size <= target / 2, machine.isListening else { return }
        write(.windowUpdate(windowSizeIncrement: target - size), on: .rootStream)
        markDirty()
    }

    // MARK: Ends

    func refuseFlood() {
        write(.goAway(lastStreamID: lastStream, errorCode: .enhanceYourCalm, opaqueData: nil), on: .rootStream)
        _ = observer.takeCode()
        loop.statistics.floods += 1
        fail()
    }

    func drain() {
        switch machine.drainRequested(now: loop.now) {
        case .announce: announce()
        case .none: break
        }
    }

    func closeNow() { context?.close(promise: nil) }

    /// The deadlines of this connection and its streams.
    func timePassed(now: NIODeadline) {
        windowUpdates.timePassed(now: now)
        streamFaults.timePassed(now: now)
        longHeaders.timePassed(now: now)
        gate?.timePassed(now: now)
        refuseSlowBodies(now: now)
        guard checkOutput(now: now) else { return }
        switch machine.timePassed(now: now) {
        case .none: break
        case .announce: announce()
        case .headersTimedOut:
            loop.statistics.headerTimeouts += 1
            sendFinalGoAway()
        case .idleTimedOut:
            loop.statistics.idleTimeouts += 1
            sendFinalGoAway()
        case .sendFinalGoAway, .sendFinalGoAwayAndClose: sendFinalGoAway()
        case .close: closeNow()
        }
    }

    func run(_ result: ServerConnectionStateMachine.OnAnnouncementEnded) {
        switch result {
        case .none: break
        case .sendFinalGoAway, .sendFinalGoAwayAndClose: sendFinalGoAway()
        }
    }

    private var lastStream: HTTP2StreamID { HTTP2StreamID(number: machine.lastStream) }

    /// The first GOAWAY bypasses `NIOHTTP2Handler`, which would refuse every later stream from then
    /// on. Streams that cross the GOAWAY on the wire must still be served (RFC 9113 section 6.8).
    /// The PING goes through `NIOHTTP2Handler`, and its flush sends both.
    private func announce() {
        gatherer.inject(Self.announcement)
        write(.ping(HTTP2PingData(withInteger: 0x6D69_6C6C_7261_6365), ack: false), on: .rootStream)
        markDirty()
    }

    /// GOAWAY with the highest stream identifier and NO_ERROR, as bytes.
    private static let announcement = ByteBuffer(
        bytes: [0, 0, 8, 7, 0, 0, 0, 0, 0, 0x7F, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0]
    )

    /// When nothing is open the machine lingers from here on: the peer usually closes first.
    private func sendFinalGoAway() {
        write(.goAway(lastStreamID: lastStream, errorCode: .noError, opaqueData: nil), on: .rootStream)
        markDirty()
    }
}
