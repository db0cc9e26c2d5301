/// The cursors of a running journal. What a cursor needs is kept from the moment on that it is in memory, so it goes in there first
/// when it is made, and moves there last when it advances.
extension JournalCore {
    /// Every cursor, by name, and what it holds back.
    var cursorList: [JournalCursor] {
        monitor.withLock { state in state.cursors.cursors.map { describe($0, state) } }
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
    private func bytes(after position: RecordPosition, _ state: borrowing JournalState) -> UInt64 {
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

    func createCursor(_ name: JournalCursorName, at position: RecordPosition) throws(JournalError) {
        try cursorFile.withLock { file throws(JournalError) in
            let slot = try monitor.withLock { state throws(JournalError) -> Int in
                try state.checkIsOpen()
                guard state.cursors.cursor(name) == nil else {
                    throw JournalError(.exists, "cursor \(name) is there already")
                }
                guard position <= state.durable.position else { throw Self.notDurable(position) }
                guard let slot = state.cursors.freeSlot else {
                    throw JournalError(.limit, "\(JournalLimits.cursors) cursors are there; delete one")
                }
                state.cursors.insert(.init(name: name, position: position, slot: slot))
                return slot
            }
            do throws(JournalError) {
                try checkIsKept(position + 1)
                try write(&file) { file throws(JournalFileError) in try file.create(name, position, at: slot) }
            } catch {
                monitor.withLock { $0.cursors.remove(name) }
                throw error
            }
        }
        // The keeper looks for requests of operators while there are cursors.
        monitor.signal(.keeper)
    }

    func advanceCursor(_ name: JournalCursorName, to position: RecordPosition) throws(JournalError) {
        try cursorFile.withLock { file throws(JournalError) in
            let cursor = try monitor.withLock { state throws(JournalError) in
                try state.checkIsOpen()
                guard position <= state.durable.position else { throw Self.notDurable(position) }
                return try Self.found(state.cursors.cursor(name), name)
            }
            guard position > cursor.position else { return }
            try write(&file) { file throws(JournalFileError) in try file.write(name, position, at: cursor.slot) }
            monitor.withLock { $0.cursors.advance(name, to: position) }
        }
    }

    func deleteCursor(_ name: JournalCursorName) throws(JournalError) {
        try cursorFile.withLock { file throws(JournalError) in
            let cursor = try monitor.withLock { state throws(JournalError) in
                try state.checkIsOpen()
                return try Self.found(state.cursors.cursor(name), name)
            }
            try write(&file) { file throws(JournalFileError) in
                try file.write(nil, cursor.position, at: cursor.slot)
            }
            monitor.withLock { $0.cursors.remove(name) }
        }
    }

    /// Changes the file, which is made when there is none. An error is the caller's: the journal does not rest on this file.
    private func write(
        _ file: inout CursorFile?,
        _ body: (inout CursorFile) throws(JournalFileError) -> Void
    ) throws(JournalError) {
        do throws(JournalFileError) {
            var open =
                if let file { file } else {
                    try CursorFile.create(fileSystem, directory, journalID: configuration.journalID)
                }
            // A file that was just made is kept even if the change fails: another one of its name would take its place.
            file = open
            try body(&open)
            file = open
        } catch {
            throw error.asJournalError
        }
    }

    private static func found(
        _ cursor: CursorTable.Cursor?,
        _ name: JournalCursorName
    ) throws(JournalError) -> CursorTable.Cursor {
        guard let cursor else { throw JournalError(.notFound, "there is no cursor \(name)") }
        return cursor
    }

    private static func notDurable(_ position: RecordPosition) -> JournalError {
        JournalError(.notFound, "record \(position) is not durable")
    }
}
