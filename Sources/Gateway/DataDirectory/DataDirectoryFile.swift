/// A YAML file of a data directory, which is read and replaced as a whole.
enum DataDirectoryFile {
    /// Reads a file that must be there. Blocks.
    ///
    /// Throws `damaged` for a file that makes no sense, `io` when the system refuses.
    /// - Parameter limit: the most bytes that the file may have.
    static func read<Content>(
        _ path: String,
        limit: Int,
        parse: (inout ConfigurationSection) throws(ConfigurationError) -> Content
    ) throws(DataDirectoryError) -> Content {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try Files.read(path, limit: limit)
        } catch {
            throw .io(error)
        }
        do throws(ConfigurationError) {
            var document = try ConfigurationSection(document: bytes, file: path)
            let content = try parse(&document)
            try document.finish()
            return content
        } catch {
            throw .damaged(path: error.line.map { "\(path):\($0)" } ?? path, reason: error.problem)
        }
    }

    /// Makes durable which files a directory has: a process that was killed, or a call that failed,
    /// may have replaced one and not synced. Blocks. Throws `io` when the system refuses.
    static func confirm(in directory: String) throws(DataDirectoryError) {
        do throws(FileError) { try Files.syncDirectory(directory) } catch { throw .io(error) }
    }

    /// Replaces a file; returns when it is durable. Blocks. Throws `io` when the system refuses.
    static func write(_ text: String, to path: String) throws(DataDirectoryError) {
        do throws(FileError) {
            try Files.writeAtomically(Array(text.utf8), to: path, permissions: 0o600)
        } catch {
            throw .io(error)
        }
    }
}
