import HTTPTransport
import NIOCore

extension SimulatorApplication {
    /// The size of the pieces in which the complete oracle is sent, in bytes. One piece at a time
    /// is being sent.
    private static let pieceBytes = 131_072
    /// The most lines of one page.
    private static let maximumPageLines = 100_000

    /// `GET /oracle/charges`: of one reference, one page, or all.
    func oracle(_ token: HTTPStreamToken, _ query: Span<UInt8>) {
        if let reference = QueryString.value(of: "reference", in: query) {
            let body = oracleLines(ofReference: reference)
            return reply(token, HTTPServerResponse(headers: headers.lines, body: body))
        }
        let after = UInt32(QueryString.number(of: "after", in: query) ?? 0)
        if let limit = QueryString.number(of: "limit", in: query) {
            return reply(token, oraclePage(from: after, lines: min(max(limit, 1), Self.maximumPageLines)))
        }
        guard loop.beginResponse(token, headers: headers.lines) else { return }
        continueOracle(
            OracleWalk(token: token, next: after, end: UInt32(core.store.operations.count), epoch: core.store.epoch)
        )
    }

    /// A complete oracle that is being sent.
    private struct OracleWalk {
        var token: HTTPStreamToken
        var next: UInt32
        /// Operations from here on came after the request.
        var end: UInt32
        var epoch: UInt32
    }

    private func oracleLines(ofReference reference: [UInt8]) -> ByteBuffer {
        var body = ByteBuffer()
        let bytes = reference.span
        if let first = core.store.authorization(reference: bytes, hash: core.hash(bytes)) {
            OracleWriter.writeReference(first: first, in: &core.store, now: now, into: &body)
        }
        return body
    }

    private func oraclePage(from start: UInt32, lines: Int) -> HTTPServerResponse {
        var body = ByteBuffer()
        let end = UInt32(core.store.operations.count)
        let next = OracleWriter.write(
            from: start..<max(start, end),
            lines: lines,
            bytes: .max / 2,
            in: &core.store,
            now: now,
            into: &body
        )
        return HTTPServerResponse(headers: next.map { headers.lines(nextCursor: $0) } ?? headers.lines, body: body)
    }

    private func continueOracle(_ walk: OracleWalk) {
        // A reset in between removed the rest. The peer must not take the part that it has for
        // everything.
        guard walk.epoch == core.store.epoch else { return loop.cutOff(walk.token) }
        var piece = ByteBufferAllocator().buffer(capacity: Self.pieceBytes + 4_096)
        let next = OracleWriter.write(
            from: walk.next..<walk.end,
            lines: .max,
            bytes: Self.pieceBytes,
            in: &core.store,
            now: now,
            into: &piece
        )
        let written = loop.eventLoop.makePromise(of: Void.self)
        let isLast = next == nil
        guard loop.sendPiece(walk.token, piece, isLast: isLast, promise: written), let next else { return }
        var rest = walk
        rest.next = next
        // The next piece follows when this one has left, so a slow reader costs one piece of
        // memory. The event loop makes the call, because a piece may have left already. Direct
        // calls would nest as deep as there are pieces, and payments would wait for all of them.
        let eventLoop = loop.eventLoop
        written.futureResult.assumeIsolated().whenSuccess {
            eventLoop.assumeIsolated().execute { self.continueOracle(rest) }
        }
    }
}
