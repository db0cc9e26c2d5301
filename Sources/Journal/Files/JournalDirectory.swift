/// The names of a journal's files.
struct JournalDirectory: Sendable {
    static let temporarySuffix = ".tmp"
    static let segmentSuffix = ".journal"
    static let digits = 20

    let path: String

    var lockFile: String { path + "/lock" }
    var witnessFile: String { path + "/witness" }

    /// The directory that holds this one, whose entry for it must be durable.
    var parent: String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    init(_ path: String) {
        precondition(!path.isEmpty)
        var trimmed = path
        while trimmed.count > 1 && trimmed.hasSuffix("/") { trimmed.removeLast() }
        self.path = trimmed
    }

    func file(_ name: String) -> String { path + "/" + name }

    /// The archive that belongs to this journal: the one named, or the folder beside its segments.
    func archive(_ path: String?) -> ArchiveDirectory {
        ArchiveDirectory(path ?? file(ArchiveDirectory.defaultName))
    }

    /// `00000000000000000001.journal`
    static func segmentName(_ number: UInt64) -> String {
        let decimal = String(number)
        return String(repeating: "0", count: digits - decimal.count) + decimal + segmentSuffix
    }

    static func segmentNumber(_ name: String) -> UInt64? {
        guard name.hasSuffix(segmentSuffix), name.utf8.count == digits + segmentSuffix.utf8.count else { return nil }
        let decimal = name.dropLast(segmentSuffix.count)
        guard decimal.allSatisfy(\.isASCII), let number = UInt64(decimal) else { return nil }
        // Segments are numbered from 1. A name with another number is no segment's.
        return (1..<1 << 62).contains(number) ? number : nil
    }

    /// Where the bytes cut from a segment are kept.
    static func tornName(segment: UInt64, offset: UInt64, copy: Int) -> String {
        segmentName(segment).dropLast(segmentSuffix.count) + "-\(offset)" + (copy == 0 ? "" : "-\(copy)") + ".torn"
    }
}
