/// Goes through a journal offline, record by record.
package enum JournalDump {
    /// What is known about the batch that a record is in.
    package struct Batch: Sendable, Equatable {
        package var file: String
        package var offset: UInt64
        package var number: UInt64
        package var firstPosition: RecordPosition
        package var recordCount: UInt32
        package var epoch: UInt64
        /// The writer's wall clock in milliseconds since 1970.
        package var wallMilliseconds: Int64
    }

    /// Calls `body` with every intact record from `position` on, in order. Throws at the first
    /// problem, as recovery would. Throws `key` at an encrypted segment whose master key `keys`
    /// lacks. Changes nothing and takes no lock. Blocks. The span is valid during the call.
    /// Archived segments come first: those in `archive`, by default the folder of that name in the
    /// directory. Records that are in neither are left out; `firstPosition` says so.
    package static func forEachRecord(
        directory: String,
        archive: String? = nil,
        from position: RecordPosition = 1,
        keys: MasterKeyRing? = nil,
        fileSystem: any JournalFileSystem = PosixFileSystem(),
        _ body: (Batch, RecordPosition, Span<UInt8>) -> Void
    ) throws(JournalProblem) {
        var scanner = try scanner(directory, archive: archive, keys: keys, fileSystem)
        _ = try scanner.scan { scanned throws(JournalProblem) in
            guard scanned.header.lastPosition >= position else { return }
            let batch = Batch(scanned)
            try BatchRecords.forEach(in: scanned) { record, bytes in
                if record >= position { body(batch, record, bytes) }
            }
        }
    }

    /// The position that the oldest segment begins with, which is there or in the archive; above 1
    /// where records are in neither. Reads headers only. Throws as `forEachRecord` does.
    package static func firstPosition(
        directory: String,
        archive: String? = nil,
        fileSystem: any JournalFileSystem = PosixFileSystem()
    ) throws(JournalProblem) -> RecordPosition {
        var scanner = try scanner(directory, archive: archive, keys: nil, fileSystem)
        _ = try scanner.findOrigin()
        return scanner.cursor.nextPosition
    }

    private static func scanner(
        _ directory: String,
        archive: String?,
        keys: MasterKeyRing?,
        _ fileSystem: any JournalFileSystem
    ) throws(JournalProblem) -> JournalScanner {
        let place = JournalDirectory(directory)
        var witness: WitnessReader.Content?
        if case .present(let content) = try WitnessReader.read(fileSystem, place) { witness = content }
        return JournalScanner(
            fileSystem: fileSystem,
            directory: place,
            journalID: nil,
            witness: witness,
            keys: .required(keys),
            from: .oldest,
            archive: place.archive(archive)
        )
    }
}

extension JournalDump.Batch {
    init(_ scanned: JournalScanner.Batch) {
        let header = scanned.header
        self.init(
            file: scanned.file,
            offset: header.offset,
            number: header.batch,
            firstPosition: header.firstPosition,
            recordCount: header.recordCount,
            epoch: header.epoch,
            wallMilliseconds: header.wallMilliseconds
        )
    }
}
