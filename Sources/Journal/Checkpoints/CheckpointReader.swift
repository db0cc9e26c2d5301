/// Reads checkpoint logs.
enum CheckpointReader {
    /// What the end of a log says; only the last two slots are looked at.
    enum State {
        case absent
        /// Its last line, and the one before it, are not lines of this journal.
        case damaged
        /// nil: no line was finished yet.
        case present(Checkpoint?)

        var last: Checkpoint? {
            guard case .present(let last) = self else { return nil }
            return last
        }
    }

    /// `key` checks the last line if it signed it; other keys' lines are taken as they are.
    static func readEnd(
        _ fileSystem: any JournalFileSystem,
        _ directory: JournalDirectory,
        key: CheckpointPublicKey?
    ) throws(JournalProblem) -> State {
        do {
            let names = try fileSystem.list(directory: directory.path)
            guard names.contains(CheckpointLog.fileName) else { return .absent }
            let file = try fileSystem.open(directory.file(CheckpointLog.fileName), .read)
            // A slot that a crash cut short is no slot.
            let count = try file.byteCount / UInt64(CheckpointLog.slotBytes)
            for number in [count, count &- 1] where number <= count {
                if number == 0 { return .present(nil) }
                guard let found = try checkpoint(number, in: file) else { continue }
                if let key, found.keyID == key.id, !found.isSigned(by: key) { continue }
                return .present(found)
            }
            return .damaged
        } catch {
            throw JournalProblem(error)
        }
    }

    private static func checkpoint(_ number: UInt64, in file: any JournalFile) throws(JournalFileError) -> Checkpoint? {
        let slot = try bytes(file, at: (number - 1) * UInt64(CheckpointLog.slotBytes), count: CheckpointLog.slotBytes)
        guard let found = checkpoint(inSlot: slot), found.number == number else { return nil }
        return found
    }

    static func checkpoint(inSlot slot: [UInt8]) -> Checkpoint? {
        guard slot.count == CheckpointLog.slotBytes, slot.last == UInt8(ascii: "\n") else { return nil }
        return Checkpoint(line: String(decoding: slot.dropLast(), as: UTF8.self)[...])
    }

    /// Visits every slot of the log from the first on: its number and what stands there, nil if
    /// that is no checkpoint. The last slot may be shorter. False if there is no log.
    static func forEachSlot(
        _ fileSystem: any JournalFileSystem,
        in directory: JournalDirectory,
        do body: (_ number: UInt64, Checkpoint?, _ isLast: Bool) -> Void
    ) throws(JournalProblem) -> Bool {
        do {
            let names = try fileSystem.list(directory: directory.path)
            guard names.contains(CheckpointLog.fileName) else { return false }
            let file = try fileSystem.open(directory.file(CheckpointLog.fileName), .read)
            let size = try file.byteCount
            var offset: UInt64 = 0
            while offset < size {
                let chunk = try bytes(file, at: offset, count: CheckpointLog.slotBytes * 256)
                for start in stride(from: 0, to: chunk.count, by: CheckpointLog.slotBytes) {
                    let slot = Array(chunk[start..<min(chunk.count, start + CheckpointLog.slotBytes)])
                    let end = offset + UInt64(start + slot.count)
                    let number = (offset + UInt64(start)) / UInt64(CheckpointLog.slotBytes) + 1
                    body(number, checkpoint(inSlot: slot), end >= size)
                }
                if chunk.isEmpty { break }
                offset += UInt64(chunk.count)
            }
            return true
        } catch {
            throw JournalProblem(error)
        }
    }

    /// As many bytes as there are, up to `count`.
    private static func bytes(
        _ file: any JournalFile,
        at offset: UInt64,
        count: Int
    ) throws(JournalFileError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var got = 0
        var failure: JournalFileError?
        bytes.withUnsafeMutableBytes { buffer in
            do throws(JournalFileError) { got = try file.read(into: buffer, at: offset) } catch { failure = error }
        }
        if let failure { throw failure }
        return Array(bytes[..<got])
    }
}

/// What the last checkpoint says to recovery. It is evidence as the witness is, and it is signed.
extension JournalScanner {
    /// A batch that a checkpoint names must be the one that was signed.
    static func check(_ batch: Batch, against checkpoint: Checkpoint?) throws(JournalProblem) {
        guard let checkpoint, checkpoint.batch == batch.header.batch, checkpoint.hash != batch.hash else { return }
        throw JournalProblem(
            .corrupt,
            file: batch.file,
            offset: batch.header.offset,
            position: batch.header.firstPosition,
            "batch \(checkpoint.batch) is not the one that checkpoint \(checkpoint.number) signed: "
                + "it, or a batch before it, was changed"
        )
    }

    /// The journal must reach the batch that a checkpoint names.
    func checkIsReached(_ checkpoint: Checkpoint?, by end: ScanEnd) throws(JournalProblem) {
        guard let checkpoint, checkpoint.batch >= cursor.nextBatch else { return }
        throw JournalProblem(
            .corrupt,
            file: end.last?.file ?? JournalDirectory.segmentName(1),
            offset: end.last?.offset ?? 0,
            position: cursor.nextPosition,
            "the journal ends with record \(cursor.nextPosition - 1), but checkpoint \(checkpoint.number) signed "
                + "record \(checkpoint.position) as durable"
        )
    }
}
