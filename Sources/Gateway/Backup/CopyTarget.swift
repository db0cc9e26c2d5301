import Glibc
import Journal

/// The directory that a backup or a restore fills. A file marks it until the copy is whole: what is
/// beside the mark is of an unfinished copy, and nobody else's.
struct CopyTarget {
    /// Present while the copy is not whole.
    static let markName = "copy.unfinished"

    let path: String
    /// The file that is written last, and shows that the copy is whole.
    let lastName: String

    /// Makes the directory, or empties one that an unfinished copy left, and marks it. Throws
    /// `ConfigurationError` when something else is in it; nothing was changed then.
    func begin() throws {
        if Files.exists(mark) {
            guard !Files.exists(FilePaths.join(path, lastName)) else {
                throw ConfigurationError(place: path, "is not empty: a whole copy is there; nothing was written")
            }
            try removeContents()
        }
        try EmptyDirectory.make(path)
        try Files.writeAtomically([], to: mark, permissions: 0o600)
    }

    /// Everything is in place and durable.
    func finish() throws(FileError) {
        try Files.syncDirectory(path)
        guard unlink(mark) == 0 else { throw FileError("unlink", mark) }
        try Files.syncDirectory(path)
    }

    /// Removes what was written, as far as the system lets it; the error that matters is the one
    /// before. What is left is still marked.
    func clear() {
        try? removeContents()
    }

    private var mark: String { FilePaths.join(path, Self.markName) }

    /// The last file goes first, so that the rest is no whole copy. The mark goes last, so that a
    /// crash in between leaves the rest marked.
    private func removeContents() throws {
        try remove(FilePaths.join(path, lastName))
        try removeContents(of: path)
        try remove(mark)
    }

    private func removeContents(of directory: String) throws {
        for name in try list(directory) where name != Self.markName {
            let inner = FilePaths.join(directory, name)
            if try FileStatus(of: inner, follows: false).isDirectory {
                try removeContents(of: inner)
                guard rmdir(inner) == 0 else { throw FileError("rmdir", inner) }
            } else {
                try remove(inner)
            }
        }
    }

    private func remove(_ file: String) throws(FileError) {
        guard unlink(file) == 0 || errno == ENOENT else { throw FileError("unlink", file) }
    }

    private func list(_ directory: String) throws(JournalError) -> [String] {
        do throws(JournalFileError) {
            return try PosixFileSystem().list(directory: directory)
        } catch {
            throw error.asJournalError
        }
    }
}
