/// What a log of streams tells the journal that carries it. The journal asks on its own threads,
/// never under its lock unless a member says so.
protocol JournalTenant: AnyObject, Sendable {
    /// Recovery has read the header of a segment; its records come next.
    func began(_ segment: SegmentHeader) throws(JournalProblem)
    /// How far each stream is at the last durable record. The writer asks before it begins a
    /// segment.
    func marks() -> [StreamMark]
    /// Whether a feed or a cursor needs a record that lies before the segment with these marks.
    func needs(before marks: [StreamMark]) -> Bool
    /// Whether a stream has cursors. Asked under the journal's lock, so it takes none.
    var hasCursors: Bool { get }
    /// Looks for operators' requests about cursors.
    func followCursorRequests()
}
