/// Takes the chunks of a filter's file in.
struct FilterLoader {
    private(set) var partitions: [KeyRun.Partition] = []
    private(set) var fingerprints: [UInt16] = []
    private(set) var blockFirsts: [UInt64] = []
    private(set) var summary: KeyRunSummary?
    private(set) var keyCount: UInt64 = 0

    init(keyCount: Int) {
        // A damaged count must not make the program allocate more memory than a file's keys can
        // need.
        let expected = min(keyCount, 1 << 32)
        blockFirsts.reserveCapacity(expected / KeyRunFormat.keysPerBlock + 1)
        fingerprints.reserveCapacity(expected / 8 * 9 + expected / 32)
    }

    /// false for a chunk that does not belong here.
    mutating func take(_ section: UInt16, _ bytes: UnsafeRawBufferPointer) -> Bool {
        guard summary == nil else { return false }
        switch KeyRunSection(rawValue: section) {
        case .partition: return takePartition(bytes)
        case .summary:
            summary = KeyRunSummary(bytes)
            return summary != nil
        default: return false
        }
    }

    private mutating func takePartition(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let head = PartitionHead(bytes) else { return false }
        // All partitions but the last are full, and they ascend: that is how a key's block is
        // found.
        if let before = partitions.last {
            guard before.blockCount == KeyRunFormat.blocksPerPartition, before.first < head.first else { return false }
        }
        guard keyCount % UInt64(KeyRunFormat.keysPerPartition) == 0 else { return false }
        partitions.append(
            KeyRun.Partition(
                first: head.first,
                filter: head.filter,
                firstSlot: fingerprints.count,
                firstBlock: blockFirsts.count,
                blockCount: Int(head.blockCount)
            )
        )
        keyCount += UInt64(head.keyCount)
        let slots = PartitionHead.byteCount + Int(head.blockCount) * 8
        blockFirsts.append(littleEndian: UnsafeRawBufferPointer(rebasing: bytes[PartitionHead.byteCount..<slots]))
        fingerprints.append(littleEndian: UnsafeRawBufferPointer(rebasing: bytes[slots...]))
        return true
    }
}

extension Array where Element: FixedWidthInteger {
    /// Appends the integers that stand in `bytes` at any alignment.
    fileprivate mutating func append(littleEndian bytes: UnsafeRawBufferPointer) {
        let stride = MemoryLayout<Element>.stride
        let before = count
        append(contentsOf: repeatElement(0, count: bytes.count / stride))
        withUnsafeMutableBufferPointer { buffer in
            for place in before..<buffer.count {
                buffer[place] = bytes.integer(at: (place - before) * stride)
            }
        }
    }
}
