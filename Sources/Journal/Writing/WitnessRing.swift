/// Writes the witness ring: a small file beside the segments that says what was durable. With it,
/// recovery can tell an unfinished write from damage to acknowledged records. Slots are used in
/// turn, so a torn slot costs one claim and not all.
struct WitnessRing {
    static let slotCount: UInt32 = 64

    private let file: any JournalFile
    private let header: WitnessHeader
    private let saltSeed: UInt32
    private var nextSequence: UInt64

    private init(file: any JournalFile, header: WitnessHeader, nextSequence: UInt64) {
        self.file = file
        self.header = header
        saltSeed = header.salt.seed
        self.nextSequence = nextSequence
    }

    /// Goes on with the ring that recovery read.
    static func reopen(
        _ fileSystem: any JournalFileSystem,
        in directory: JournalDirectory,
        content: WitnessReader.Content
    ) throws(JournalFileError) -> WitnessRing {
        let file = try fileSystem.open(directory.witnessFile, .update)
        return WitnessRing(file: file, header: content.header, nextSequence: content.nextSequence)
    }

    /// Makes an empty ring under a temporary name first, so that it is there whole or not at all.
    static func create(
        _ fileSystem: any JournalFileSystem,
        _ directory: JournalDirectory,
        journalID: UInt64
    ) throws(JournalFileError) -> WitnessRing {
        let header = WitnessHeader(journalID: journalID, slotCount: slotCount, salt: .random())
        let bytes = WitnessHeader.byteCount + Int(slotCount) * WitnessSlot.byteCount
        let memory = UnsafeMutableRawBufferPointer.aligned(byteCount: bytes)
        defer { memory.deallocate() }
        header.encode(into: UnsafeMutableRawBufferPointer(rebasing: memory[0..<WitnessHeader.byteCount]))
        let temporary = directory.witnessFile + JournalDirectory.temporarySuffix
        let file = try fileSystem.open(temporary, .create)
        try file.write(UnsafeRawBufferPointer(memory), at: 0)
        try file.sync()
        try fileSystem.rename(temporary, to: directory.witnessFile)
        try fileSystem.syncDirectory(directory.path)
        return WitnessRing(file: file, header: header, nextSequence: 0)
    }

    /// Writes and syncs one slot; its sequence is set here.
    mutating func write(_ slot: WitnessSlot) throws(JournalFileError) {
        var slot = slot
        slot.sequence = nextSequence
        nextSequence &+= 1
        let memory = UnsafeMutableRawBufferPointer.aligned(byteCount: WitnessSlot.byteCount)
        defer { memory.deallocate() }
        slot.encode(into: memory, saltSeed: saltSeed, wallMilliseconds: wallMilliseconds())
        let index = Int(slot.sequence % UInt64(header.slotCount))
        try file.write(
            UnsafeRawBufferPointer(memory),
            at: UInt64(WitnessHeader.byteCount + index * WitnessSlot.byteCount)
        )
        try file.sync()
    }
}
