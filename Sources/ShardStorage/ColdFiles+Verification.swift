import Journal
import ShardState

/// What reading all cold files of one kind found.
struct ColdVerification: Equatable {
    var files = 0
    var entries: UInt64 = 0
    var bytes: UInt64 = 0
    /// What is wrong with the index; nil for nothing. It can be made anew from the files.
    var indexProblem: String?
}

extension ColdFiles {
    /// Reads every cold file whole, and compares the index with them. Another thread may write a
    /// file meanwhile. Throws `corrupt` with the file's name and the offset.
    func verify(pace: @escaping SnapshotWriter.Pace = { _ in true }) throws(JournalError) -> ColdVerification {
        var found = ColdVerification()
        // Before the files are listed: all up to here are entered.
        let clean = try hasIndex() ? index.cleanUpTo() : nil
        let numbers = try numbers()
        try checkPresent(numbers, upTo: clean ?? 0)
        var comparison = try clean.map { clean throws(JournalError) in try IndexComparison(self, upTo: clean) }
        if clean == nil, !numbers.isEmpty { found.indexProblem = "\(index.path): is missing or cannot be understood" }
        for number in numbers {
            found.files += 1
            let size = try forEachChunk(of: number, pace: pace) { location, bytes throws(JournalError) in
                comparison?.chunk(location)
                try forEachEntry(bytes, in: number) { head, _ throws(JournalError) in
                    found.entries += 1
                    try comparison?.entry(of: head.sequence, at: location)
                }
            }
            found.bytes += size
        }
        try comparison?.finish()
        if let comparison, comparison.problem != nil { found.indexProblem = comparison.problem }
        return found
    }
}

/// Compares an index with the cold files. Words only grow while it runs: an entry's place is later
/// than the places of the entries of the same number before it. So a word that is behind an entry
/// is wrong. So is one that leads to no chunk.
private struct IndexComparison {
    private let files: ColdFiles
    private let clean: UInt64
    private let reader: ColdIndex.Reader
    private var block: ColdIndex.Block?
    /// Where the chunks of each file begin, ascending.
    private var offsets: [UInt64: [UInt64]] = [:]
    private(set) var problem: String?

    init(_ files: ColdFiles, upTo clean: UInt64) throws(JournalError) {
        self.files = files
        self.clean = clean
        reader = try files.index.reading()
    }

    mutating func chunk(_ location: ColdLocation) {
        if location.file <= clean { offsets[location.file, default: []].append(location.offset) }
    }

    mutating func entry(of sequence: UInt64, at location: ColdLocation) throws(JournalError) {
        guard location.file <= clean, problem == nil else { return }
        let place = Int(sequence) - 1
        let number = place / ColdIndex.wordsPerBlock
        if block?.number != number { block = try reader.block(number) }
        if let word = block?[place], word.rawValue < location.rawValue {
            problem = "\(files.index.path): \(files.kind.name) \(sequence) has a later entry than the index says"
        }
    }

    mutating func finish() throws(JournalError) {
        let count = try reader.blockCount()
        for number in 0..<count where problem == nil {
            let block = try reader.block(number)
            for place in 0..<ColdIndex.wordsPerBlock where block[place] != .none {
                guard try !leadsToChunk(block[place]) else { continue }
                let sequence = number * ColdIndex.wordsPerBlock + place + 1
                problem = "\(files.index.path): leads to no entry of \(files.kind.name) \(sequence)"
                break
            }
        }
    }

    private func leadsToChunk(_ location: ColdLocation) throws(JournalError) -> Bool {
        // A file written meanwhile has its name before it is entered.
        guard location.file <= clean else { return try files.numbers().contains(location.file) }
        guard let all = offsets[location.file] else { return false }
        var (low, high) = (0, all.count)
        while low < high {
            let middle = (low + high) / 2
            if all[middle] < location.offset { low = middle + 1 } else { high = middle }
        }
        return low < all.count && all[low] == location.offset
    }
}
