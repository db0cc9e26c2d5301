import NIOCore
import NIOHPACK
import NIOHTTP2

extension HTTP2ServerConnection {
    // MARK: Requests

    func receive(_ headers: HTTP2Frame.FramePayload.Headers, on identifier: UInt32) {
        if let place = streams.place(of: identifier) {
            // Trailers: their fields are of no use here, their END_STREAM is.
            guard HeaderFieldRules.isTrailers(headers.headers) else { return refuseBlock(of: identifier) }
            guard spendHeaderBytes(HeaderFieldRules.byteCount(headers.headers)) else { return refuseFlood() }
            if streams[place].phase == .receiving, headers.endStream { complete(identifier, at: place, body: nil) }
            return
        }
        open(identifier, headers)
    }

    private func open(_ identifier: UInt32, _ headers: HTTP2Frame.FramePayload.Headers) {
        guard let head = RequestHeaderBlock(headers.headers) else { return refuseBlock(of: identifier) }
        guard spendHeaderBytes(head.byteCount) else { return refuseFlood() }
        var stream = HTTP2StreamTable.Stream(phase: .receiving, since: loop.now)
        stream.head = head
        guard machine.streamOpened(identifier) == .accept else {
            return reset(identifier, .refusedStream)
        }
        guard let place = streams.insert(identifier, stream) else {
            // Possible only before the peer has seen the settings.
            _ = machine.streamClosed(now: loop.now)
            return refuseStream(identifier)
        }
        receivingCount += 1
        if head.byteCount > loop.configuration.maxHeaderListBytes {
            refuseHeaders(identifier, at: place, hasEnded: headers.endStream)
        } else if headers.endStream {
            complete(identifier, at: place, body: nil)
        } else {
            mayExpectContinue = true
        }
    }

    /// A list of fields that is too long is answered 431, and the rest of its request dropped.
    private func refuseHeaders(_ identifier: UInt32, at place: Int, hasEnded: Bool) {
        if hasEnded {
            // Then nothing is left to be reset.
            receivingCount -= 1
            streams[place].hasEnded = true
            streams[place].phase = .dispatched
            streams[place].isHead = streams[place].head.take()?.method == "HEAD"
        }
        refuse(identifier, at: place, .headersTooLarge)
    }

    /// Lists of ordinary length are free. False when the peer has sent too many bytes in long ones.
    private func spendHeaderBytes(_ count: Int) -> Bool {
        count <= Self.ordinaryHeaderBytes || longHeaders.spend(count - Self.ordinaryHeaderBytes)
    }

    /// A malformed block ends its stream only (RFC 9113 section 8.1.1). A peer that goes on is
    /// closed.
    private func refuseBlock(of identifier: UInt32) {
        loop.statistics.streamErrors += 1
        guard streamFaults.spend() else { return refuseFlood() }
        reset(identifier, .protocolError)
    }

    /// A stream above the limit. A peer that knows the limit and goes on is closed.
    private func refuseStream(_ identifier: UInt32) {
        loop.statistics.streamsRefused += 1
        guard !knowsSettings || streamFaults.spend() else { return refuseFlood() }
        reset(identifier, .refusedStream)
    }

    /// Whether the peer has ended a stream that is open: it may send no more headers on it.
    func isEnded(_ identifier: UInt32) -> Bool {
        streams.place(of: identifier).map { streams[$0].hasEnded } ?? false
    }

    func receive(_ data: HTTP2Frame.FramePayload.Data, on identifier: UInt32) {
        guard let place = streams.place(of: identifier), streams[place].phase == .receiving else { return }
        guard case .byteBuffer(let piece) = data.data else { return }
        let total = (streams[place].body?.readableBytes ?? 0) + piece.readableBytes
        guard total <= loop.configuration.maxBodyBytes else { return refuse(identifier, at: place, .bodyTooLarge) }
        if data.endStream {
            complete(identifier, at: place, body: piece)
        } else {
            _ = keep(piece, of: identifier, at: place)
            // Padding takes window without being body; it is given back at once (RFC 9113 section
            // 6.1).
            if let padding = data.paddingBytes {
                write(.windowUpdate(windowSizeIncrement: padding + 1), on: HTTP2StreamID(number: identifier))
                markDirty()
            }
        }
    }

    /// Copies a piece of a body that has to wait, so that it does not hold on to the whole receive
    /// buffer. False when there is no room for it, or its sender may not send it, upon which the
    /// request has been refused.
    func keep(_ piece: ByteBuffer, of identifier: UInt32, at place: Int) -> Bool {
        let count = piece.readableBytes
        if streams[place].body == nil, let head = streams[place].head,
            let refusal = loop.application.refusal(of: head.fields)
        {
            loop.statistics.bodiesRefused += 1
            refuse(identifier, at: place, with: refusal)
            return false
        }
        guard loop.takeBodyRoom(count, heldByConnection: bodyBytes, source: source) else {
            refuse(identifier, at: place, .overloaded)
            return false
        }
        bodyBytes += count
        if streams[place].body == nil {
            streams[place].body = ByteBuffer(buffer: piece)
        } else {
            streams[place].body?.writeImmutableBuffer(piece)
        }
        return true
    }

    /// The body's end: `body` is its last piece, usually the only one.
    private func complete(_ identifier: UInt32, at place: Int, body last: ByteBuffer?) {
        streams[place].hasEnded = true
        if isOutputPaused || !parked.isEmpty { return park(identifier, at: place, body: last) }
        receivingCount -= 1
        deliver(identifier, at: place, body: takeBody(at: place, last: last))
    }

    /// Hands a complete request to the application.
    func deliver(_ identifier: UInt32, at place: Int, body: ByteBuffer) {
        guard let head = streams[place].head.take(), let path = head.path else {
            return refuse(identifier, at: place, .malformed)
        }
        streams[place].isHead = head.method == "HEAD"
        windowUpdates.earn(Self.windowUpdatesPerRequest)
        if isNewcomer { settleNewcomer() }
        guard loop.admitRequest() else { return refuse(identifier, at: place, .overloaded) }
        loop.statistics.bodyBytesReceived += body.readableBytes
        noteDelivery()
        let token = HTTPStreamToken(connection: key.slot, generation: key.generation, stream: identifier)
        loop.application.receive(
            HTTPServerRequest(token: token, method: head.method, path: path, headers: head.fields, body: body)
        )
    }

    private func settleNewcomer() {
        isNewcomer = false
        loop.settleNewcomer(key)
    }

    func takeBody(at place: Int, last: ByteBuffer?) -> ByteBuffer {
        streams[place].phase = .dispatched
        guard var body = streams[place].body.take() else { return last ?? ByteBuffer() }
        releaseBody(body.readableBytes)
        if let last { body.writeImmutableBuffer(last) }
        return body
    }

    private func releaseBody(_ count: Int) {
        bodyBytes -= count
        loop.giveBodyRoom(count, source: source)
    }

    // MARK: Refusals

    /// Answers with the application's response to the fault, and drops the rest of the request.
    private func refuse(_ identifier: UInt32, at place: Int, _ fault: HTTPRequestFault) {
        loop.count(fault)
        refuse(identifier, at: place, with: loop.application.response(to: fault))
    }

    private func refuse(_ identifier: UInt32, at place: Int, with response: HTTPServerResponse) {
        let isIncomplete = streams[place].phase == .receiving
        if isIncomplete { receivingCount -= 1 }
        if isIncomplete || streams[place].phase == .parked {
            _ = takeBody(at: place, last: nil)
            streams[place].isHead = streams[place].head.take()?.method == "HEAD"
        }
        answer(identifier, at: place, response)
        // The answer must be out before the reset: a reset drops what still waits.
        if isIncomplete { resetsAfterFlush.append(identifier) }
    }

    func refuseSlowBodies(now: NIODeadline) {
        guard receivingCount > 0 else { return }
        for identifier in streams.receiving(openedBefore: now - loop.configuration.bodyTimeout) {
            guard let place = streams.place(of: identifier) else { continue }
            refuse(identifier, at: place, .bodyTimeout)
        }
    }

    /// `Expect: 100-continue` (RFC 9110 section 10.1.1), looked at only for bodies that did not
    /// come with their headers.
    func settleExpectations() {
        mayExpectContinue = false
        guard receivingCount > 0 else { return }
        for identifier in streams.takeUnsettledExpectations() {
            guard let place = streams.place(of: identifier), let headers = streams[place].head?.fields else { continue }
            guard headers.first(name: "expect")?.lowercased() == "100-continue" else { continue }
            if let length = headers.first(name: "content-length").flatMap({ Int($0) }),
                length > loop.configuration.maxBodyBytes
            {
                refuse(identifier, at: place, .bodyTooLarge)
            } else {
                let interim = HPACKHeaders([(":status", "100")])
                write(.headers(.init(headers: interim)), on: HTTP2StreamID(number: identifier))
                markDirty()
            }
        }
    }

    private func reset(_ identifier: UInt32, _ code: HTTP2ErrorCode) {
        write(.rstStream(code), on: HTTP2StreamID(number: identifier))
        markDirty()
    }

    // MARK: Answers

    /// Answers a request of the application. False when its stream is gone or answered.
    func respond(_ identifier: UInt32, _ response: HTTPServerResponse) -> Bool {
        guard context != nil, let place = streams.place(of: identifier), streams[place].phase == .dispatched else {
            return false
        }
        answer(identifier, at: place, response)
        return true
    }

    func streamClosed(_ identifier: UInt32) {
        guard let stream = streams.remove(identifier) else { return }
        if stream.phase == .receiving { receivingCount -= 1 }
        if let body = stream.body { releaseBody(body.readableBytes) }
        if stream.outboundBytes > 0 {
            outboundBytes -= stream.outboundBytes
            if !parked.isEmpty { markDirty() }
        }
        switch machine.streamClosed(now: loop.now) {
        case .none: break
        case .close: markDirty()
        }
    }
}
