/// Compares a journal that is being scanned with signed checkpoints. First it gathers the claims
/// from the log and from the checkpoints that were kept elsewhere. Then the scanner shows it every
/// batch. At the end, each claimed batch that it was not shown is missing.
///
/// A claim counts if a given key signed it, wherever it was found: its signature proves it in any
/// place.
struct CheckpointAuditor {
    private(set) var audit = CheckpointAudit()
    private let evidence: CheckpointEvidence
    private let journalID: UInt64
    /// Ascending by batch, once gathered.
    private var claims: [Claim] = []
    private var nextClaim = 0
    /// A batch was not the one that was signed; then no later one can be.
    private var hasChanged = false
    private var range: Range?
    private var lastSeen: (file: String, end: UInt64, batch: UInt64, position: RecordPosition)?

    /// What is kept of a checkpoint: there may be millions.
    private struct Claim {
        let batch: UInt64
        let position: RecordPosition
        let hash: ChainHash
        let number: UInt64
        let wallMilliseconds: Int64
        let isKept: Bool

        var words: String {
            "checkpoint \(number)" + (isKept ? " (kept elsewhere)" : "") + " of time \(wallMilliseconds)"
        }
    }

    /// The batches after the last one that a checkpoint confirmed.
    private struct Range {
        let file: String
        let offset: UInt64
        let batch: UInt64
        let position: RecordPosition
    }

    init(_ evidence: CheckpointEvidence, journalID: UInt64) {
        self.evidence = evidence
        self.journalID = journalID
    }

    /// Reads the journal's log, if it has one, and the kept checkpoints.
    mutating func gather(
        _ fileSystem: any JournalFileSystem,
        _ directory: JournalDirectory
    ) throws(JournalProblem) {
        var log = CheckpointLogAudit(journalID: journalID)
        let kept = gatherKept()
        var unseen = kept
        let hasLog = try CheckpointReader.forEachSlot(fileSystem, in: directory) { number, found, isLast in
            if let problem = log.check(number, found, isLast: isLast) { audit.add(problem) }
            guard let found else { return }
            if !isSigned(found) {
                audit.add(CheckpointLogAudit.finding(number, "checkpoint \(found.number) is not signed by a given key"))
                return
            }
            unseen[found.number] = nil
            if let same = kept[found.number], same != found {
                audit.add(CheckpointLogAudit.finding(number, "checkpoint \(number) is not the one that was kept"))
            }
            guard found.journalID == journalID else { return }
            audit.logged += 1
            add(found, isKept: false)
        }
        for (number, _) in unseen.sorted(by: { $0.key < $1.key }) {
            let what =
                hasLog ? "the log lacks checkpoint \(number)" : "the log is gone, and with it checkpoint \(number)"
            audit.add(CheckpointLogAudit.finding(number, "\(what), which was kept elsewhere"))
        }
        claims.sort { $0.batch < $1.batch }
    }

    private mutating func gatherKept() -> [UInt64: Checkpoint] {
        var kept: [UInt64: Checkpoint] = [:]
        for (index, text) in evidence.kept.enumerated() {
            guard let checkpoint = Checkpoint(line: text[...]) else {
                addKept(index, "the line is not a checkpoint")
                continue
            }
            guard isSigned(checkpoint) else {
                addKept(index, "checkpoint \(checkpoint.number) is not signed by a given key")
                continue
            }
            guard checkpoint.journalID == journalID else { continue }
            audit.kept += 1
            kept[checkpoint.number] = checkpoint
            add(checkpoint, isKept: true)
        }
        return kept
    }

    private mutating func addKept(_ index: Int, _ detail: String) {
        audit.add(.init(kind: .signature, file: evidence.keptSource, offset: UInt64(index + 1), detail: detail))
    }

    private mutating func add(_ checkpoint: Checkpoint, isKept: Bool) {
        claims.append(
            Claim(
                batch: checkpoint.batch,
                position: checkpoint.position,
                hash: checkpoint.hash,
                number: checkpoint.number,
                wallMilliseconds: checkpoint.wallMilliseconds,
                isKept: isKept
            )
        )
    }

    private func isSigned(_ checkpoint: Checkpoint) -> Bool {
        evidence.publicKeys.contains { checkpoint.isSigned(by: $0) }
    }
}

extension CheckpointAuditor {
    /// Shows the next batch of the journal.
    mutating func see(_ batch: JournalScanner.Batch) {
        let header = batch.header
        if lastSeen == nil { passOver(before: header.batch) }
        if range == nil {
            range = Range(
                file: batch.file,
                offset: header.offset,
                batch: header.batch,
                position: header.firstPosition
            )
        }
        lastSeen = (batch.file, header.offset + UInt64(header.frameBytes), header.batch, header.lastPosition)
        while nextClaim < claims.count, claims[nextClaim].batch == header.batch {
            let claim = claims[nextClaim]
            nextClaim += 1
            if claim.hash == batch.hash, claim.position == header.lastPosition {
                audit.confirmed += 1
                audit.signedPosition = header.lastPosition
            } else if !hasChanged {
                hasChanged = true
                addChange(claim, header)
            }
            range = nil
        }
    }

    /// Nothing more comes; `isWhole`: because that was all, not because the scan stopped at damage.
    mutating func finish(isWhole: Bool) {
        if lastSeen == nil && isWhole { passOver(before: 1) }
        if claims.isEmpty && lastSeen != nil {
            audit.add(.init(kind: .unsigned, file: CheckpointLog.fileName, offset: 0, detail: "no usable checkpoint"))
        }
        guard isWhole, let claim = claims.last, claim.batch > lastSeen?.batch ?? 0 else { return }
        addDeletion(claim)
    }

    private mutating func addDeletion(_ claim: Claim) {
        let batch = lastSeen?.batch ?? 0
        let position = lastSeen?.position ?? 0
        let end = "the journal ends with batch \(batch), record \(position)"
        let signed = "\(claim.words) says that batch \(claim.batch), record \(claim.position), was durable"
        audit.add(
            .init(
                kind: .deleted,
                file: lastSeen?.file ?? JournalDirectory.segmentName(1),
                offset: lastSeen?.end ?? 0,
                batches: batch + 1...claim.batch,
                positions: position + 1...max(claim.position, position + 1),
                detail: "\(end); \(signed)"
            )
        )
    }

    private mutating func passOver(before batch: UInt64) {
        while nextClaim < claims.count, claims[nextClaim].batch < batch {
            nextClaim += 1
            audit.beforeFirst += 1
        }
    }

    private mutating func addChange(_ claim: Claim, _ header: BatchHeader) {
        guard let range else { preconditionFailure("a range begins with its first batch") }
        let signed = "\(claim.words) signed batch \(claim.batch), record \(claim.position)"
        audit.add(
            .init(
                kind: .changed,
                file: range.file,
                offset: range.offset,
                batches: range.batch...header.batch,
                positions: range.position...header.lastPosition,
                detail: "one of these is not what it was when \(signed); nothing from there on is proved"
            )
        )
    }
}

/// Checks that a log is what one signer after another wrote: numbers, the link to the line before,
/// growing claims.
struct CheckpointLogAudit {
    private let journalID: UInt64
    private var before: Checkpoint?
    private var wasBroken = false

    init(journalID: UInt64) { self.journalID = journalID }

    static func finding(_ number: UInt64, _ detail: String) -> CheckpointFinding {
        let offset = (number - 1) * UInt64(CheckpointLog.slotBytes)
        return CheckpointFinding(kind: .log, file: CheckpointLog.fileName, offset: offset, detail: detail)
    }

    /// What is wrong with the slot of this number, if anything.
    mutating func check(_ number: UInt64, _ found: Checkpoint?, isLast: Bool) -> CheckpointFinding? {
        guard let found else {
            wasBroken = true
            // A crash tears the last one; it claims nothing then.
            return isLast ? nil : Self.finding(number, "the line is not a checkpoint")
        }
        defer {
            before = found
            wasBroken = false
        }
        guard found.number == number else {
            return Self.finding(number, "checkpoint \(found.number) stands where checkpoint \(number) belongs")
        }
        guard found.journalID == journalID else {
            return Self.finding(number, "checkpoint \(number) belongs to journal \(found.journalID)")
        }
        // Behind a line that cannot be read there is nothing to compare with.
        if wasBroken { return nil }
        guard found.previous == before?.lineHash ?? .genesis else {
            return Self.finding(number, "checkpoint \(number) does not follow the line before it")
        }
        guard found.batch > before?.batch ?? 0, found.position > before?.position ?? 0 else {
            return Self.finding(number, "checkpoint \(number) claims less than the one before it")
        }
        return nil
    }
}
