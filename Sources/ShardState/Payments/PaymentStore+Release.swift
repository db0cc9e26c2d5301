package import Payments

// Payments leave memory when a snapshot has put them on disk, and with them their refunds, their
// disputes and their bytes.
extension PaymentStore {
    /// Removes payments from memory that a snapshot has put on disk, at most those of `limit`
    /// chunks of the table.
    /// - Returns: how many payments left.
    package mutating func release(_ plan: inout ReleasePlan, limit: Int) -> Int {
        let end = min(plan.visited + limit, plan.tableChunks.count)
        guard plan.visited == end else {
            var left = 0
            for visit in plan.visited..<end { left += release(plan, inChunk: plan.tableChunks[visit]) }
            plan.visited = end
            return left
        }
        // Nothing points into these arena chunks any more: every chunk of the table with a payment
        // that did was visited. A chunk of the arena is 1 MiB. To give it back to the system takes
        // as long as sixteen chunks of the table.
        var rest = (limit + 15) / 16
        while rest > 0, plan.released < plan.arenaChunks.count {
            if plan.arenaChunks[plan.released] {
                arena.release(chunk: plan.released)
                rest -= 1
            }
            plan.released += 1
        }
        return 0
    }

    private mutating func release(_ plan: ReleasePlan, inChunk chunk: Int) -> Int {
        let leaving = indices(inChunk: chunk) { plan.leaves($0, $1) }
        removeParts(of: leaving)
        for index in leaving { merchantPayments.remove(place: payments[index.position].owner) }
        let left = payments.remove(inChunk: chunk) { plan.leaves(Index($0), $1) }
        guard plan.arenaChunks.contains(true) else { return left }
        for index in indices(inChunk: chunk, where: { _, _ in true }) { moveBytes(of: index, plan) }
        return left
    }

    /// Refunds and disputes leave with their payments.
    private mutating func removeParts(of indices: [Index<Payment>]) {
        var leaving: [Int: Set<Int>] = [:]
        var leavingDisputes: [Int: Set<Int>] = [:]
        for index in indices {
            let merchant = self[index].merchant
            for refund in refunds(of: index) {
                merchantRefunds.remove(merchant)
                leaving[refund.position >> SparseTable<RefundRow>.chunkShift, default: []].insert(refund.position)
            }
            for dispute in disputes(of: index) {
                merchantDisputes.remove(merchant)
                let chunk = dispute.position >> SparseTable<DisputeRow>.chunkShift
                leavingDisputes[chunk, default: []].insert(dispute.position)
            }
        }
        for (chunk, places) in leaving { _ = refunds.remove(inChunk: chunk) { place, _ in places.contains(place) } }
        for (chunk, places) in leavingDisputes {
            _ = disputes.remove(inChunk: chunk) { place, _ in places.contains(place) }
        }
    }

    /// Copies what a payment that stays has in arena chunks that are going to be released.
    private mutating func moveBytes(of index: Index<Payment>, _ plan: ReleasePlan) {
        var row = payments[index.position]
        let moved = [
            move(&row.details, plan), move(&row.providerReference, plan), move(&row.declineProviderCode, plan),
            move(&row.nextAction, plan), moveNotes(&row.notes, plan),
        ]
        if moved.contains(true) { payments[index.position] = row }
        for index in refunds(of: index) {
            var row = refunds[index.position]
            let moved = [move(&row.providerReference, plan), move(&row.declineProviderCode, plan)]
            if moved.contains(true) { refunds[index.position] = row }
        }
        for index in disputes(of: index) {
            var row = disputes[index.position]
            let moved = [move(&row.providerReference, plan), move(&row.reason, plan), move(&row.evidence, plan)]
            if moved.contains(true) { disputes[index.position] = row }
        }
    }

    /// Notes of which a part is in such a chunk are put together again.
    private mutating func moveNotes(_ notes: inout ArenaSlice, _ plan: ReleasePlan) -> Bool {
        guard notes.length > 0 else { return false }
        var moves = false
        arena.forEachSlice(of: notes) { if plan.releases($0) { moves = true } }
        guard moves else { return false }
        notes = arena.append(arena.flattened(notes).span)
        return true
    }

    private mutating func move(_ slice: inout ArenaSlice, _ plan: ReleasePlan) -> Bool {
        guard plan.releases(slice) else { return false }
        slice = arena.move(slice)
        return true
    }

    // MARK: For the plan

    /// The chunks of the arena, in memory or not.
    package var arenaChunkCount: Int { arena.chunkCount }

    package func isReleased(arenaChunk chunk: Int) -> Bool { arena.isReleased(chunk: chunk) }

    /// Visits the pieces of the arena that the payment needs, with its refunds and disputes.
    package func forEachPiece(of index: Index<Payment>, _ body: (_ arenaChunk: Int, _ bytes: Int) -> Void) {
        func visit(_ slice: ArenaSlice) {
            if slice.length > 0 { body(Int(slice.chunk), Int(slice.length)) }
        }
        let row = payments[index.position]
        visit(row.details)
        visit(row.providerReference)
        visit(row.declineProviderCode)
        visit(row.nextAction)
        if row.notes.length > 0 { arena.forEachSlice(of: row.notes, visit) }
        for index in refunds(of: index) {
            visit(refunds[index.position].providerReference)
            visit(refunds[index.position].declineProviderCode)
        }
        for index in disputes(of: index) {
            visit(disputes[index.position].providerReference)
            visit(disputes[index.position].reason)
            visit(disputes[index.position].evidence)
        }
    }
}
