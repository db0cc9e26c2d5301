import Journal
import Ledger
import PSPSimulator
import Payments
import ShardCore
import ShardHost
import ShardStorage
import Time

/// Checks of a start, and of everything at the end.
extension World {
    // MARK: A start

    /// Checks that the log gave the stream exactly what was appended to it, at least up to what was
    /// reported durable. What happened to the log's other streams must not matter.
    func check(_ recovery: ShardRecovery, _ report: StreamReport) {
        let replay = recovery.replay
        let shard = recovery.shard
        let journalLog = journalLogs[shard]
        counts.recordsReplayed += Int(replay.count - replay.origin)
        if replay.origin > 0 { counts.startsFromSnapshot += 1 }
        trace.note("recovered", at: now, of: Int(replay.count), with: shard)
        if let problem = replay.problem { fail(problem) }
        if replay.count < journalLog.acknowledged {
            fail("the journal ends with record \(replay.count), but \(journalLog.acknowledged) was said to be durable")
        }
        if journalLog.forgotten.isEmpty, report.lastPosition != replay.count {
            fail("the log says that shard \(shard) ends with record \(report.lastPosition), and gives \(replay.count)")
        }
        if report.epoch < journalLog.epoch {
            fail("shard \(shard) had an owner of epoch \(journalLog.epoch), and its log ends with \(report.epoch)")
        }
        guard replay.count <= journalLog.hashes.count else { return }
        journalLog.truncate(to: replay.count)
        checkState(replay, recovery.storage, after: lastLives[shard])
    }

    private func checkState(
        _ replay: Replay,
        _ storage: ShardStorage,
        after life: (position: UInt64, digest: UInt64)?
    ) {
        replay.follower.inspect { core in
            if !core.trialBalance().isBalanced { fail("the ledger does not sum to zero") }
            guard let life, life.position == replay.count else { return }
            if digest(core, storage) != life.digest {
                fail("the state from \(life.position) records is not the one that wrote them")
            }
        }
    }

    // MARK: The end

    /// Nothing is left to happen. The shard, the PSP and the merchants must agree on every payment.
    /// A last start makes the shard from the journal once more, and that shard must agree, too.
    func finish() {
        guard let gateway else { return fail("there is no gateway at the end") }
        audit(gateway)
        end(gateway, power: false)
        while violation == nil, let (time, event) = queue.next() {
            clock.set(time)
            guard case .start = event else { continue }
            start()
            break
        }
        if let last = self.gateway {
            audit(last)
            finishConsumers(last)
            last.session.end()
            last.drop()
        }
        counts.diskErrors = disk.statistics.errors
        counts.tornSectors = disk.statistics.tornSectors
        trace.note("end", at: now, of: intents.count, with: journalLogs.reduce(0) { $0 + Int($1.acknowledged) })
    }

    private func audit(_ process: GatewayProcess) {
        var payments = [Int](repeating: 0, count: intents.count)
        for shard in process.shards { audit(shard, &payments) }
    }

    /// - Parameter payments: of each intent, as far as they were seen.
    private func audit(_ shard: SimShard, _ payments: inout [Int]) {
        guard let serving = shard.serving, let host = serving.host, let storage = serving.storage else {
            return fail("the shard has no owner at the end")
        }
        disk.isWatched = true
        defer { disk.isWatched = false }
        if !host.trialBalance().isBalanced { fail("the ledger does not sum to zero") }
        let totals = PSPAuditor.totals(
            &psps,
            now: UInt32(now / 1_000),
            shard: shard.number,
            among: scenario.shards,
            payments: host.core.paymentCount
        ) { fail($0) }
        var views: [PaymentView] = []
        _ = host.forEachPayment(from: 0, count: .max / 2) { sequence in
            do throws(JournalError) { views.append(try storage.view(sequence).0) } catch {
                fail("payment \(sequence) left memory and cannot be read: \(error)")
            }
        } _: { view, _ in
            views.append(view)
        }
        guard views.count == host.core.paymentCount else { return fail("not every payment can be read") }
        let recount = recount(of: shard.number)
        for (number, view) in views.enumerated() {
            let intent = Intent.intent(of: view.amountMinor)
            guard intents.indices.contains(intent) else {
                return fail("\(view.id) has an amount that nobody asked for")
            }
            let line = recount.payments[view.id.sequence] ?? Recount.PaymentLine()
            if case .wallet = intents[intent].funding {
                if totals[number].authorizations > 0 { fail("\(view.id) is a wallet's, and the PSP was asked") }
            } else {
                let held = held("\(view.id)")
                if let connector = totals[number].connector, connector != view.connector {
                    return fail("\(view.id) was executed at \(connector), and the shard has it at \(view.connector)")
                }
                compare(view, with: totals[number], held: held, line: line)
            }
            payments[intent] += 1
            if payments[intent] > 1 { fail("shopper \(intent) has two payments") }
        }
        for intent in intents.indices where self.shard(of: intents[intent].merchant) == shard.number {
            compare(intent: intent, among: views, with: recount)
        }
        if violation == nil { compareBalances(recount, views, of: shard) }
    }

    /// Compares the shard with the PSP. The PSP must have executed each operation exactly once and
    /// for its amount. It must hold or keep nothing that it should not.
    /// - Parameter line: what failed or bounced later, of which the PSP's books know nothing.
    private func compare(_ view: PaymentView, with psp: PSPAuditor.Totals, held: Int64, line: Recount.PaymentLine) {
        var psp = psp
        psp.captured -= line.reversed
        psp.refunded -= line.bounced
        if line.reversed > 0 { psp.authorized = view.authorizedMinor }
        if view.refundPendingMinor != 0 { fail("\(view.id): a refund is pending at the end") }
        let problem: String?
        switch view.status {
        case .processing, .requiresAction, .review: return fail("\(view.id) is \(view.status) at the end")
        case .conflicted:
            if psp.authorizations != 1 {
                fail("\(view.id) is conflicted, and the PSP has \(psp.authorizations) charges")
            }
            return
        case .failed, .cancelled:
            // A void was refused until the authorization ran out. The PSP's own clock may not have
            // reached that time yet.
            problem = tracesLeft(psp, isNearItsEnd(view) && hasRunOut(view) ? 0 : held)
        case .expired:
            problem =
                differs(view, psp)
                ?? ((held == 0 || isNearItsEnd(view)) && psp.cancellations == 0 ? nil : "something is held or voided")
        case .authorized, .partiallyCaptured:
            // The gateway ends a hold that has lapsed at the PSP when its own clock says so.
            let isLapsed = held == 0 && (isShortHold(view) || isNearItsEnd(view))
            problem = differs(view, psp) ?? (held == view.capturableMinor || isLapsed ? nil : "another amount is held")
            if psp.cancellations != 0 { fail("\(view.id) is open, and was cancelled at the PSP") }
        case .captured, .partiallyRefunded, .refunded:
            let isVoidOfRest = psp.cancellations == 1 && psp.captured < psp.authorized
            problem =
                differs(view, psp)
                ?? ((held == 0 || isNearItsEnd(view)) && (psp.cancellations == 0 || isVoidOfRest)
                    ? nil : "something is held or voided")
        }
        if let problem { fail("\(view.id): \(problem): the shard has \(view), the PSP \(psp), \(held) held") }
    }

    /// What the shard has must be what the PSP has.
    private func differs(_ view: PaymentView, _ psp: PSPAuditor.Totals) -> String? {
        guard psp.authorizations == 1, psp.authorized == view.authorizedMinor, psp.captured == view.capturedMinor,
            psp.refunded == view.refundedMinor, !psp.isForeign
        else { return "other amounts" }
        return nil
    }

    /// A payment that failed or was cancelled leaves nothing at the PSP: it was not executed, or
    /// was executed and reversed, or lapsed.
    private func tracesLeft(_ psp: PSPAuditor.Totals, _ held: Int64) -> String? {
        guard psp.authorizations <= 1, psp.cancellations <= psp.authorizations else {
            return "executed or voided twice"
        }
        guard held == 0, psp.captured == 0, psp.refunded == 0 else { return "money was left" }
        return nil
    }

    /// In a world that lasted for a week; the wall clock may be wrong by half a day.
    private func isNearItsEnd(_ view: PaymentView) -> Bool {
        abs(view.createdAt.milliseconds + 7 * 86_400_000 - Self.epoch - now / 1_000) < 13 * 3_600_000
    }

    /// Whether the payment last changed when an authorization of seven days ended.
    private func hasRunOut(_ view: PaymentView) -> Bool {
        view.updatedAt.milliseconds(since: view.createdAt) >= 7 * 86_400_000 - 13 * 3_600_000
    }

    private func isShortHold(_ view: PaymentView) -> Bool {
        let intent = Intent.intent(of: view.amountMinor)
        return intents.indices.contains(intent) && intents[intent].method.hasPrefix("tok_expires")
    }

    /// The merchant and the shard.
    private func compare(intent number: Int, among views: [PaymentView], with recount: Recount) {
        let intent = intents[number]
        guard let payment = intent.payment else { return }
        guard payment.sequence <= UInt64(views.count), views[Int(payment.sequence) - 1].id == payment else {
            return fail("\(payment) was acknowledged and does not exist")
        }
        let view = views[Int(payment.sequence) - 1]
        guard view.status != .conflicted else { return }
        let line = recount.payments[payment.sequence] ?? Recount.PaymentLine()
        let (captured, refunded) = (view.capturedMinor + line.reversed, view.refundedMinor + line.bounced)
        if captured < intent.captured || refunded < intent.refunded {
            fail("\(payment): the merchant was told \(intent.captured), \(intent.refunded); the shard has \(view)")
        }
        if intent.isCancelled, view.status != .cancelled {
            fail("\(payment): the merchant was told that it is cancelled")
        }
        if captured < intent.shownCaptured || refunded < intent.shownRefunded {
            fail("\(payment): an answer showed more than there is")
        }
    }
}
