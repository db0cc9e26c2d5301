/// What the host lets the shard take on: as far as the disk keeps up, and while the host goes on.
package struct AdmissionRoom: Sendable {
    /// Why new work is refused (draining, a slow disk, a failed journal); nil while it is taken.
    /// Reads are answered all the same.
    package var refusal: Refusal?
    /// Bytes that the journal can write without another segment: of what is reserved of them, each
    /// merchant has a share.
    package var journalBytes: Int
    /// Whether the journal's room is kept for what is in flight: an operation writes what is needed
    /// and nothing else.
    package var isJournalShort: Bool
    /// Whether events are taken although the journal's room is short: what is kept for them is not
    /// used up.
    package var takesEvents: Bool

    package init(
        refusal: Refusal? = nil,
        journalBytes: Int = .max,
        isJournalShort: Bool = false,
        takesEvents: Bool = true
    ) {
        self.refusal = refusal
        self.journalBytes = journalBytes
        self.isJournalShort = isJournalShort
        self.takesEvents = takesEvents
    }
}
