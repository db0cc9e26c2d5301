import CMillrace

/// Every file operation of a journal goes through this protocol, so that tests can make any of them
/// fail, tear or vanish. Calls are per flush, never per record, so an existential costs nothing
/// that can be measured.
package protocol JournalFileSystem: Sendable {
    /// Makes the directory (its parent must exist) unless it is there; returns whether it was made.
    func createDirectory(_ path: String) throws(JournalFileError) -> Bool
    /// Names of the entries of a directory, in any order, without `.` and `..`.
    func list(directory: String) throws(JournalFileError) -> [String]
    /// Makes creations, renames and removals in this directory durable.
    func syncDirectory(_ path: String) throws(JournalFileError)
    func open(_ path: String, _ mode: JournalFileMode) throws(JournalFileError) -> any JournalFile
    func rename(_ old: String, to new: String) throws(JournalFileError)
    func remove(_ path: String) throws(JournalFileError)
    /// Takes the exclusive lock of a lock file and writes this process's number into the file. The
    /// file is created if it is missing. Throws with `heldBy` when another opener has the lock.
    /// Letting go of the file gives the lock back.
    func lock(_ path: String) throws(JournalFileError) -> any JournalFile
}

extension JournalFileSystem {
    /// Makes the directory unless it is there; its name is durable when this returns. A directory
    /// that is there may be left by a process that was killed before it synced the parent.
    /// - Returns: whether it was made.
    @discardableResult
    package func makeDurableDirectory(_ path: String) throws(JournalFileError) -> Bool {
        let isNew = try createDirectory(path)
        do throws(JournalFileError) {
            try syncDirectory(JournalDirectory(path).parent)
        } catch {
            // A parent that this process may not read is somebody else's, and so is the directory.
            guard !isNew, error.code == millrace_error_access else { throw error }
        }
        return isNew
    }
}

/// What a file is opened for.
package enum JournalFileMode: Sendable {
    /// New or emptied, for reading and writing; durable after `sync`.
    case create
    /// New or emptied, to be filled with zeros, past the page cache where the file system can;
    /// durable after `sync`. Buffers and offsets are multiples of 4 KiB.
    case prepare
    /// An existing file, for reading and writing; durable after `sync`.
    case update
    /// An existing file, for reading.
    case read
    /// An existing, pre-written file: each write is durable when it returns. Buffers and offsets
    /// are multiples of 4 KiB.
    case durable
}

/// An open file. Used by one thread at a time; closed when the last reference to it goes.
package protocol JournalFile: AnyObject, Sendable {
    var byteCount: UInt64 { get throws(JournalFileError) }
    /// Writes all the bytes or throws. A durable write that falls short is an error, because it is
    /// never tried again. Of any other the rest is written, so that the system says what is wrong.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(JournalFileError)
    /// Reads until the buffer is full or the file ends; returns how many bytes were read.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(JournalFileError) -> Int
    func sync() throws(JournalFileError)
}

/// A file operation that the operating system refused.
package struct JournalFileError: Error, Sendable, Equatable {
    /// The `errno` value; 0 for a short write.
    package var code: Int32
    package var operation: String
    package var path: String
    /// For `lock`: the process that has it, 0 if unknown.
    package var heldBy: Int32?
    /// What is wrong with the file's content, where reading it found damage and no call was
    /// refused.
    var damage: String?

    package init(code: Int32, operation: String, path: String, heldBy: Int32? = nil) {
        self.code = code
        self.operation = operation
        self.path = path
        self.heldBy = heldBy
    }
}

extension JournalFileError {
    /// The error as the journal's owner sees it.
    package var asJournalError: JournalError {
        if let damage { return JournalError(.corrupt, "\(path): \(damage)") }
        let full = code == millrace_error_no_space || code == millrace_error_quota
        return JournalError(full ? .diskFull : .io, "\(operation) \(path): \(reason)")
    }

    /// Whether fewer bytes were written than given, and the system named no reason.
    var isShortWrite: Bool { code == 0 && operation == "write" && damage == nil }

    /// The same refusal, said to be for want of room.
    var asFullDisk: JournalFileError {
        JournalFileError(code: millrace_error_no_space, operation: operation, path: path)
    }

    /// Whether the process or the system lacked a descriptor or memory: that passes, and says
    /// nothing about the disk.
    var isShortage: Bool { millrace_error_is_shortage(code) != 0 }

    /// The operating system's text.
    var reason: String {
        if code == 0 { return "short write" }
        var text = InlineArray<128, CChar>(repeating: 0)
        return withUnsafeMutableBytes(of: &text) { buffer in
            let start = buffer.assumingMemoryBound(to: CChar.self)
            guard let base = start.baseAddress else { return "error \(code)" }
            millrace_error_text(code, base, start.count)
            return String(cString: base)
        }
    }
}
