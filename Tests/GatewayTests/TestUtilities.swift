import Foundation
import Glibc
import Testing

@testable import Gateway

/// A directory that is gone after the test.
final class TemporaryDirectory {
    let path: String

    init() throws {
        let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(base)/millrace-test-XXXXXX".utf8CString)
        let made = try #require(mkdtemp(&template))
        path = String(cString: made)
    }

    func file(_ name: String) -> String { FilePaths.join(path, name) }

    func write(_ text: String, to name: String) throws -> String {
        try Files.writeAtomically(Array(text.utf8), to: file(name))
        return file(name)
    }

    deinit { Self.remove(path) }

    private static func remove(_ path: String) {
        if let directory = opendir(path) {
            while let entry = readdir(directory) {
                let name = withUnsafePointer(to: entry.pointee.d_name) { tuple in
                    tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                if name != "." && name != ".." { remove("\(path)/\(name)") }
            }
            closedir(directory)
        }
        Glibc.remove(path)
    }
}

/// Permission bits of a file.
func permissions(_ path: String) throws -> UInt32 {
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    let mode = try #require(attributes[.posixPermissions] as? NSNumber)
    return mode.uint32Value & 0o777
}

enum FilesForTests {
    static func remove(_ path: String) -> Bool { unlink(path) == 0 }
}

enum ProcessForTests {
    static var id: Int32 { getpid() }
}
