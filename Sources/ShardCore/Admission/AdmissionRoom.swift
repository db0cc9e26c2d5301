/// What the host allows the shard to admit. The host decides by the disk's delay, by the journal's
/// room, and by whether it is stopping.
package struct AdmissionRoom: Sendable {
    /// Why the shard refuses new work (draining, a slow disk, a failed journal). Nil while it takes
    /// new work. It still answers reads.
    package var refusal: Refusal?
    /// Bytes that the journal can write without another segment. Operations reserve parts of them,
    /// and each merchant may reserve a share.
    package var journalBytes: Int
    /// Whether the journal's room is kept for operations in flight. An operation then writes only
    /// the records that it needs.
    package var isJournalShort: Bool
    /// Whether events are taken although the journal's room is short, because the room kept for
    /// them is not used up.
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
