import NIOCore

/// What peers do not read, added up over the connections of this loop.
extension HTTPServerLoop {
    /// Notes how many bytes of output a connection holds now, instead of what it reported before.
    /// Above the loop's budget the connections that hold most are closed, soon but not inside this
    /// call.
    func reportOutput(_ bytes: Int, before: inout Int) {
        guard bytes != before else { return }
        statistics.outputBytesWaiting += bytes - before
        before = bytes
        guard statistics.outputBytesWaiting > configuration.maxOutputBytesPerLoop, !isEvictingReaders else { return }
        isEvictingReaders = true
        eventLoop.assumeIsolated().execute { self.evictSlowReaders() }
    }

    private func evictSlowReaders() {
        isEvictingReaders = false
        while statistics.outputBytesWaiting > configuration.maxOutputBytesPerLoop {
            guard closeGreatestHolder() else { return }
        }
    }

    /// Closes the connection with the most output. False when none holds any.
    private func closeGreatestHolder() -> Bool {
        var greatest = 0
        var holder: ConnectionTable.Entry?
        for slot in 0..<connections.slotCount {
            let entry = connections.entry(at: slot)
            let bytes = entry.outputBytesWaiting
            if bytes > greatest { (greatest, holder) = (bytes, entry) }
        }
        guard let holder else { return false }
        statistics.slowReaders += 1
        statistics.outputEvictions += 1
        switch holder {
        case .http2(let connection): connection.abandonOutput()
        case .http1(let connection): connection.abandonOutput()
        case .selecting, .free: return false
        }
        return true
    }
}

extension ConnectionTable.Entry {
    /// What the connection reported last, in bytes.
    fileprivate var outputBytesWaiting: Int {
        switch self {
        case .http2(let connection): connection.reportedOutput
        case .http1(let connection): connection.reportedOutput
        case .selecting, .free: 0
        }
    }
}
