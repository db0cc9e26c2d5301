/// Ways of not answering, for a server that plays a faulty peer. Each takes the place of `respond`
/// for its request.
extension HTTPServerLoop {
    /// RST_STREAM (INTERNAL_ERROR), or the end of an HTTP/1.1 connection: the client cannot know
    /// what was done.
    package func reset(_ token: HTTPStreamToken) {
        settleRequest()
        cutOff(token)
    }

    /// Closes the connection under all its requests, without GOAWAY.
    package func closeConnection(_ token: HTTPStreamToken) {
        settleRequest()
        switch connections.entry(token.key) {
        case .http2(let connection): connection.closeNow()
        case .http1(let connection): connection.closeNow()
        case .selecting, .free, nil: break
        }
    }

    /// Never answers. The stream stays open until the client gives it up.
    package func abandon(_ token: HTTPStreamToken) {
        settleRequest()
    }

    /// Ends the connection of a request gracefully: GOAWAY, its open requests are still answered.
    /// Does not take the place of the answer.
    package func goAway(_ token: HTTPStreamToken) {
        switch connections.entry(token.key) {
        case .http2(let connection): connection.drain()
        case .http1(let connection): connection.drain()
        case .selecting, .free, nil: break
        }
    }

    /// Counts a request as ended: it gets no answer from `respond`.
    func settleRequest() {
        assert(statistics.requestsInFlight > 0, "an answer without a request")
        statistics.requestsInFlight -= 1
    }
}
