/// What repairs keep: nothing that was there is overwritten.
struct RepairFiles {
    static let suffix = ".cut"

    let fileSystem: any JournalFileSystem

    /// Copies a file beside itself, durably but for its name.
    func keepCopy(of path: String) throws(JournalFileError) {
        let source = try fileSystem.open(path, .read)
        let target = try fileSystem.open(try freeName(path), .create)
        let memory = UnsafeMutableRawBufferPointer.aligned(byteCount: 1 << 20)
        defer { memory.deallocate() }
        try copy(source, into: target, range: 0..<(try source.byteCount), through: memory)
        try target.sync()
    }

    func copy(
        _ source: any JournalFile,
        into target: any JournalFile,
        range: Range<UInt64>,
        through memory: UnsafeMutableRawBufferPointer
    ) throws(JournalFileError) {
        var offset = range.lowerBound
        while offset < range.upperBound {
            let count = Int(min(UInt64(memory.count), range.upperBound - offset))
            let part = UnsafeMutableRawBufferPointer(rebasing: memory[..<count])
            guard try source.read(into: part, at: offset) == part.count else {
                throw JournalFileError(code: 0, operation: "read", path: "a segment that is too short")
            }
            try target.write(UnsafeRawBufferPointer(part), at: offset)
            offset += UInt64(part.count)
        }
    }

    /// A name beside the file that nothing has yet.
    func freeName(_ path: String) throws(JournalFileError) -> String {
        let parent = JournalDirectory(path).parent
        let names = Set(try fileSystem.list(directory: parent))
        let name = String(path.dropFirst(parent.count + 1))
        for copy in 0..<1_000 {
            let free = name + Self.suffix + (copy == 0 ? "" : "-\(copy)")
            if !names.contains(free) { return parent + "/" + free }
        }
        throw JournalFileError(code: 0, operation: "name a .cut file", path: path)
    }
}
