/// How an operator drops a cursor of a journal that a process has open. A file `cursors.drop-NAME`
/// in the journal's directory asks for it. The process that has the journal deletes the cursor,
/// then the file. A crash between the two does no harm.
package enum CursorRequests {
    static let prefix = CursorFile.fileName + ".drop-"
    /// How often a running journal that has cursors looks for requests, in nanoseconds.
    package static let intervalNanoseconds: UInt64 = 10_000_000_000

    static func fileName(_ name: JournalCursorName) -> String { prefix + name.description }

    /// The cursors that a directory's files ask to drop. A name that no cursor can have is passed
    /// over.
    static func pending(in names: [String]) -> [JournalCursorName] {
        names.filter { $0.hasPrefix(prefix) }.compactMap { JournalCursorName(String($0.dropFirst(prefix.count))) }
    }

    /// Leaves a request; durable when this returns.
    static func leave(
        _ name: JournalCursorName,
        on fileSystem: any JournalFileSystem,
        in directory: JournalDirectory
    ) throws(JournalFileError) {
        try fileSystem.open(directory.file(fileName(name)), .create).sync()
        try fileSystem.syncDirectory(directory.path)
    }
}
