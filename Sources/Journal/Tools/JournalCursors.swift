/// The cursors of a journal's directory, for operators.
package enum JournalCursors {
    /// A cursor as its file has it.
    package struct Entry: Sendable, Equatable {
        package let name: JournalCursorName
        package let position: RecordPosition
    }

    /// What the file of cursors says; another process may have the journal open.
    package struct Listing: Sendable, Equatable {
        package var cursors: [Entry] = []
        /// Cursors whose both copies are damaged.
        package var damaged = 0
    }

    package enum Dropped: Sendable, Equatable {
        /// The cursor is gone.
        case done
        /// A process has the journal: it drops the cursor within
        /// `CursorRequests.intervalNanoseconds`.
        case requested(detail: String)
    }

    /// Reads the cursors and changes nothing.
    /// - Throws: `format`, `corrupt` when the file is damaged beyond use, `io`.
    package static func list(
        directory: String,
        fileSystem: any JournalFileSystem = PosixFileSystem()
    ) throws(JournalProblem) -> Listing {
        let found = try CursorFile.read(fileSystem, JournalDirectory(directory))
        return Listing(
            cursors: found.table.cursors.map { Entry(name: $0.name, position: $0.position) },
            damaged: found.damaged
        )
    }

    /// Deletes a cursor, or asks the process that has the journal to do it. Its consumer loses its
    /// place: what it has not taken may go from the archive.
    /// - Throws: `notFound` for a name that has no cursor; as `list`.
    package static func drop(
        _ name: JournalCursorName,
        directory: String,
        fileSystem: any JournalFileSystem = PosixFileSystem()
    ) throws(JournalProblem) -> Dropped {
        let place = JournalDirectory(directory)
        let path = place.file(CursorFile.fileName)
        guard try list(directory: directory, fileSystem: fileSystem).cursors.contains(where: { $0.name == name }) else {
            throw JournalProblem(.notFound, file: path, "there is no cursor \(name)")
        }
        let lock: any JournalFile
        do throws(JournalProblem) {
            lock = try JournalRecovery.takeLock(fileSystem, place)
        } catch {
            guard error.code == .fenced else { throw error }
            do { try CursorRequests.leave(name, on: fileSystem, in: place) } catch { throw JournalProblem(error) }
            return .requested(detail: error.detail)
        }
        defer { withExtendedLifetime(lock) {} }
        // Read again: the process that had the journal may have changed them until now.
        var found = try CursorFile.read(fileSystem, place)
        guard let cursor = found.table.cursor(name) else {
            throw JournalProblem(.notFound, file: path, "there is no cursor \(name)")
        }
        do throws(JournalFileError) {
            try found.file?.write(nil, cursor.position, at: cursor.slot)
        } catch {
            throw JournalProblem(error)
        }
        return .done
    }
}
