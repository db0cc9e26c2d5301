package import Journal
import Synchronization

extension KeyRunStore {
    /// Reads the catalogue and the filters of all runs, and removes what a crash left unfinished.
    ///
    /// Throws `corrupt` with the file's name for damage and for a missing file. Throws it also when
    /// the runs do not cover `required`, because a snapshot relies on them up to there. Throws
    /// `format` for files of a newer program or another journal. Throws `key` when a master key is
    /// missing, and `io` when the system refuses a call.
    package func open(requiring required: RecordPosition = 0) throws(JournalError) -> KeyRunSet {
        let set = try state.withLock { state throws(JournalError) in
            precondition(!state.isOpen, "the runs are opened once")
            let names = try prepare()
            if let found = try KeyRunCatalogue.read(files, names: names) {
                state.catalogue = found
            } else {
                try begin(names)
            }
            let catalogue = state.catalogue
            guard catalogue.covered >= required else {
                throw files.damaged(
                    files.path(KeyRunFormat.catalogueName),
                    "the runs hold the keys up to record \(catalogue.covered), and a snapshot needs them up to \(required)"
                )
            }
            for entry in catalogue.entries {
                try Self.checkPresent(entry.summary.number, among: names, files)
                state.runs.append(try KeyRun(files, summary: entry.summary, digests: entry.digests))
            }
            try removeUnfinished(names, besides: Set(catalogue.entries.map(\.summary.number)))
            state.isOpen = true
            return KeyRunSet(covered: catalogue.covered, runs: state.runs.reversed())
        }
        published.withLock { $0 = set }
        return set
    }

    /// Makes the directory; returns the names in it.
    private func prepare() throws(JournalError) -> [String] {
        do throws(JournalFileError) {
            try files.fileSystem.makeDurableDirectory(files.directory)
            // A catalogue that is seen here must not vanish again: files are removed because of it.
            try files.fileSystem.syncDirectory(files.directory)
            return try files.fileSystem.list(directory: files.directory)
        } catch {
            throw error.asJournalError
        }
    }

    /// A directory without a catalogue is new, or has lost it.
    private func begin(_ names: [String]) throws(JournalError) {
        try Self.checkIsNew(files, names)
        try KeyRunCatalogue().write(files)
    }

    static func checkIsNew(_ files: KeyRunFiles, _ names: [String]) throws(JournalError) {
        if let run = names.filter({ number(of: $0) != nil }).min() {
            throw files.damaged(
                files.path(KeyRunFormat.catalogueName),
                "is missing, and \(run) shows that it was there"
            )
        }
    }

    /// A missing file is damage. No retry restores it, and requests with its keys might be executed
    /// twice.
    static func checkPresent(
        _ number: UInt64,
        among names: [String],
        _ files: KeyRunFiles
    ) throws(JournalError) {
        for suffix in [KeyRunFormat.keysSuffix, KeyRunFormat.filterSuffix] {
            let name = KeyRunFormat.name(number, suffix)
            guard names.contains(name) else {
                throw files.damaged(files.path(name), "is missing, and the catalogue names it")
            }
        }
    }

    private func removeUnfinished(_ names: [String], besides named: Set<UInt64>) throws(JournalError) {
        do throws(JournalFileError) {
            for name in names where name.hasSuffix(".tmp") || Self.number(of: name).map({ !named.contains($0) }) == true
            {
                try files.fileSystem.remove(files.path(name))
            }
        } catch {
            throw error.asJournalError
        }
    }

    /// The number of the run that a file belongs to; nil for other files.
    private static func number(of name: String) -> UInt64? {
        for suffix in [KeyRunFormat.keysSuffix, KeyRunFormat.filterSuffix] where name.hasSuffix(suffix) {
            return UInt64(name.dropLast(suffix.count))
        }
        return nil
    }
}
