import Crypto
import Glibc

/// What a backup consists of: every file with its size and SHA-256, and where each log ends. The
/// last thing that is written: a backup without it is not finished. Text, one fact a line; the last
/// line is the digest of all before it.
struct BackupManifest: Equatable {
    static let fileName = "backup.manifest"
    static let format = 1
    /// A backup of a million files has a manifest of about 150 MB.
    static let maximumBytes = 1 << 28

    struct Log: Equatable {
        var number: Int
        var lastPosition: UInt64
        var headHash: String
    }

    struct File: Equatable {
        /// Relative to the backup.
        var path: String
        var bytes: UInt64
        var digest: String
    }

    /// Seconds since 1970; for readers.
    var seconds: Int64
    var logs: [Log] = []
    var files: [File] = []

    var text: [UInt8] {
        var lines = "millrace-backup \(Self.format)\ntime \(seconds)\n"
        for log in logs { lines += "log \(log.number) \(log.lastPosition) \(log.headHash)\n" }
        for file in files { lines += "file \(file.digest) \(file.bytes) \(file.path)\n" }
        let body = Array(lines.utf8)
        return body + Array("end \(Hexadecimal.encode(Array(SHA256.hash(data: body))))\n".utf8)
    }

    init(seconds: Int64) { self.seconds = seconds }

    /// nil if the text is not a whole manifest of a format that this version reads.
    init?(_ text: [UInt8]) {
        let end = 4 + 64 + 1
        guard text.count > end else { return nil }
        let body = Array(text.dropLast(end))
        let digest = Hexadecimal.encode(Array(SHA256.hash(data: body)))
        guard Array(text.suffix(end)) == Array("end \(digest)\n".utf8) else { return nil }
        self.init(seconds: 0)
        var lines = String(decoding: body, as: UTF8.self).split(separator: "\n").makeIterator()
        guard lines.next() == "millrace-backup \(Self.format)" else { return nil }
        while let line = lines.next() {
            guard read(line) else { return nil }
        }
    }

    private mutating func read(_ line: Substring) -> Bool {
        let words = line.split(separator: " ", maxSplits: 3)
        switch words.first {
        case "time":
            guard words.count == 2, let time = Int64(words[1]) else { return false }
            seconds = time
        case "log":
            guard words.count == 4, let number = Int(words[1]), let last = UInt64(words[2]) else { return false }
            logs.append(Log(number: number, lastPosition: last, headHash: String(words[3])))
        case "file":
            guard words.count == 4, let bytes = UInt64(words[2]), Self.isInside(words[3]) else { return false }
            files.append(File(path: String(words[3]), bytes: bytes, digest: String(words[1])))
        default: return false
        }
        return true
    }

    /// A path that leads out of the directory is refused: no backup has one.
    private static func isInside(_ path: Substring) -> Bool {
        !path.hasPrefix("/") && !path.split(separator: "/").contains("..")
    }
}
