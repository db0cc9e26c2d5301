package import Journal

/// What an offline check of a journal's key runs found.
package struct KeyRunVerification: Sendable, Equatable {
    package var runs = 0
    /// Keys in the runs, with those that are forgotten and not yet dropped.
    package var keys: UInt64 = 0
    /// The last record whose key is in a run.
    package var covered: RecordPosition = 0
    /// The runs are encrypted and no keys were given: the catalogue and the runs were not opened.
    package var isSealed = false
}

/// Checks the runs of idempotency keys of a journal that no process writes to. It checks the
/// catalogue, every file's checksums, and the order and the number of the keys. It checks that no
/// filter denies a key of its run, and that the journal has the records. Changes nothing. Blocks
/// for as long as reading all files takes.
package enum KeyRunVerifier {
    /// Throws where a start would refuse the runs. It throws `corrupt`, `format`, `key` or `io`,
    /// with the file's name.
    /// - Parameters:
    ///   - journal: the journal's directory.
    ///   - journalID: whose the runs must be; nil accepts any.
    ///   - lastPosition: the journal's last record.
    ///   - ring: opens encrypted runs; nil leaves them closed.
    /// - Returns: nil where the journal has no runs.
    package static func verify(
        journal: String,
        journalID: UInt64?,
        lastPosition: RecordPosition,
        ring: MasterKeyRing?,
        fileSystem: any JournalFileSystem = PosixFileSystem()
    ) throws(JournalError) -> KeyRunVerification? {
        var files = KeyRunFiles(
            fileSystem: fileSystem,
            directory: KeyRunStore.directory(of: journal),
            journalID: journalID ?? 0,
            keys: ring.map(JournalKeys.init)
        )
        guard let names = try names(in: journal, files) else { return nil }
        do throws(JournalError) {
            if journalID == nil { files.journalID = try KeyRunCatalogue.journalID(files, names: names) ?? 0 }
            guard let catalogue = try KeyRunCatalogue.read(files, names: names) else {
                return try withoutCatalogue(files, names)
            }
            guard catalogue.covered <= lastPosition else {
                throw JournalError(
                    .format,
                    "\(files.directory): the runs hold the keys up to record \(catalogue.covered), and the journal ends with "
                        + "record \(lastPosition)"
                )
            }
            var found = KeyRunVerification(runs: catalogue.entries.count, covered: catalogue.covered)
            for entry in catalogue.entries {
                try KeyRunStore.checkPresent(entry.summary.number, among: names, files)
                found.keys += try KeyRun(files, summary: entry.summary, digests: entry.digests).verify(pace: { _ in true
                })
            }
            return found
        } catch {
            guard error.code == .key, ring == nil else { throw error }
            return KeyRunVerification(isSealed: true)
        }
    }

    /// The names in the directory of the runs; nil where there is no such directory.
    private static func names(in journal: String, _ files: KeyRunFiles) throws(JournalError) -> [String]? {
        do throws(JournalFileError) {
            guard try files.fileSystem.list(directory: journal).contains(KeyRunFormat.directoryName) else { return nil }
            return try files.fileSystem.list(directory: files.directory)
        } catch {
            throw error.asJournalError
        }
    }

    private static func withoutCatalogue(
        _ files: KeyRunFiles,
        _ names: [String]
    ) throws(JournalError) -> KeyRunVerification? {
        try KeyRunStore.checkIsNew(files, names)
        return nil
    }
}
