/// Finds a record of a stream. For records that were read or written since the log was opened, the
/// index has the record's run, or one a little before it. For an older record the segments' headers
/// say between which positions of the log it is. The search then tries runs in between.
extension StreamCore {
    /// Between which positions of the log a run is.
    struct Bounds {
        var low: RecordPosition
        var high: RecordPosition
    }

    /// Reads one durable record again.
    func read(
        at position: RecordPosition,
        of index: Int,
        _ journal: JournalCore,
        _ cache: inout JournalReadCache
    ) throws(JournalError) -> [UInt8] {
        let stream = setups[index].number
        if let record = cache.batch?.record(at: position, of: stream) { return record }
        _ = try find(position, of: index, on: journal, &cache)
        if let record = cache.batch?.record(at: position, of: stream) { return record }
        throw JournalError(.corrupt, "record \(position) of shard \(stream) is not where it belongs")
    }

    /// The position in the log of the run that holds a durable record; its batch is in the cache
    /// then.
    func find(
        _ position: RecordPosition,
        of index: Int,
        on journal: JournalCore,
        _ cache: inout JournalReadCache
    ) throws(JournalError) -> RecordPosition {
        let stream = setups[index].number
        var bounds = try bounds(of: position, index, journal)
        var middle = bounds.low
        while bounds.low <= bounds.high {
            guard let (run, at) = try firstRun(of: stream, from: middle, to: bounds.high, journal, &cache) else {
                // There is no run of the stream from the middle on.
                guard middle > bounds.low else { break }
                bounds.high = middle - 1
                middle = bounds.low + (bounds.high - bounds.low) / 2
                continue
            }
            if run.holds(position, of: stream) { return at }
            if run.firstPosition > position {
                guard middle > bounds.low else { break }
                bounds.high = middle - 1
            } else {
                bounds.low = at + 1
            }
            middle = bounds.low + (max(bounds.high, bounds.low) - bounds.low) / 2
        }
        throw JournalError(.corrupt, "record \(position) of shard \(stream) is in no run of the log")
    }

    private func firstRun(
        of stream: StreamNumber,
        from first: RecordPosition,
        to last: RecordPosition,
        _ journal: JournalCore,
        _ cache: inout JournalReadCache
    ) throws(JournalError) -> (StreamRun, RecordPosition)? {
        var position = first
        while position <= last {
            if cache.batch?.holds(position) != true { _ = try journal.read(at: position, &cache) }
            guard let run = cache.batch?.run(at: position) else {
                throw JournalError(.corrupt, "record \(position) of the log is no run of a stream")
            }
            if run.stream == stream, run.count > 0 { return (run, position) }
            position += 1
        }
        return nil
    }

    private func bounds(
        of position: RecordPosition,
        _ index: Int,
        _ journal: JournalCore
    ) throws(JournalError) -> Bounds {
        let stream = setups[index].number
        let known = monitor.withLock { state -> Bounds? in
            guard position > 0, position <= state.streams[index].durable.position else { return nil }
            let before = state.streams[index].index.entry(before: position)?.place
            let after = state.streams[index].index.entry(after: position)?.place
            return Bounds(low: before ?? 0, high: after.map { $0 - 1 } ?? state.logDurable)
        }
        guard var bounds = known else { throw JournalProblem.notDurable(position).asJournalError }
        let segments = journal.monitor.withLock { $0.segments.segments }
        // The run that the index names may be in a segment that is gone.
        if let first = segments.first, bounds.low >= first.firstPosition { return bounds }
        if let here = segments.lastIndex(where: { $0.streams.position(of: stream) < position }) {
            bounds.low = segments[here].firstPosition
            if here + 1 < segments.count { bounds.high = min(bounds.high, segments[here + 1].firstPosition - 1) }
            return bounds
        }
        guard let entry = try archived(position, of: stream, journal) else { throw gone(position, of: stream) }
        return Bounds(low: max(bounds.low, entry.firstPosition), high: min(bounds.high, entry.lastPosition))
    }

    private func archived(
        _ position: RecordPosition,
        of stream: StreamNumber,
        _ journal: JournalCore
    ) throws(JournalError) -> ArchiveDirectory.Entry? {
        do throws(JournalFileError) {
            return try journal.archive?.entry(with: position, of: stream)
        } catch {
            throw error.asJournalError
        }
    }

    private func gone(_ position: RecordPosition, of stream: StreamNumber) -> JournalError {
        JournalError(
            .notFound,
            "record \(position) of shard \(stream) was retired, and its segment is not in the archive "
                + "(not configured, or its time is over)"
        )
    }

    /// Throws `notFound` for a record that was durable and is not kept any more.
    func checkIsKept(_ position: RecordPosition, of index: Int, _ journal: JournalCore) throws(JournalError) {
        let stream = setups[index].number
        let isDurable = monitor.withLock { $0.streams[index].durable.position >= position }
        guard isDurable else { return }
        let isHere = journal.monitor.withLock { state in
            state.segments.segments.contains { $0.streams.position(of: stream) < position }
        }
        if isHere { return }
        if try archived(position, of: stream, journal) == nil { throw gone(position, of: stream) }
    }

    /// What a cursor of a stream holds back.
    func describe(_ cursor: CursorTable.Cursor, of index: Int, _ journal: JournalCore) -> JournalCursor {
        let durable = monitor.withLock { $0.streams[index].durable.position }
        let lag = durable > cursor.position ? durable - cursor.position : 0
        var bytes: UInt64 = 0
        if lag > 0 {
            // A cursor whose next record cannot be found any more holds nothing back.
            let bounds = try? self.bounds(of: cursor.position + 1, index, journal)
            bytes =
                bounds.map { bounds in
                    journal.monitor.withLock { state in journal.bytes(after: bounds.low - 1, state) }
                } ?? 0
        }
        return JournalCursor(
            name: cursor.name,
            position: cursor.position,
            lagRecords: lag,
            lagBytes: bytes,
            isAlarmed: bytes > cursorAlarmBytes
        )
    }

    func statistics(of index: Int, _ journal: JournalCore) -> StreamStatistics {
        let cursors = books[index].cursors.map { describe($0, of: index, journal) }
        return monitor.withLock { state in
            var copy = state.streams[index].statistics
            copy.backlogBytes = state.streams[index].unflushedBytes
            copy.durablePosition = state.streams[index].durable.position
            copy.lastPosition = state.streams[index].mark.position
            copy.feeds = state.streams[index].feeds.count
            copy.cursors = cursors
            return copy
        }
    }
}

extension ReadBatch {
    func holds(_ position: RecordPosition) -> Bool {
        position >= firstPosition && position - firstPosition < UInt64(records.count)
    }

    /// The run at a position of the log; nil if the batch does not hold it, or it is none.
    func run(at position: RecordPosition) -> StreamRun? {
        guard holds(position) else { return nil }
        let range = records[Int(position - firstPosition)]
        return payload.withUnsafeBytes { StreamRun.decode(UnsafeRawBufferPointer(rebasing: $0[range])) }
    }

    /// A record of a stream, if it is in this batch.
    func record(at position: RecordPosition, of stream: StreamNumber) -> [UInt8]? {
        for range in records {
            let found = payload.withUnsafeBytes { payload -> [UInt8]? in
                let bytes = UnsafeRawBufferPointer(rebasing: payload[range])
                guard let run = StreamRun.decode(bytes), run.holds(position, of: stream) else { return nil }
                var record: [UInt8]?
                _ = run.forEachRecord(in: bytes) { at, range in
                    if at == position { record = Array(bytes[range]) }
                }
                return record
            }
            if let found { return found }
        }
        return nil
    }
}
