package import NIOCore

/// Every setting of the server, with its default. Limits are per event loop or per connection as
/// named. Each description says what happens at the limit.
package struct HTTPServerConfiguration: Sendable {
    /// The address to listen on.
    package var host: String
    /// The port to listen on; 0 takes any free one (`HTTPServer.port` tells which).
    package var port: Int
    /// A TLS context. All loops share it, so that every loop can resume a session by its ticket.
    /// Make it with ALPN `h2`, `http/1.1`. If it is nil, the server speaks cleartext: HTTP/2 by
    /// prior knowledge and HTTP/1.1. The preface of RFC 9113 section 3.4 tells the two apart.
    package var tls: (any TransportSecurity)?
    /// The protocols that TLS clients may choose by ALPN; those that `tls` names.
    package var applicationProtocols = ["h2", "http/1.1"]
    /// Whether the server refuses a TLS client that offers no protocols. It then sends the alert
    /// `no_application_protocol`, as to a client that offers only other protocols. Otherwise it
    /// serves such a client HTTP/1.1 (RFC 9110 section 3.3, RFC 7301 section 3.1).
    package var requiresALPN = false

    /// The longest request body, in bytes; more is answered 413. Less than `initialWindowBytes`.
    package var maxBodyBytes = 65_536
    /// SETTINGS_INITIAL_WINDOW_SIZE: the receive window of a stream, in bytes. It is longer than
    /// the longest body, so it never needs an update. A body that is too long reaches the limit
    /// instead of waiting for a window.
    package var initialWindowBytes = 98_304
    /// The receive window of a connection, in bytes; topped up when half is used.
    package var connectionWindowBytes = 1_048_576
    /// The most bytes of incomplete bodies on one loop; more is answered 503.
    package var maxBodyBytesBufferedPerLoop = 67_108_864
    /// The same for one connection.
    package var maxBodyBytesBufferedPerConnection = 2_097_152
    /// The same for the connections of one source: an IPv4 address or an IPv6 network of 64 bits.
    package var maxBodyBytesBufferedPerSource = 33_554_432
    /// The longest list of header fields, in bytes as RFC 9113 section 6.5.2 counts them
    /// (SETTINGS_MAX_HEADER_LIST_SIZE); a longer one is answered 431. One above twice that many
    /// bytes ends its HTTP/2 connection (COMPRESSION_ERROR).
    package var maxHeaderListBytes = 16_384
    /// SETTINGS_MAX_CONCURRENT_STREAMS. A stream above the limit is refused (REFUSED_STREAM, RFC
    /// 9113 section 5.1.2). A peer that has acknowledged the setting spends `streamErrorLimit` by
    /// it.
    package var maxConcurrentStreams = 100

    /// The most connections of one loop; for one more the oldest without a complete request is
    /// closed, and the new one if there is none.
    package var maxConnectionsPerLoop = 10_000
    /// The most connections of one loop that have not sent a complete request; for one more the
    /// oldest of them is closed.
    package var maxNewcomersPerLoop = 512
    /// The same for one source: an IPv4 address or an IPv6 network of 64 bits. The oldest of that
    /// source is closed.
    package var maxNewcomersPerSource = 256
    /// The most requests delivered to the application and not yet answered; more are answered 503.
    package var maxRequestsInFlightPerLoop = 8_192
    /// Bytes of answers that wait for the peer on one HTTP/2 connection; from here on its complete
    /// requests wait, undelivered, until the peer has read. An HTTP/1.1 connection waits as soon as
    /// its socket takes no more.
    package var outputPauseBytes = 262_144
    /// The most bytes of answers that wait for the peer on one HTTP/2 connection. They are the
    /// answers to requests that were delivered before the pause. More closes the connection.
    package var maxBufferedOutboundBytes = 16_777_216
    /// The most bytes of output that wait for all peers of one loop, TLS and channel included.
    /// Above it the server closes the connections with the most waiting output.
    package var maxOutputBytesPerLoop = 134_217_728
    /// The kernel's queue of connections not yet accepted.
    package var backlog: Int32 = 1_024

    /// From accept to a chosen protocol; the connection is closed after it.
    package var handshakeTimeout = TimeAmount.seconds(10)
    /// From the chosen protocol to the first complete header block; the connection is closed after
    /// it. A later header block that does not become complete leaves its connection without an open
    /// request, however slowly its bytes come. `idleTimeout` ends such a connection; it counts from
    /// the end of the last answer.
    package var headerTimeout = TimeAmount.seconds(15)
    /// From a request's headers to its body's end; answered 408 after it.
    package var bodyTimeout = TimeAmount.seconds(15)
    /// Without any open request; the connection is closed (after GOAWAY) after it.
    package var idleTimeout = TimeAmount.seconds(120)
    /// The window in which a peer must read at least `leastOutputBytes` while output waits; the
    /// connection is closed otherwise.
    package var writeStallTimeout = TimeAmount.seconds(30)
    /// See `writeStallTimeout`, in bytes.
    package var leastOutputBytes = 32_768
    /// From an HTTP/2 answer until its last byte has left. After it the stream is reset (CANCEL).
    package var answerTimeout = TimeAmount.seconds(120)
    /// The age at which a connection is drained (GOAWAY) so that clients spread out again; nil
    /// never.
    package var maxConnectionAge: TimeAmount? = nil
    /// From GOAWAY to the close of a connection whose requests do not end.
    package var drainGrace = TimeAmount.seconds(30)
    /// How often deadlines are looked at. A timeout fires at most this much late.
    package var timerTick = TimeAmount.milliseconds(250)

    /// RST_STREAM frames from the peer (CVE-2023-44487). An honest client at 1,000 requests per
    /// second that cancels 2% sends 600 in 30 s. GOAWAY ENHANCE_YOUR_CALM and close above.
    package var streamResetLimit = RateLimit(count: 600, window: .seconds(30))
    /// Stream errors the peer causes (CVE-2025-8671). GOAWAY ENHANCE_YOUR_CALM and close above.
    package var streamErrorLimit = RateLimit(count: 200, window: .seconds(30))
    /// PING, SETTINGS, PRIORITY and other control frames; GOAWAY and frames of unknown kinds have a
    /// budget of the same size. GOAWAY ENHANCE_YOUR_CALM and close above.
    package var controlFrameLimit = RateLimit(count: 200, window: .seconds(30))
    /// Entries of SETTINGS frames. Clients send about ten in all. GOAWAY ENHANCE_YOUR_CALM and
    /// close above.
    package var settingsEntryLimit = RateLimit(count: 256, window: .seconds(30))
    /// DATA frames of less than 64 bytes that do not end their stream, above 512 for each header
    /// block. GOAWAY ENHANCE_YOUR_CALM and close above.
    package var smallDataFrameLimit = RateLimit(count: 4_096, window: .seconds(30))
    /// Bytes of header lists, as `maxHeaderListBytes` counts them, above 4 KiB a list. A peer makes
    /// long lists out of few bytes by its compression table. GOAWAY ENHANCE_YOUR_CALM and close
    /// above.
    package var longHeaderByteLimit = RateLimit(count: 8_388_608, window: .seconds(30))
    /// WINDOW_UPDATE frames above eight per completed request. GOAWAY ENHANCE_YOUR_CALM and close
    /// above.
    package var windowUpdateLimit = RateLimit(count: 2_000, window: .seconds(30))
    /// Stream errors in a connection's whole life. GOAWAY ENHANCE_YOUR_CALM and close above.
    package var maxGlitchesPerConnection = 1_000
    /// CONTINUATION frames in a row (CVE-2024-27316). GOAWAY ENHANCE_YOUR_CALM and close above.
    package var maxSequentialContinuationFrames = 5
    /// DATA frames without payload in a row, of all streams together. Clients that end a body by an
    /// empty frame, or write empty pieces, send a few. GOAWAY ENHANCE_YOUR_CALM and close above.
    package var maxSequentialEmptyDataFrames = 100
    /// Outbound control frames that wait for the socket. GOAWAY ENHANCE_YOUR_CALM and close above.
    package var maxBufferedControlFrames = 1_000
    /// Streams reset by the server whose late frames are still forgiven.
    package var maxRecentlyResetStreams = 256

    /// A number of events in a sliding window of time.
    package struct RateLimit: Sendable, Hashable {
        package var count: Int
        package var window: TimeAmount

        package init(count: Int, window: TimeAmount) {
            self.count = count
            self.window = window
        }
    }

    var outputProgress: OutputProgress.Limits {
        OutputProgress.Limits(window: writeStallTimeout, leastBytes: leastOutputBytes)
    }

    package init(host: String = "127.0.0.1", port: Int = 0, tls: (any TransportSecurity)? = nil) {
        self.host = host
        self.port = port
        self.tls = tls
    }
}
