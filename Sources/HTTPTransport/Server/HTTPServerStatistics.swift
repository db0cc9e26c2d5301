/// Plain counters of one loop's server, read and written on that loop. All but the first four only
/// grow.
package struct HTTPServerStatistics: Sendable, Hashable {
    /// Connections open now, handshakes included.
    package var connectionsOpen = 0
    /// TLS handshakes and unidentified connections in progress now.
    package var handshakesInProgress = 0
    /// Requests delivered to the application and not answered now.
    package var requestsInFlight = 0
    /// Bytes of output that peers have not read now: answers, and what TLS and channels hold.
    package var outputBytesWaiting = 0

    package var connectionsAccepted = 0
    /// Closed at accept: too many connections, each with a request already, or the server is
    /// draining.
    package var connectionsRefused = 0
    /// Connections without a complete request that were closed for a newer one.
    package var newcomersEvicted = 0
    /// Pauses of accepting because the system had no descriptor or memory left.
    package var acceptPauses = 0
    /// TLS errors, protocols refused by ALPN, and handshake timeouts.
    package var handshakesFailed = 0
    /// Refused for their ALPN, by the alert `no_application_protocol`; also in `handshakesFailed`.
    package var protocolsRefused = 0
    package var http2Connections = 0
    package var http1Connections = 0

    /// Requests delivered to the application.
    package var requests = 0
    /// Those of them that came by HTTP/1.1.
    package var http1Requests = 0
    /// Answers written, those to faults included.
    package var responses = 0
    /// Answers that came when their stream was gone.
    package var responsesTooLate = 0
    /// Bodies of requests, in bytes.
    package var bodyBytesReceived = 0
    /// Bodies of answers, in bytes.
    package var bodyBytesSent = 0

    package var streamsResetByPeer = 0
    /// HTTP/2 stream errors found in what peers sent.
    package var streamErrors = 0
    /// HTTP/2 streams above the limit of their connection.
    package var streamsRefused = 0
    /// HTTP/2 connection errors other than floods.
    package var connectionErrors = 0
    /// Connections closed for a flood (GOAWAY ENHANCE_YOUR_CALM).
    package var floods = 0
    /// Connections closed because answers were not read: too many bytes, or too little progress.
    package var slowReaders = 0
    /// Those of them that were closed for the loop's budget.
    package var outputEvictions = 0
    /// HTTP/2 streams reset because their answer was not read in time.
    package var answerTimeouts = 0

    /// Reads of a connection of which a part waited for other connections.
    package var readsDeferred = 0

    package var headersTooLarge = 0
    package var bodiesTooLarge = 0
    package var bodyTimeouts = 0
    /// Bodies refused by their headers alone, before they were complete.
    package var bodiesRefused = 0
    /// Bodies refused for lack of room: of the connection, its source or the loop.
    package var bodyBudgetRefusals = 0
    package var headerTimeouts = 0
    package var idleTimeouts = 0
    package var overloads = 0
    package var malformedRequests = 0

    package init() {}
}
