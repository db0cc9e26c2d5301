/// What an offline check holds a journal against, beside its own checksums.
package struct CheckpointEvidence: Sendable {
    /// Keys whose signatures count.
    package var publicKeys: [CheckpointPublicKey]
    /// Checkpoints that were kept elsewhere, one line each (those of other journals are passed
    /// over), and what errors call them.
    package var kept: [String]
    package var keptSource: String

    package init(publicKeys: [CheckpointPublicKey], kept: [String] = [], keptSource: String = "") {
        self.publicKeys = publicKeys
        self.kept = kept
        self.keptSource = keptSource
    }
}

/// What checkpoints show about a journal.
package struct CheckpointAudit: Sendable {
    /// Checkpoints of the journal's own log that are rightly signed.
    package internal(set) var logged: UInt64 = 0
    /// Checkpoints kept elsewhere that are rightly signed and of this journal.
    package internal(set) var kept: UInt64 = 0
    /// Checkpoints whose batch was read and is the one that was signed.
    package internal(set) var confirmed: UInt64 = 0
    /// Checkpoints about batches before the first segment that is there: nothing to hold them
    /// against.
    package internal(set) var beforeFirst: UInt64 = 0
    /// The last record that a confirmed checkpoint covers; later ones are not signed yet.
    package internal(set) var signedPosition: RecordPosition = 0
    /// Everything that is wrong, at most `limit`.
    package internal(set) var findings: [CheckpointFinding] = []

    static let limit = 100

    mutating func add(_ finding: CheckpointFinding) {
        if findings.count < Self.limit { findings.append(finding) }
    }
}

/// Something that a checkpoint proves wrong.
package struct CheckpointFinding: Sendable, Equatable, CustomStringConvertible {
    package enum Kind: String, Sendable {
        /// Batches are not those that were signed: changed, reordered, or some of them removed or
        /// put in.
        case changed
        /// The journal ends before a batch that was signed.
        case deleted
        /// The log of checkpoints itself was changed, or lacks some.
        case log
        /// A kept checkpoint is not one, or is signed by no given key.
        case signature
        /// There are batches, and no checkpoint at all could be used.
        case unsigned
    }

    package var kind: Kind
    /// The file that the finding is about: a segment, the log of checkpoints, or a file of kept
    /// checkpoints. `offset` is the offset of the first batch in question in a segment, and of the
    /// line in the log. In a file of kept checkpoints `offset` is the line's number.
    package var file: String
    package var offset: UInt64
    /// The batches among which the first wrong one is; nil if the finding is not about batches.
    package var batches: ClosedRange<UInt64>?
    /// Their records.
    package var positions: ClosedRange<RecordPosition>?
    package var detail: String

    package var description: String {
        var place = "\(file), offset \(offset)"
        if let batches { place += ", batches \(batches.lowerBound) to \(batches.upperBound)" }
        if let positions { place += ", records \(positions.lowerBound) to \(positions.upperBound)" }
        return "\(kind.rawValue): \(place): \(detail)"
    }
}
