import Journal

/// The files below a directory.
enum FileTree {
    /// Paths relative to the directory, sorted. A data directory has no nesting deeper than
    /// `depth`.
    static func files(in directory: String, depth: Int = 4) throws(JournalError) -> [String] {
        let names: [String]
        do throws(JournalFileError) {
            names = try PosixFileSystem().list(directory: directory).sorted()
        } catch {
            throw error.asJournalError
        }
        var found: [String] = []
        for name in names {
            let path = FilePaths.join(directory, name)
            guard Files.isDirectory(path) else {
                found.append(name)
                continue
            }
            precondition(depth > 0, "directories are nested too deep")
            for inner in try files(in: path, depth: depth - 1) { found.append(FilePaths.join(name, inner)) }
        }
        return found
    }
}

/// A directory that is made, or is there and empty.
enum EmptyDirectory {
    static func make(_ path: String) throws {
        try Files.makeDirectory(path, permissions: 0o700)
        let names: [String]
        do throws(JournalFileError) {
            names = try PosixFileSystem().list(directory: path)
        } catch {
            throw error.asJournalError
        }
        guard names.isEmpty else {
            throw ConfigurationError(place: path, "is not empty; nothing was written")
        }
    }
}
