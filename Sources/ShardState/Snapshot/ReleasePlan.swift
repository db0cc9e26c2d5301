package import Journal
package import Payments
package import Time

/// The elements of one table that leave memory.
package struct TablePlan: Sendable {
    /// Elements from this index on stay: the snapshot wrote no more cold ones.
    package var endIndex: Int
    /// Chunks of the table to visit, in order.
    package var chunks: [Int] = []
    /// How many of them were visited.
    package private(set) var visited = 0

    package init(endIndex: Int) { self.endIndex = endIndex }

    package var isDone: Bool { visited == chunks.count }

    /// The chunk to visit now; nil when all were.
    package mutating func next() -> Int? {
        guard visited < chunks.count else { return nil }
        defer { visited += 1 }
        return chunks[visited]
    }
}

/// What leaves memory after a snapshot. The thread that wrote the snapshot makes the plan from the
/// same capture.
package struct ReleasePlan: Sendable {
    /// The position of the snapshot.
    package var position: RecordPosition
    /// Payments and pay-outs unchanged since then leave, and wallets that no command asked for
    /// since.
    package var unchangedSince: Timestamp
    /// Payments from this index on stay: the snapshot wrote no more cold ones.
    package var endIndex: Int
    /// Chunks of the payment table to visit, in order.
    package var tableChunks: [Int] = []
    /// By chunk number, whether the arena chunk is released in the end.
    package var arenaChunks: [Bool] = []
    /// How much of `tableChunks` was visited, and then of `arenaChunks`.
    package var visited = 0
    package var released = 0
    package var payouts = TablePlan(endIndex: 0)
    package var wallets = TablePlan(endIndex: 0)
    /// What waits for a settlement of wallets without money: whatever is zero leaves.
    package var walletSums = TablePlan(endIndex: 0)

    package init(
        position: RecordPosition,
        unchangedSince: Timestamp,
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

    package var isDone: Bool { visited == tableChunks.count && released == arenaChunks.count && isTreasuryDone }

    package var isTreasuryDone: Bool { payouts.isDone && wallets.isDone && walletSums.isDone }

    /// As for payments.
    package func leaves(_ index: Int, _ payout: Payout) -> Bool {
        index < payouts.endIndex && payout.isClosed && payout.updatedAt <= unchangedSince
            && payout.lastRecord <= position
    }

    /// As for payments. A wallet never changes, but a command that uses it keeps it in memory.
    package func leaves(_ index: Int, _ wallet: Wallet) -> Bool {
        index < wallets.endIndex && wallet.usedAt <= unchangedSince && wallet.lastRecord <= position
    }

    /// Whether a payment leaves. The same rule chose the payments for the cold file. So a payment
    /// that fits the rule now and has no later record is on disk as it is.
    package func leaves(_ index: Index<Payment>, _ row: PaymentRow) -> Bool {
        index.position < endIndex && row.isSettled && row.payment.updatedAt <= unchangedSince
            && row.lastRecord <= position
    }

    /// Whether a piece of the arena is in a chunk that is released.
    func releases(_ slice: ArenaSlice) -> Bool {
        slice.length > 0 && Int(slice.chunk) < arenaChunks.count && arenaChunks[Int(slice.chunk)]
    }
}
