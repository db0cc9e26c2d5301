extension JournalCore {
    /// Signs how far the journal is durable; nil if nothing is signed here.
    func sign(_ point: DurablePoint) throws(JournalFileError) -> Checkpoint? {
        try checkpoints?.withLock { log throws(JournalFileError) in try log.append(point) }
    }

    func note(_ checkpoint: Checkpoint) {
        monitor.withLock { state in
            state.checkpoint = checkpoint
            state.statistics.checkpoints += 1
        }
    }

    /// The last checkpoint of `close`, when both threads have ended. Without it the last batches
    /// only stay unsigned.
    func signLast() {
        let point: DurablePoint? = monitor.withLock { state in
            guard state.failure == nil, state.durable.batch > state.checkpoint?.batch ?? 0 else { return nil }
            return state.durable
        }
        guard let point else { return }
        do throws(JournalFileError) {
            if let checkpoint = try sign(point) { note(checkpoint) }
        } catch {
            monitor.withLock { $0.statistics.checkpointsRefused += 1 }
        }
    }
}
