/// The names of archived segments: they sort by segment, and say which records are inside.
package struct ArchiveDirectory: Sendable {
    static let suffix = ".archive"

    package let path: String

    package init(_ path: String) {
        precondition(!path.isEmpty)
        self.path = path
    }

    /// What a file's name says.
    struct Entry: Equatable, Sendable {
        let number: UInt64
        let firstPosition: RecordPosition
        /// `firstPosition - 1` when the segment holds no batch.
        let lastPosition: RecordPosition

        /// `00000000000000000001-00000000000000000001-00000000000000012345.archive`
        var name: String {
            ArchiveDirectory.decimal(number) + "-" + ArchiveDirectory.decimal(firstPosition) + "-"
                + ArchiveDirectory.decimal(lastPosition) + ArchiveDirectory.suffix
        }

        init(number: UInt64, firstPosition: RecordPosition, lastPosition: RecordPosition) {
            self.number = number
            self.firstPosition = firstPosition
            self.lastPosition = lastPosition
        }

        /// nil for a name of another kind.
        init?(_ name: String) {
            guard name.hasSuffix(ArchiveDirectory.suffix) else { return nil }
            let parts = name.dropLast(ArchiveDirectory.suffix.count).split(
                separator: "-",
                omittingEmptySubsequences: false
            )
            let numbers = parts.compactMap { part in
                part.utf8.count == JournalDirectory.digits && part.allSatisfy(\.isASCII) ? UInt64(part) : nil
            }
            guard parts.count == 3, numbers.count == 3, numbers[2] >= numbers[1] - min(1, numbers[1]) else {
                return nil
            }
            self.init(number: numbers[0], firstPosition: numbers[1], lastPosition: numbers[2])
        }
    }

    func file(_ name: String) -> String { path + "/" + name }

    /// The folder in a journal's directory.
    package static let defaultName = "archive"

    /// What is archived, by segment number; empty if there is no such directory.
    func entries(_ fileSystem: any JournalFileSystem) throws(JournalFileError) -> [Entry] {
        let names: [String]
        do {
            names = try fileSystem.list(directory: path)
        } catch {
            if error.isNotFound { return [] }
            throw error
        }
        return names.compactMap(Entry.init).sorted { $0.number < $1.number }
    }

    fileprivate static func decimal(_ number: UInt64) -> String {
        let digits = String(number)
        return String(repeating: "0", count: JournalDirectory.digits - digits.count) + digits
    }
}
