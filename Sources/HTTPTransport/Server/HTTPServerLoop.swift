package import NIOCore

/// One event loop's part of a server: its connections and the way back to them. Bound to that loop.
package final class HTTPServerLoop {
    package let eventLoop: any EventLoop
    /// The loop's position in the list given to `HTTPServer.start`.
    package let index: Int
    package private(set) var statistics = HTTPServerStatistics()

    init(eventLoop: any EventLoop, index: Int) {
        self.eventLoop = eventLoop
        self.index = index
    }

    /// Answers a request. Written at once, flushed with everything else of this tick. False when the stream is gone: reset
    /// by the peer, closed, or already answered; nothing is to be done then.
    @discardableResult
    package func respond(_ token: HTTPStreamToken, _ response: HTTPServerResponse) -> Bool {
        false
    }
}
