import NIOCore
import NIOHTTP1
import NIOHTTP2

extension HTTPServerLoop {
    /// The handlers of a connection whose protocol is not known yet.
    func initialize(_ channel: any Channel) throws {
        let selector = try accept(from: channel.remoteAddress)
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(selector.meter)
        if let tls = configuration.tls {
            try pipeline.addHandler(ProtocolGate(loop: self))
            try pipeline.addHandler(tls.makeServerHandler())
        }
        try pipeline.addHandler(selector)
    }

    /// Adds the handlers of a protocol at the end of the pipeline.
    func install(_ choice: ProtocolSelector.Choice, _ selector: ProtocolSelector, on channel: any Channel) throws {
        switch choice {
        case .http2: try installHTTP2(selector, on: channel)
        case .http1: try installHTTP1(selector, on: channel)
        }
    }

    private func installHTTP2(_ selector: ProtocolSelector, on channel: any Channel) throws {
        let observer = ConnectionErrorObserver()
        let codec = NIOHTTP2Handler(
            mode: .server,
            frameDelegate: observer,
            connectionConfiguration: configuration.http2Connection,
            streamConfiguration: configuration.http2Stream
        )
        let gatherer = WriteGatherer()
        let connection = HTTP2ServerConnection(selector, observer: observer, gatherer: gatherer)
        let gate = FrameGate(connection)
        connection.gate = gate
        let advertised = AdvertisedSettings(configuration)
        statistics.http2Connections += 1
        protocolSelected(selector.key, .http2(connection))
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(gatherer)
        try pipeline.addHandler(gate)
        try pipeline.addHandler(advertised)
        try pipeline.addHandler(codec)
        pipeline.removeHandler(advertised, promise: nil)
        try pipeline.addHandler(connection)
    }

    private func installHTTP1(_ selector: ProtocolSelector, on channel: any Channel) throws {
        let connection = HTTP1ServerConnection(selector)
        statistics.http1Connections += 1
        protocolSelected(selector.key, .http1(connection))
        let pipeline = channel.pipeline.syncOperations
        // Pipelined requests are handed on one at a time, in order; reads stop while one is being
        // answered.
        try pipeline.configureHTTPServerPipeline(withErrorHandling: false)
        try pipeline.addHandler(connection)
    }
}

extension HTTPServerConfiguration {
    fileprivate var http2Connection: NIOHTTP2Handler.ConnectionConfiguration {
        var connection = NIOHTTP2Handler.ConnectionConfiguration()
        connection.initialSettings = [
            // `AdvertisedSettings` tells the peer the limits that the server keeps.
            HTTP2Setting(parameter: .maxConcurrentStreams, value: Int(Int32.max)),
            HTTP2Setting(parameter: .initialWindowSize, value: initialWindowBytes),
            HTTP2Setting(parameter: .maxHeaderListSize, value: maxHeaderListBytes * 2),
        ]
        // `RequestHeaderBlock` checks what peers send; the server's own answers need no check.
        connection.headerBlockValidation = .disabled
        connection.maximumSequentialEmptyDataFrames = maxSequentialEmptyDataFrames
        connection.maximumBufferedControlFrames = maxBufferedControlFrames
        connection.maximumSequentialContinuationFrames = maxSequentialContinuationFrames
        connection.maximumRecentlyResetStreams = maxRecentlyResetStreams
        connection.maximumConnectionGlitches = maxGlitchesPerConnection
        connection.controlFrameRateLimit.maximumCount = controlFrameLimit.count
        connection.controlFrameRateLimit.windowLength = controlFrameLimit.window
        return connection
    }

    fileprivate var http2Stream: NIOHTTP2Handler.StreamConfiguration {
        var stream = NIOHTTP2Handler.StreamConfiguration()
        stream.streamResetFrameRateLimit.maximumCount = streamResetLimit.count
        stream.streamResetFrameRateLimit.windowLength = streamResetLimit.window
        stream.streamErrorRateLimit.maximumCount = streamErrorLimit.count
        stream.streamErrorRateLimit.windowLength = streamErrorLimit.window
        return stream
    }
}
