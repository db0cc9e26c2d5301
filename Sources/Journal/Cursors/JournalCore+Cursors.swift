/// The cursors of a running journal.
extension JournalCore: CursorHost {
    /// Every cursor, by name, and what it holds back.
    var cursorList: [JournalCursor] {
        let cursors = cursorBook.cursors
        return monitor.withLock { state in cursors.map { describe($0, state) } }
    }

    private func describe(_ cursor: CursorTable.Cursor, _ state: borrowing JournalState) -> JournalCursor {
        let lag = bytes(after: cursor.position, state)
        let durable = state.durable.position
        return JournalCursor(
            name: cursor.name,
            position: cursor.position,
            lagRecords: durable > cursor.position ? durable - cursor.position : 0,
            lagBytes: lag,
            isAlarmed: lag > configuration.cursorAlarmBytes
        )
    }

    /// What the durable records after a position take in segment files.
    func bytes(after position: RecordPosition, _ state: borrowing JournalState) -> UInt64 {
        let next = position + 1
        let segment: UInt64
        let offset: UInt64
        switch state.place(of: next) {
        case .nowhere: return 0
        case .segment(let entry):
            segment = entry.segment
            offset = entry.offset
        case .archive:
            segment = archive?.number(of: next) ?? state.segments.firstNumber
            offset = UInt64(SegmentHeader.byteCount)
        }
        let whole = (state.durable.segment - min(segment, state.durable.segment)) * UInt64(configuration.segmentBytes)
        return max(whole + state.durable.offset, offset) - offset
    }

    var durablePosition: RecordPosition { monitor.withLock { $0.durable.position } }

    func checkIsOpen() throws(JournalError) {
        try monitor.withLock { state throws(JournalError) in try state.checkIsOpen() }
    }

    func createCursor(_ name: JournalCursorName, at position: RecordPosition) throws(JournalError) {
        try cursorBook.create(name, at: position, in: self)
        // The keeper looks for requests of operators while there are cursors.
        monitor.signal(.keeper)
    }

    func advanceCursor(_ name: JournalCursorName, to position: RecordPosition) throws(JournalError) {
        try cursorBook.advance(name, to: position, in: self)
    }

    func deleteCursor(_ name: JournalCursorName) throws(JournalError) { try cursorBook.delete(name, in: self) }

    /// Deletes the cursors that operators asked to drop. Errors are counted and tried again at the
    /// next look.
    func followCursorRequests() {
        let followed = cursorBook.followRequests(in: self)
        monitor.withLock { state in
            state.statistics.cursorsDropped += followed.dropped
            state.statistics.cursorRequestsFailed += followed.failed
        }
    }

    /// Whether a feed or a cursor needs a record of an archived segment, which another follows.
    func needs(_ segment: ArchiveDirectory.Entry, before next: SegmentHeader) -> Bool {
        let feeds = monitor.withLock { $0.feeds.floor } ?? .max
        if min(feeds, cursorBook.floor ?? .max) <= segment.lastPosition { return true }
        return configuration.tenant?.needs(before: next.streams) ?? false
    }
}
