import Synchronization

@testable import Journal

/// The smallest file system that a journal takes: names and bytes. Every write is durable.
final class MemoryDisk: JournalFileSystem {
    final class Node: Sendable {
        let bytes: Mutex<[UInt8]>
        init(_ bytes: [UInt8]) { self.bytes = Mutex(bytes) }
    }

    private let nodes: Mutex<[String: Node]>

    init(_ files: [String: [UInt8]] = [:]) {
        nodes = Mutex(files.mapValues(Node.init))
    }

    var files: [String: [UInt8]] { nodes.withLock { $0.mapValues { node in node.bytes.withLock { $0 } } } }

    func createDirectory(_ path: String) -> Bool { false }

    func list(directory: String) -> [String] {
        nodes.withLock { nodes in
            nodes.keys.filter { $0.hasPrefix(directory + "/") }.map { String($0.dropFirst(directory.count + 1)) }
        }
    }

    func syncDirectory(_ path: String) {}

    func open(_ path: String, _ mode: JournalFileMode) throws(JournalFileError) -> any JournalFile {
        let isNew = mode == .create || mode == .prepare
        let found = nodes.withLock { nodes -> Node? in
            if isNew { nodes[path] = Node([]) }
            return nodes[path]
        }
        guard let found else { throw JournalFileError(code: 2, operation: "open", path: path) }
        return MemoryFile(node: found)
    }

    func rename(_ old: String, to new: String) throws(JournalFileError) {
        let isFound = nodes.withLock { nodes in
            guard let node = nodes.removeValue(forKey: old) else { return false }
            nodes[new] = node
            return true
        }
        if !isFound { throw JournalFileError(code: 2, operation: "rename", path: old) }
    }

    func remove(_ path: String) throws(JournalFileError) {
        let isFound = nodes.withLock { $0.removeValue(forKey: path) != nil }
        if !isFound { throw JournalFileError(code: 2, operation: "remove", path: path) }
    }

    func lock(_ path: String) throws(JournalFileError) -> any JournalFile {
        MemoryFile(node: nodes.withLock { nodes in nodes[path] ?? Node([]) })
    }
}

private final class MemoryFile: JournalFile {
    let node: MemoryDisk.Node

    init(node: MemoryDisk.Node) { self.node = node }

    var byteCount: UInt64 { UInt64(node.bytes.withLock(\.count)) }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) {
        let (start, end) = (Int(offset), Int(offset) + bytes.count)
        let source = Array(bytes)
        node.bytes.withLock { content in
            if content.count < end { content += [UInt8](repeating: 0, count: end - content.count) }
            content.replaceSubrange(start..<end, with: source)
        }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) -> Int {
        let content = node.bytes.withLock { $0 }
        guard offset < UInt64(content.count) else { return 0 }
        let end = min(Int(offset) + buffer.count, content.count)
        content.withUnsafeBytes { buffer.copyMemory(from: .init(rebasing: $0[Int(offset)..<end])) }
        return end - Int(offset)
    }

    func sync() {}
}
