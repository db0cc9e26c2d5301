/// A change of owner, which the writer carries out when everything appended before it is durable.
enum JournalHandover {
    /// From now on the former owner is told nothing but that it lost the journal.
    case acquire(epoch: UInt64, owner: any JournalOwner)
    /// The owner is told of what becomes durable until the end.
    case release

    var mutesOwner: Bool {
        guard case .acquire = self else { return false }
        return true
    }
}

extension JournalCore {
    /// Grants a claim and asks the writer for the change; the caller waits for it. From now on
    /// nobody appends.
    func grant(_ claim: JournalClaim, _ owner: any JournalOwner) throws(JournalError) -> UInt64 {
        let epoch = try monitor.withLock { state throws(JournalError) -> UInt64 in
            try state.checkIsOpen()
            let result = state.owners.claim(claim)
            guard case .granted(let epoch) = result else {
                throw OwnerTable.refusal(result) ?? JournalError(.fenced, "the claim was not granted")
            }
            publishOwner(state)
            state.handover = .acquire(epoch: epoch, owner: owner)
            return epoch
        }
        monitor.signal(.writer)
        return epoch
    }

    /// Begins to give the journal up. False if another owner has it, or nobody.
    func release(epoch: UInt64) -> Bool {
        let isOwner = monitor.withLock { state in
            guard !state.isClosing, state.failure == nil, state.owners.release(epoch: epoch) else { return false }
            state.handover = .release
            return true
        }
        if isOwner { monitor.signal(.writer) }
        return isOwner
    }

    /// What a granted claim came to.
    func checkOwner(_ epoch: UInt64) throws(JournalError) {
        try monitor.withLock { state throws(JournalError) in
            if state.owners.epoch == epoch { return }
            try state.checkIsOpen()
            throw JournalError(.fenced, "epoch \(epoch) has lost the journal")
        }
    }

    func renew(epoch: UInt64, at now: UInt64) throws(JournalError) -> UInt64 {
        try monitor.withLock { state throws(JournalError) in
            try state.checkIsOpen()
            switch state.owners.renew(epoch: epoch, at: now) {
            case .renewed(let end): return end
            case .lost:
                throw JournalError(.fenced, "epoch \(epoch) has no lease: another owner has the journal, or nobody")
            }
        }
    }
}

extension JournalState {
    /// Throws the first failure, or `fenced` when the journal is closed.
    func checkIsOpen() throws(JournalError) {
        if let failure { throw failure }
        if isClosing { throw JournalError(.fenced, "the journal is closed") }
    }

    /// No change of owner is under way, and the writer calls no former owner any more.
    var isHandoverOver: Bool {
        if failure != nil || isClosing { return hasWriterEnded }
        return handover == nil
    }
}
