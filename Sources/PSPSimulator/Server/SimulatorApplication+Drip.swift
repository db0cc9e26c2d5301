import HTTPTransport
import NIOCore

extension SimulatorApplication {
    /// Answers that may be sent byte by byte at a time; further ones are sent whole.
    private static let maximumDrips = 1_024
    /// Milliseconds between two bytes.
    private static let dripMilliseconds: UInt32 = 10

    /// An answer that leaves byte by byte.
    struct Drip {
        var token: HTTPStreamToken
        var rest: ByteBuffer
        /// When the next byte leaves, in milliseconds since the start.
        var due: UInt32
    }

    func startDrip(_ token: HTTPStreamToken, _ response: HTTPServerResponse) {
        guard drips.count < Self.maximumDrips else {
            loop.respond(token, response)
            return
        }
        guard loop.beginResponse(token, headers: response.headers) else { return }
        drips.append(Drip(token: token, rest: response.body, due: now &+ Self.dripMilliseconds))
        startTicking()
    }

    func advanceDrips(now: UInt32) {
        guard !drips.isEmpty else { return }
        var dripping = drips
        drips.removeAll(keepingCapacity: true)
        for index in dripping.indices where Self.advance(&dripping[index], now: now, on: loop) {
            drips.append(dripping[index])
        }
    }

    /// Sends a byte if it is time; false when the answer has ended or its stream is gone.
    private static func advance(_ drip: inout Drip, now: UInt32, on loop: HTTPServerLoop) -> Bool {
        guard now >= drip.due else { return true }
        guard let byte = drip.rest.readSlice(length: 1) else { return false }
        drip.due = now &+ dripMilliseconds
        let isLast = drip.rest.readableBytes == 0
        return loop.sendPiece(drip.token, byte, isLast: isLast, promise: nil) && !isLast
    }
}
