import NIOCore
import NIOHPACK
import NIOHTTP2

/// Bounds the output that the peer does not read. The connection gives answers to the layers below
/// only while the channel takes them, because `NIOHTTP2Handler` and TLS pass on whatever they get.
/// While many bytes of answers wait, complete requests wait too.
extension HTTP2ServerConnection {
    /// Bytes of answers given below between two flushes. A flush tells whether the channel still
    /// takes more.
    static let flushAboveBytes = 65_536

    /// Whether complete requests wait until the peer has read.
    var isOutputPaused: Bool { outboundBytes >= loop.configuration.outputPauseBytes }

    // MARK: Answers

    func answer(_ identifier: UInt32, at place: Int, _ response: HTTPServerResponse) {
        let count = streams[place].isHead ? 0 : response.body.readableBytes
        streams[place].phase = .answered
        streams[place].since = loop.now
        streams[place].outboundBytes = count
        loop.statistics.responses += 1
        loop.statistics.bodyBytesSent += count
        outboundBytes += count
        if isWritable, waitingAnswers.isEmpty {
            writeAnswer(identifier, response, bodyBytes: count)
        } else {
            waitingAnswers.append((identifier, response))
        }
        markDirty()
    }

    private func writeAnswer(_ identifier: UInt32, _ response: HTTPServerResponse, bodyBytes: Int) {
        guard writeHead(response.headers, endStream: bodyBytes == 0, of: identifier), bodyBytes > 0 else { return }
        let stream = HTTP2StreamID(number: identifier)
        write(.data(.init(data: .byteBuffer(response.body), endStream: true)), on: stream)
        bytesSinceFlush += bodyBytes
        if bytesSinceFlush >= Self.flushAboveBytes { flushBelow() }
    }

    /// False when HTTP/2 cannot carry the head, which is a mistake of the application: the stream
    /// is reset.
    func writeHead(_ headers: HPACKHeaders, endStream: Bool, of identifier: UInt32) -> Bool {
        let stream = HTTP2StreamID(number: identifier)
        guard HeaderFieldRules.isAnswer(headers) else {
            loop.statistics.streamErrors += 1
            write(.rstStream(.internalError), on: stream)
            return false
        }
        let block = hasEnteredNames ? headers : headers.enteringNames
        hasEnteredNames = true
        write(.headers(.init(headers: block, endStream: endStream)), on: stream)
        return true
    }

    func flushBelow() {
        bytesSinceFlush = 0
        context?.flush()
    }

    /// Gives the answers that wait below, as long as the channel takes them.
    func writeWaitingAnswers() {
        while isWritable, let (identifier, response) = waitingAnswers.popFirst() {
            // A stream that was reset meanwhile has left the table.
            guard let place = streams.place(of: identifier) else { continue }
            writeAnswer(identifier, response, bodyBytes: streams[place].outboundBytes)
        }
    }

    // MARK: Requests that wait

    /// Keeps a complete request until the peer has read; its body stays in the budget.
    func park(_ identifier: UInt32, at place: Int, body: ByteBuffer?) {
        receivingCount -= 1
        streams[place].phase = .parked
        if let body, body.readableBytes > 0 {
            // Fails only for lack of room. Then the request is refused and gone.
            guard keep(body, of: identifier, at: place) else { return }
        }
        parked.append(identifier)
    }

    /// Delivers the requests that waited, until the pause begins again.
    func deliverParked() {
        var hasDelivered = false
        while !isOutputPaused, isWritable, machine.isListening, let identifier = parked.popFirst() {
            guard let place = streams.place(of: identifier), streams[place].phase == .parked else { continue }
            hasDelivered = true
            deliver(identifier, at: place, body: takeBody(at: place, last: nil))
        }
        if hasDelivered { loop.application.receiveComplete() }
    }

    // MARK: Deadlines

    func reportOutput() { loop.reportOutput(outboundBytes + meter.bytesWaiting(), before: &reportedOutput) }

    /// False when the peer read too little for too long, upon which the connection is closed.
    func checkOutput(now: NIODeadline) -> Bool {
        reportOutput()
        let taken = meter.bytesWritten - meter.bytesWaiting()
        guard progress.check(now: now, bytesTaken: taken, isWaiting: reportedOutput > 0) == .goOn else {
            closeSlowReader()
            return false
        }
        if outboundBytes > 0 { resetOldAnswers(now: now) }
        return true
    }

    /// An answer that does not leave although others do: its stream ends, the connection goes on.
    private func resetOldAnswers(now: NIODeadline) {
        for identifier in streams.answered(before: now - loop.configuration.answerTimeout) {
            loop.statistics.answerTimeouts += 1
            write(.rstStream(.cancel), on: HTTP2StreamID(number: identifier))
            markDirty()
        }
    }

    func closeSlowReader() {
        loop.statistics.slowReaders += 1
        abandonOutput()
    }

    /// Closes without waiting for the peer to read what is left.
    func abandonOutput() {
        loop.reportOutput(0, before: &reportedOutput)
        meter.closeChannel()
    }
}
