import Synchronization

/// What durable cursors ask of the journal, or the stream, that they are of.
protocol CursorHost {
    var durablePosition: RecordPosition { get }
    /// Throws the first failure, or `fenced` when it is closed.
    func checkIsOpen() throws(JournalError)
    /// Throws `notFound` for a record that was durable and is not kept any more.
    func checkIsKept(_ position: RecordPosition) throws(JournalError)
}

/// The durable cursors of one journal or stream: in memory, and their file. The journal keeps what
/// a cursor in memory needs. So `create` enters a cursor in memory before the file, and `advance`
/// moves it in memory after the file. Any thread.
final class CursorBook: Sendable {
    private let fileSystem: any JournalFileSystem
    private let directory: JournalDirectory
    private let journalID: UInt64
    /// Held while the disk writes; nil while there is no file.
    private let file: Monitor<CursorFile?>
    private let table: Monitor<CursorTable>
    private let count: Atomic<Int>

    init(
        _ fileSystem: any JournalFileSystem,
        _ directory: JournalDirectory,
        journalID: UInt64,
        found: CursorFile.Found
    ) {
        self.fileSystem = fileSystem
        self.directory = directory
        self.journalID = journalID
        file = Monitor(found.file)
        table = Monitor(found.table)
        count = Atomic(found.table.cursors.count)
    }

    /// Takes no lock.
    var isEmpty: Bool { count.load(ordering: .relaxed) == 0 }

    /// By name.
    var cursors: [CursorTable.Cursor] { table.withLock { $0.cursors } }

    /// The first record that a cursor's consumer still needs; nil without cursors.
    var floor: RecordPosition? { table.withLock { $0.floor } }

    func create(
        _ name: JournalCursorName,
        at position: RecordPosition,
        in host: some CursorHost
    ) throws(JournalError) {
        try file.withLock { file throws(JournalError) in
            try host.checkIsOpen()
            let slot = try table.withLock { table throws(JournalError) -> Int in
                guard table.cursor(name) == nil else {
                    throw JournalError(.exists, "cursor \(name) is there already")
                }
                guard position <= host.durablePosition else { throw Self.notDurable(position) }
                guard let slot = table.freeSlot else {
                    throw JournalError(.limit, "\(JournalLimits.cursors) cursors are there; delete one")
                }
                table.insert(.init(name: name, position: position, slot: slot))
                count.store(table.cursors.count, ordering: .relaxed)
                return slot
            }
            do throws(JournalError) {
                try host.checkIsKept(position + 1)
                try write(&file) { file throws(JournalFileError) in try file.create(name, position, at: slot) }
            } catch {
                remove(name)
                throw error
            }
        }
    }

    func advance(
        _ name: JournalCursorName,
        to position: RecordPosition,
        in host: some CursorHost
    ) throws(JournalError) {
        try file.withLock { file throws(JournalError) in
            try host.checkIsOpen()
            guard position <= host.durablePosition else { throw Self.notDurable(position) }
            let cursor = try found(name)
            guard position > cursor.position else { return }
            try write(&file) { file throws(JournalFileError) in try file.write(name, position, at: cursor.slot) }
            table.withLock { $0.advance(name, to: position) }
        }
    }

    func delete(_ name: JournalCursorName, in host: some CursorHost) throws(JournalError) {
        try file.withLock { file throws(JournalError) in
            try host.checkIsOpen()
            let cursor = try found(name)
            try write(&file) { file throws(JournalFileError) in
                try file.write(nil, cursor.position, at: cursor.slot)
            }
            remove(name)
        }
    }

    private func remove(_ name: JournalCursorName) {
        table.withLock { table in
            table.remove(name)
            count.store(table.cursors.count, ordering: .relaxed)
        }
    }

    /// Changes the file, which is made when there is none. An error is the caller's: the journal
    /// does not rest on this file.
    private func write(
        _ file: inout CursorFile?,
        _ body: (inout CursorFile) throws(JournalFileError) -> Void
    ) throws(JournalError) {
        do throws(JournalFileError) {
            var open =
                if let file { file } else {
                    try CursorFile.create(fileSystem, directory, journalID: journalID)
                }
            // A file that was just made is kept even if the change fails: another one of its name
            // would take its place.
            file = open
            try body(&open)
            file = open
        } catch {
            throw error.asJournalError
        }
    }

    private func found(_ name: JournalCursorName) throws(JournalError) -> CursorTable.Cursor {
        guard let cursor = table.withLock({ $0.cursor(name) }) else {
            throw JournalError(.notFound, "there is no cursor \(name)")
        }
        return cursor
    }

    private static func notDurable(_ position: RecordPosition) -> JournalError {
        JournalError(.notFound, "record \(position) is not durable")
    }
}

// MARK: - Requests of operators

extension CursorBook {
    /// What became of operators' requests.
    struct Followed {
        var dropped: UInt64 = 0
        /// Attempts that failed; the next look tries again.
        var failed: UInt64 = 0
    }

    /// Deletes the cursors that operators asked to drop.
    func followRequests(in host: some CursorHost) -> Followed {
        var followed = Followed()
        do throws(JournalError) {
            for name in CursorRequests.pending(in: try listing()) {
                do throws(JournalError) {
                    try delete(name, in: host)
                    followed.dropped += 1
                } catch {
                    // It was dropped before a crash, or never there.
                    guard error.code == .notFound else { throw error }
                }
                try removeRequest(name)
            }
        } catch {
            followed.failed += 1
        }
        return followed
    }

    private func listing() throws(JournalError) -> [String] {
        do { return try fileSystem.list(directory: directory.path) } catch { throw error.asJournalError }
    }

    private func removeRequest(_ name: JournalCursorName) throws(JournalError) {
        do throws(JournalFileError) {
            try fileSystem.remove(directory.file(CursorRequests.fileName(name)))
            try fileSystem.syncDirectory(directory.path)
        } catch {
            throw error.asJournalError
        }
    }
}

extension CursorBook {
    /// Moves cursors back that stand behind the last record, and says which.
    func moveBack(to last: RecordPosition) throws(JournalProblem) -> [JournalCursorName] {
        try file.withLock { file throws(JournalProblem) in
            var found = CursorFile.Found(file: file, table: table.withLock { $0 })
            let moved = try found.moveBack(to: last)
            file = found.file
            table.withLock { $0 = found.table }
            return moved
        }
    }
}
