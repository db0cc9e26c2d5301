/// Goes through a log of streams offline, record by record.
package enum StreamDump {
    /// What is known about where a record of a stream is.
    package struct Place: Sendable, Equatable {
        package var batch: JournalDump.Batch
        /// The position in the log of the run that holds it.
        package var run: RecordPosition
        package var stream: StreamNumber
        /// Of the stream's owner.
        package var epoch: UInt64
    }

    /// Calls `body` with every intact record of a stream, or of all streams, in the order of the
    /// log. Throws at the first problem, as `JournalDump.forEachRecord` does. A span is valid
    /// during the call.
    package static func forEachRecord(
        directory: String,
        archive: String? = nil,
        of stream: StreamNumber? = nil,
        keys: MasterKeyRing? = nil,
        fileSystem: any JournalFileSystem = PosixFileSystem(),
        _ body: (Place, RecordPosition, Span<UInt8>) -> Void
    ) throws(JournalProblem) {
        var problem: JournalProblem?
        try JournalDump.forEachRecord(directory: directory, archive: archive, keys: keys, fileSystem: fileSystem) {
            batch,
            position,
            bytes in
            guard problem == nil else { return }
            do throws(JournalProblem) {
                try forEachRecord(of: bytes, at: position, in: batch) { place, record, bytes in
                    if stream == nil || place.stream == stream { body(place, record, bytes) }
                }
            } catch {
                problem = error
            }
        }
        if let problem { throw problem }
    }

    /// The records of one run, which is a record of the log.
    package static func forEachRecord(
        of bytes: Span<UInt8>,
        at position: RecordPosition,
        in batch: JournalDump.Batch,
        _ body: (Place, RecordPosition, Span<UInt8>) -> Void
    ) throws(JournalProblem) {
        let isRun = bytes.withUnsafeBytes { bytes in
            guard let run = StreamRun.decode(bytes) else { return false }
            let place = Place(batch: batch, run: position, stream: run.stream, epoch: run.epoch)
            return run.forEachRecord(in: bytes) { record, range in
                let part = UnsafeRawBufferPointer(rebasing: bytes[range])
                body(place, record, part.bindMemory(to: UInt8.self).span)
            }
        }
        if isRun { return }
        throw JournalProblem(
            .corrupt,
            file: batch.file,
            offset: batch.offset,
            position: position,
            "it is no run of a shard's records"
        )
    }
}
