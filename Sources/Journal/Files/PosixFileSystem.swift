import CMillrace

/// The real files.
package struct PosixFileSystem: JournalFileSystem {
    package init() {}

    package func createDirectory(_ path: String) throws(JournalFileError) -> Bool {
        let result = millrace_mkdir(path)
        if result == -millrace_error_exists { return false }
        try check(Int64(result), of: "mkdir", at: path)
        return true
    }

    package func list(directory: String) throws(JournalFileError) -> [String] {
        var names: [String] = []
        let result = withUnsafeMutablePointer(to: &names) { names in
            millrace_list(directory, names) { context, name in
                guard let context, let name else { return }
                context.assumingMemoryBound(to: [String].self).pointee.append(String(cString: name))
            }
        }
        try check(Int64(result), of: "list", at: directory)
        return names
    }

    package func syncDirectory(_ path: String) throws(JournalFileError) {
        try check(Int64(millrace_sync_directory(path)), of: "sync directory", at: path)
    }

    package func open(_ path: String, _ mode: JournalFileMode) throws(JournalFileError) -> any JournalFile {
        let native =
            switch mode {
            case .create: MILLRACE_OPEN_CREATE
            case .prepare: MILLRACE_OPEN_PREPARE
            case .update: MILLRACE_OPEN_UPDATE
            case .read: MILLRACE_OPEN_READ
            case .durable: MILLRACE_OPEN_DURABLE
            }
        let descriptor = try check(Int64(millrace_open(path, Int32(native.rawValue))), of: "open", at: path)
        return PosixFile(descriptor: Int32(descriptor), path: path, durable: mode == .durable)
    }

    package func rename(_ old: String, to new: String) throws(JournalFileError) {
        try check(Int64(millrace_rename(old, new)), of: "rename", at: old)
    }

    package func remove(_ path: String) throws(JournalFileError) {
        try check(Int64(millrace_unlink(path)), of: "remove", at: path)
    }

    package func lock(_ path: String) throws(JournalFileError) -> any JournalFile {
        let descriptor = try check(Int64(millrace_open(path, Int32(MILLRACE_OPEN_LOCK.rawValue))), of: "open", at: path)
        let file = PosixFile(descriptor: Int32(descriptor), path: path, durable: false)
        let result = millrace_lock_exclusive(file.descriptor)
        if result == -millrace_error_would_block {
            throw JournalFileError(code: -result, operation: "lock", path: path, heldBy: file.holder())
        }
        try check(Int64(result), of: "lock", at: path)
        try file.writeHolder()
        return file
    }
}

/// Throws for a negative `errno`, else gives the value back.
@discardableResult
private func check(_ result: Int64, of operation: String, at path: String) throws(JournalFileError) -> Int64 {
    if result < 0 { throw JournalFileError(code: Int32(-result), operation: operation, path: path) }
    return result
}

/// A descriptor. Immutable, so it may be handed from thread to thread; `close` is called once, by
/// the last owner, and `deinit` makes sure of it.
private final class PosixFile: JournalFile {
    let descriptor: Int32
    let path: String
    let durable: Bool

    init(descriptor: Int32, path: String, durable: Bool) {
        self.descriptor = descriptor
        self.path = path
        self.durable = durable
    }

    deinit { _ = millrace_close(descriptor) }

    var byteCount: UInt64 {
        get throws(JournalFileError) { UInt64(try check(millrace_file_size(descriptor), of: "stat", at: path)) }
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(JournalFileError) {
        if durable {
            let result = millrace_pwrite_durable(descriptor, bytes.baseAddress, bytes.count, Int64(offset))
            guard try check(result, of: "write", at: path) == Int64(bytes.count) else { throw shortWrite }
            return
        }
        var rest = bytes
        while !rest.isEmpty {
            let place = Int64(offset) + Int64(bytes.count - rest.count)
            let result = millrace_pwrite(descriptor, rest.baseAddress, rest.count, place)
            // A direct write takes no rest that is not aligned; then no reason is known.
            if result == -Int64(millrace_error_invalid), rest.count < bytes.count { throw shortWrite }
            let written = try check(result, of: "write", at: path)
            guard written > 0 else { throw shortWrite }
            rest = UnsafeRawBufferPointer(rebasing: rest[Int(written)...])
        }
    }

    private var shortWrite: JournalFileError { JournalFileError(code: 0, operation: "write", path: path) }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(JournalFileError) -> Int {
        Int(
            try check(millrace_pread(descriptor, buffer.baseAddress, buffer.count, Int64(offset)), of: "read", at: path)
        )
    }

    func sync() throws(JournalFileError) {
        try check(Int64(millrace_sync(descriptor)), of: "sync", at: path)
    }

    /// The process number that the lock file names.
    func holder() -> Int32? {
        var text = InlineArray<16, UInt8>(repeating: 0)
        let count = withUnsafeMutableBytes(of: &text) { millrace_pread(descriptor, $0.baseAddress, $0.count, 0) }
        var number: Int32 = 0
        for index in 0..<max(0, Int(count)) {
            guard text[index] >= 48, text[index] <= 57 else { break }
            number = number &* 10 &+ Int32(text[index] - 48)
        }
        return number == 0 ? nil : number
    }

    func writeHolder() throws(JournalFileError) {
        let text = Array("\(millrace_pid())\n".utf8)
        try check(Int64(millrace_truncate(descriptor, 0)), of: "truncate", at: path)
        let written = text.withUnsafeBytes { millrace_pwrite(descriptor, $0.baseAddress, $0.count, 0) }
        try check(written, of: "write", at: path)
    }
}
