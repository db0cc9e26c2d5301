package import Journal
package import Payments

/// Which payments leave memory after a snapshot, made by the thread that wrote it from what it was written from.
package struct ReleasePlan: Sendable {
    /// The position of the snapshot.
    package var position: RecordPosition
    /// Payments unchanged since then leave, milliseconds since 1970.
    package var unchangedSince: Int64
    /// Payments from this index on stay: the snapshot wrote no more cold ones.
    package var endIndex: Int
    /// Chunks of the payment table to visit, in order.
    package var tableChunks: [Int] = []
    /// Arena chunks that are released in the end: by chunk number, whether.
    package var arenaChunks: [Bool] = []
    /// How much of `tableChunks` was visited, and then of `arenaChunks`.
    package var visited = 0
    package var released = 0

    package init(
        position: RecordPosition,
        unchangedSince: Int64,
        endIndex: Int,
        tableChunks: [Int] = [],
        arenaChunks: [Bool] = [],
        visited: Int = 0,
        released: Int = 0
    ) {
        self.position = position
        self.unchangedSince = unchangedSince
        self.endIndex = endIndex
        self.tableChunks = tableChunks
        self.arenaChunks = arenaChunks
        self.visited = visited
        self.released = released
    }

    package var isDone: Bool { visited == tableChunks.count && released == arenaChunks.count }

    /// Whether a payment leaves. The same rule chose what was written into the cold file: a payment that it fits now and
    /// that has no later record is on disk as it is.
    package func leaves(_ index: Int, _ payment: Payment) -> Bool {
        index < endIndex && payment.isSettled && payment.updatedAt <= unchangedSince && payment.lastRecord <= position
    }
}
