package import Journal

extension KeyRunStore {
    /// Reads the catalogue and all runs whole. Checks every checksum, the order and the number of
    /// the keys, and that no filter denies a key of its run. Blocks. Runs may come and go.
    ///
    /// Throws `corrupt` with the file's name and the offset, and `io` when the system refuses a
    /// call.
    /// - Parameter pace: called with the bytes of each piece; false ends the reading with `fenced`.
    package func verifyRuns(
        pace: @escaping SnapshotWriter.Pace
    ) throws(JournalError) -> (files: Int, bytes: UInt64) {
        var found = (files: 0, bytes: UInt64(0))
        if isOpen { _ = try KeyRunCatalogue.read(files, names: [KeyRunFormat.catalogueName]) }
        for run in current.runs {
            do throws(JournalError) {
                _ = try run.verify(pace: pace)
                try run.verifyFilter(pace: pace)
                found.files += 2
                found.bytes += run.fileBytes
            } catch {
                // A run that was merged meanwhile has no file any more.
                guard current.runs.contains(where: { $0 === run }) || error.code == .fenced else { continue }
                throw error
            }
        }
        return found
    }
}

extension KeyRun {
    /// The file of filters is the one that the catalogue names.
    fileprivate func verifyFilter(pace: @escaping SnapshotWriter.Pace) throws(JournalError) {
        let path = files.path(summary.number, KeyRunFormat.filterSuffix)
        let (_, whole) = try SnapshotReader.readAll(files.fileSystem, path: path, ring: files.ring, pace: pace) {
            _,
            _ in
        }
        guard whole.digest == digests.filter else {
            throw files.damaged(path, "is not the file that the catalogue names")
        }
    }
}
