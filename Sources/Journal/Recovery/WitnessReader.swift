/// Reads what the witness ring says.
enum WitnessReader {
    /// The strongest claims over all intact slots.
    struct Content: Equatable {
        var header: WitnessHeader
        /// The next write's number.
        var nextSequence: UInt64 = 0
        var batch: UInt64 = 0
        var hash = ChainHash.genesis
        var position: RecordPosition = 0
        var segment: UInt64 = 0
        var epoch: UInt64 = 0
        /// The batch that the last slot names, if that slot says that the journal was closed.
        var closedBatch: UInt64?

        mutating func add(_ slot: WitnessSlot) {
            if slot.sequence >= nextSequence { closedBatch = slot.kind == .closed ? slot.batch : nil }
            // Only the place in the ring depends on the sequence, so it may begin again from 0.
            nextSequence = max(nextSequence, slot.sequence &+ 1)
            segment = max(segment, slot.segment)
            epoch = max(epoch, slot.epoch)
            guard slot.batch > batch else { return }
            batch = slot.batch
            position = slot.position
            hash = slot.hash
        }
    }

    enum State {
        case absent
        case damaged
        case present(Content)

        var description: RecoveryReport.WitnessState {
            switch self {
            case .absent: .absent
            case .damaged: .damaged
            case .present(let content): .present(batch: content.batch, position: content.position)
            }
        }
    }

    static func read(_ fileSystem: any JournalFileSystem, _ directory: JournalDirectory) throws(JournalProblem) -> State
    {
        do {
            let names = try fileSystem.list(directory: directory.path)
            guard names.contains("witness") else { return .absent }
            let file = try fileSystem.open(directory.witnessFile, .read)
            let size = Int(clamping: try file.byteCount)
            guard size > WitnessHeader.byteCount, size <= 1 << 20 else { return .damaged }
            let memory = UnsafeMutableRawBufferPointer.aligned(byteCount: size)
            defer { memory.deallocate() }
            guard try file.read(into: memory, at: 0) == size else { return .damaged }
            return decode(UnsafeRawBufferPointer(memory))
        } catch {
            throw JournalProblem(error)
        }
    }

    private static func decode(_ bytes: UnsafeRawBufferPointer) -> State {
        guard let header = WitnessHeader.decode(bytes.part(0, WitnessHeader.byteCount)) else { return .damaged }
        guard bytes.count == WitnessHeader.byteCount + Int(header.slotCount) * WitnessSlot.byteCount else {
            return .damaged
        }
        var content = Content(header: header)
        let saltSeed = header.salt.seed
        for index in 0..<Int(header.slotCount) {
            let offset = WitnessHeader.byteCount + index * WitnessSlot.byteCount
            if let slot = WitnessSlot.decode(bytes.part(offset, WitnessSlot.byteCount), saltSeed: saltSeed) {
                content.add(slot)
            }
        }
        return .present(content)
    }
}
