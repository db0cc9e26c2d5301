import Journal

extension FuzzTarget {
    /// A key file: any text is a ring or a clear refusal, and the active key is one of the ring's.
    static let keys = FuzzTarget(name: "keys", maximumBytes: 1_024) { input in
        guard let ring = try? MasterKeyRing(text: Array(input), source: "fuzz") else { return }
        precondition(ring.activeKeyID.map { ring.keyIDs.contains($0) } ?? true)
        precondition(!ring.keyIDs.isEmpty && ring.keyIDs.count <= MasterKeyRing.limit && !ring.keyIDs.contains(0))
    }
}
