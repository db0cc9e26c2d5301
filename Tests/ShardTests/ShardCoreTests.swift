import Ledger
import Money
import NIOCore
import Payments
import ShardCore
import ShardModel
import ShardRecords
import Testing

@Suite("A shard decides")
struct ShardCoreTests {
    @Test("A sale is journaled twice: the intent before the PSP is called, the outcome before the merchant is answered")
    func saleIsJournaledTwice() {
        var world = ShardWorld()
        let reply = world.send(ShardWorld.create(1000), key: "a")
        #expect(world.journal.count == 1)
        #expect(world.responses.isEmpty)
        let (call, token) = world.lastCall
        #expect(call.operation == .authorize && call.mode == .execute && call.capturesAutomatically)
        #expect(call.paymentMethod == "tok_visa" && call.amountMinor == 1000 && call.currency == .eur)
        #expect(call.providerKey == "\(call.payment)-authorize-1-1")
        #expect(call.providerKey.utf8.count <= 64)

        world.answer(token, ShardWorld.success(1000))
        #expect(world.journal.count == 2)
        #expect(world.responses.count == 1)
        #expect(world.responses[0].reply == reply && world.lastStatus == 201)
        #expect(world.lastBody.contains("captured 1000 EUR authorized=1000 captured=1000"))
        #expect(world.lastBody.contains("reference=order-1"))
        #expect(world.core.runningCount == 0)
        #expect(world.core.trialBalance().isBalanced)
    }

    @Test("An answer of the PSP for an operation that has ended changes nothing")
    func lateAnswerIsIgnored() {
        var world = ShardWorld()
        world.send(ShardWorld.create(), key: "a")
        let token = world.lastCall.token
        world.answer(token, ShardWorld.success())
        world.answer(token, .declined(Decline(category: .hard, code: .lostCard, providerCode: "x")))
        #expect(world.journal.count == 2)
        #expect(world.responses.count == 1)
    }

    @Test("The same key with the same request: 409 while it runs, the stored answer afterwards; another request: 422")
    func sameKey() throws {
        var world = ShardWorld()
        world.send(ShardWorld.create(), key: "a")
        world.send(ShardWorld.create(), key: "a")
        #expect(world.lastStatus == 409 && world.lastBody == "refused keyInUse")
        #expect(world.responses.last?.retryAfterSeconds == 1)
        world.answer(world.lastCall.token, ShardWorld.success())
        let first = world.lastBody

        let again = world.send(ShardWorld.create(), key: "a")
        #expect(world.replays.count == 1 && world.replays[0].reply == again)
        let stored = try StoredResponse(record: world.journal[Int(world.replays[0].record) - 1])
        #expect(stored.status == 201 && String(buffer: stored.body) == first)

        world.send(ShardWorld.create(), key: "a", body: 2)
        #expect(world.lastStatus == 422 && world.lastBody == "refused keyReused")
        #expect(world.calls.count == 1)
    }

    @Test("Two merchants may use the same key")
    func keysAreScopedToTheMerchant() {
        var world = ShardWorld()
        world.send(ShardWorld.create(), key: "a", merchant: 1)
        world.send(ShardWorld.create(), key: "a", merchant: 2)
        #expect(world.calls.count == 2)
        #expect(world.calls[0].call.payment != world.calls[1].call.payment)
    }

    @Test("A hundred requests with one key make one PSP call")
    func hundredTimesOneKey() {
        var world = ShardWorld()
        for _ in 0..<100 { world.send(ShardWorld.create(), key: "a") }
        #expect(world.calls.count == 1)
        #expect(world.responses.filter { $0.status == 409 }.count == 99)
    }

    @Test("A decline is 402 with the payment inside, and its key replays it")
    func decline() {
        var world = ShardWorld()
        world.send(ShardWorld.create(), key: "a")
        world.answer(
            world.lastCall.token,
            .declined(Decline(category: .softLater, code: .insufficientFunds, providerCode: "51"))
        )
        #expect(world.lastStatus == 402)
        #expect(world.lastBody.hasPrefix("declined insufficient_funds 51 req_"))
        #expect(world.lastBody.contains("failed 1000 EUR"))
        world.send(ShardWorld.create(), key: "a")
        #expect(world.replays.count == 1)
        #expect(world.core.trialBalance().currencies.isEmpty)
    }

    @Test("Authorize, capture a part: the rest of the hold is released, the fee is taken from what was captured")
    func partialCapture() {
        var world = ShardWorld()
        let id = world.paid(1000, capture: false, key: "a")
        #expect(world.lastBody.contains("authorized 1000 EUR authorized=1000 captured=0"))
        world.send(.capture(id, amountMinor: 600), key: "b")
        #expect(world.lastCall.call.operation == .capture && world.lastCall.call.amountMinor == 600)
        #expect(world.lastCall.call.providerReference == "ch_1")
        world.answer(world.lastCall.token, ShardWorld.success(600, "cap_1"))
        #expect(world.lastStatus == 200 && world.lastBody.contains("captured=600"))
        let sums = world.core.trialBalance()
        #expect(sums.isBalanced)
        #expect(balance(sums, .memoAuthorizationProvider) == 0 && balance(sums, .memoAuthorizationMerchant) == 0)
        #expect(balance(sums, .providerReceivable) == 600)
        #expect(balance(sums, .platformFees) == -15 && balance(sums, .merchantPending) == -585)
    }

    @Test("A capture beyond the authorization, a second capture, a cancel after capture are refused with the state")
    func refusedTransitions() {
        var world = ShardWorld()
        let id = world.paid(1000, capture: false, key: "a")
        world.send(.capture(id, amountMinor: 1001), key: "b")
        #expect(world.lastStatus == 422 && world.lastBody.hasPrefix("refused amountExceedsCapturable"))
        world.send(.refund(id, amountMinor: 1), key: "c")
        #expect(world.lastStatus == 409 && world.lastBody.hasPrefix("refused unexpectedState | "))
        world.send(.capture(id, amountMinor: nil), key: "d")
        world.send(.cancel(id), key: "e")
        #expect(world.lastStatus == 409 && world.lastBody.hasPrefix("refused operationInProgress"))
        world.answer(world.lastCall.token, ShardWorld.success(1000))
        world.send(.capture(id, amountMinor: 1), key: "f")
        #expect(world.lastStatus == 409 && world.lastBody.hasPrefix("refused unexpectedState"))
        world.send(.cancel(id), key: "g")
        #expect(world.lastStatus == 409)
    }

    @Test("A refused command leaves its key free")
    func refusedKeyIsFree() {
        var world = ShardWorld()
        let id = world.paid(1000, capture: false, key: "a")
        world.send(.capture(id, amountMinor: 5000), key: "b", body: 1)
        world.send(.capture(id, amountMinor: 500), key: "b", body: 2)
        #expect(world.lastCall.call.operation == .capture && world.lastCall.call.amountMinor == 500)
    }

    @Test("A declined capture leaves the authorization open")
    func declinedCapture() {
        var world = ShardWorld()
        let id = world.paid(1000, capture: false, key: "a")
        world.send(.capture(id, amountMinor: nil), key: "b")
        world.answer(
            world.lastCall.token,
            .declined(Decline(category: .softTechnical, code: .processingError, providerCode: ""))
        )
        #expect(world.lastStatus == 402 && world.lastBody.contains("authorized 1000"))
        world.send(.capture(id, amountMinor: nil), key: "c")
        #expect(world.lastCall.call.ordinal == 2)
        world.answer(world.lastCall.token, ShardWorld.success(1000))
        #expect(world.lastBody.contains("captured=1000"))
        #expect(world.core.trialBalance().isBalanced)
    }

    @Test("Cancel releases the hold")
    func cancel() {
        var world = ShardWorld()
        let id = world.paid(1000, capture: false, key: "a")
        world.send(.cancel(id), key: "b")
        world.answer(world.lastCall.token, ShardWorld.success(1000, "can_1"))
        #expect(world.lastStatus == 200 && world.lastBody.contains("cancelled 1000"))
        let sums = world.core.trialBalance()
        #expect(sums.isBalanced && balance(sums, .memoAuthorizationProvider) == 0)
    }

    @Test("Several refunds at once never exceed what was captured; a failed one gives its amount back")
    func refunds() {
        var world = ShardWorld()
        let id = world.paid(1000, key: "a")
        world.send(.refund(id, amountMinor: 600), key: "b")
        let first = world.lastCall.token
        world.send(.refund(id, amountMinor: 500), key: "c")
        #expect(world.lastStatus == 422 && world.lastBody.hasPrefix("refused amountExceedsRefundable"))
        world.send(.refund(id, amountMinor: nil), key: "d")
        let second = world.lastCall
        #expect(second.call.amountMinor == 400 && second.call.ordinal == 2)
        world.answer(second.token, ShardWorld.success(400, "re_2"))
        #expect(world.lastStatus == 201 && world.lastBody.contains("succeeded 400"))
        world.answer(first, .declined(Decline(category: .hard, code: .invalidAccount, providerCode: "")))
        #expect(world.lastStatus == 402 && world.lastBody.hasPrefix("refund failed"))
        world.send(.getPayment(id))
        #expect(world.lastBody.contains("partially_refunded") && world.lastBody.contains("refunded=400 pending=0"))
        let sums = world.core.trialBalance()
        #expect(sums.isBalanced && balance(sums, .refundClearing) == 0 && balance(sums, .providerReceivable) == 600)
        world.send(.refund(id, amountMinor: 600), key: "e")
        world.answer(world.lastCall.token, ShardWorld.success(600, "re_3"))
        world.send(.getPayment(id))
        #expect(world.lastBody.contains(" refunded 1000"))
    }

    @Test("A refund is found by its identifier, by its merchant only")
    func getRefund() throws {
        var world = ShardWorld()
        let id = world.paid(1000, key: "a")
        for index in 0..<3 {
            world.send(.refund(id, amountMinor: 100), key: "r\(index)")
            world.answer(world.lastCall.token, ShardWorld.success(100, "re_\(index)"))
        }
        let refund = try #require(RefundID(world.lastBody.prefix(30)))
        #expect(refund.ordinal == 3)
        world.send(.getRefund(refund))
        #expect(world.lastStatus == 200 && world.lastBody.contains("succeeded 100"))
        world.send(.getRefund(refund), merchant: 8)
        #expect(world.lastStatus == 404)
    }

    @Test("Captures that are not final leave the rest open for more, and for a cancel")
    func severalCaptures() {
        var world = ShardWorld()
        let id = world.paid(capture: false, key: "a")
        world.send(.capture(id, amountMinor: 300, isFinal: false), key: "b")
        world.answer(world.lastCall.token, ShardWorld.success(300))
        #expect(world.lastBody.contains("partially_captured 1000") && world.lastBody.contains("captured=300"))
        #expect(balance(world.core.trialBalance(), .memoAuthorizationMerchant) == -700)
        world.send(.capture(id, amountMinor: 701), key: "c")
        #expect(world.lastStatus == 422)
        world.send(.refund(id, amountMinor: 1), key: "d")
        #expect(world.lastStatus == 409, "the authorization is still open")
        world.send(.capture(id, amountMinor: 200, isFinal: false), key: "e")
        #expect(world.lastCall.call.ordinal == 2)
        world.answer(world.lastCall.token, .declined(Decline(category: .hard, code: .doNotHonor, providerCode: "")))
        #expect(world.lastBody.contains("partially_captured"), "what was captured before stays")
        world.send(.cancel(id), key: "f")
        #expect(world.lastCall.call.amountMinor == 700)
        world.answer(world.lastCall.token, ShardWorld.success(700))
        #expect(world.lastBody.contains(" captured 1000") && world.lastBody.contains("captured=300"))
        #expect(balance(world.core.trialBalance(), .memoAuthorizationMerchant) == 0)
        #expect(balance(world.core.trialBalance(), .providerReceivable) == 300)
        world.send(.refund(id, amountMinor: 300), key: "g")
        world.answer(world.lastCall.token, ShardWorld.success(300, "re_1"))
        #expect(world.lastStatus == 201)
    }

    @Test(
        "A capture of all that is left ends the authorization, whether it is said to be final or not",
        arguments: [true, false]
    )
    func lastCapture(isFinal: Bool) {
        var world = ShardWorld()
        let id = world.paid(capture: false, key: "a")
        world.send(.capture(id, amountMinor: 999, isFinal: false), key: "b")
        world.answer(world.lastCall.token, ShardWorld.success(999))
        world.send(.capture(id, amountMinor: 1, isFinal: isFinal), key: "c")
        world.answer(world.lastCall.token, ShardWorld.success(1))
        #expect(world.lastBody.contains(" captured 1000") && world.lastBody.contains("captured=1000"))
        #expect(balance(world.core.trialBalance(), .memoAuthorizationMerchant) == 0)
        world.send(.capture(id, amountMinor: nil), key: "d")
        #expect(world.lastStatus == 409)
    }

    @Test("Whether a capture in flight is final survives a restart")
    func openCaptureAcrossARestart() throws {
        var world = ShardWorld()
        let id = world.paid(capture: false, key: "a")
        world.send(.capture(id, amountMinor: 300, isFinal: false), key: "b")
        var next = try ShardWorld(replaying: world.journal, at: world.now)
        _ = next.resume()
        next.pass(milliseconds: 10)
        next.answer(next.lastCall.token, ShardWorld.success(300))
        next.send(.getPayment(id))
        #expect(next.lastBody.contains("partially_captured"))
    }

    @Test("A balance is what was captured less fees and refunds, and only the merchant's own")
    func getBalance() {
        var world = ShardWorld()
        let id = world.paid(1000, key: "a")
        world.send(.getBalance)
        #expect(world.lastStatus == 200)
        let captured = world.lastBody
        #expect(captured.hasPrefix("EUR pending=") && captured.hasSuffix(" available=0 reserve=0"))
        world.send(.refund(id, amountMinor: 300), key: "r")
        world.send(.getBalance)
        #expect(pending(captured) - pending(world.lastBody) == 300, "a requested refund is gone already")
        world.answer(world.lastCall.token, ShardWorld.success(300, "re_1"))
        world.send(.getBalance, merchant: 8)
        #expect(world.lastBody == "")
    }

    private func pending(_ balance: String) -> Int {
        balance.split(separator: " ").first { $0.hasPrefix("pending=") }.flatMap { Int($0.dropFirst(8)) } ?? .min
    }

    @Test("Another merchant's payment is not found, whatever is asked of it")
    func othersAreNotFound() {
        var world = ShardWorld()
        let id = world.paid(1000, capture: false, key: "a")
        let before = world.journal.count
        world.send(.getPayment(id), merchant: 8)
        #expect(world.lastStatus == 404)
        world.send(.capture(id, amountMinor: nil), key: "x", merchant: 8)
        #expect(world.lastStatus == 404)
        world.send(.getPayment(PaymentID(high: id.high + (1 << 16), low: id.low)))
        #expect(world.lastStatus == 404)
        #expect(world.journal.count == before)
    }

    @Test("Another amount or currency than asked is a conflict: what moved is suspense, and people look at it")
    func conflict() {
        var world = ShardWorld()
        world.send(ShardWorld.create(1000), key: "a")
        world.answer(world.lastCall.token, ShardWorld.success(999))
        #expect(world.lastStatus == 202 && world.lastBody.contains("conflicted 1000"))
        #expect(world.responses.last?.retryAfterSeconds == 0, "an operator ends it, and no time does")
        let kinds = world.core.trialBalance().kinds.filter { $0.totals.balance != 0 }
        #expect(kinds.map(\.kind) == [.providerReceivable, .suspense] && kinds.map(\.totals.balance) == [999, -999])
        world.send(ShardWorld.create(1000), key: "b")
        world.answer(
            world.lastCall.token,
            .succeeded(ProviderSuccess(providerReference: "ch", amountMinor: 1000, currency: .usd))
        )
        #expect(world.lastBody.contains("conflicted"))
    }

    @Test("Full tables refuse with 503, and what is known goes on")
    func fullTables() {
        var configuration = ShardConfiguration.test
        configuration.operationCapacity = 2
        var world = ShardWorld(configuration: configuration)
        world.send(ShardWorld.create(), key: "a")
        let first = world.lastCall.token
        world.send(ShardWorld.create(), key: "b")
        world.send(ShardWorld.create(), key: "c")
        #expect(world.lastStatus == 503 && world.lastBody == "refused overloaded")
        #expect(world.responses.last?.retryAfterSeconds == 1)
        world.answer(first, ShardWorld.success())
        world.send(ShardWorld.create(), key: "c")
        #expect(world.calls.count == 3)

        configuration.idempotencyCapacity = 1
        var small = ShardWorld(configuration: configuration)
        _ = small.paid(key: "a")
        small.send(ShardWorld.create(), key: "b")
        #expect(small.lastStatus == 503 && small.lastBody == "refused idempotencyTableFull")
        small.send(ShardWorld.create(), key: "a")
        #expect(small.replays.count == 1)

        configuration.idempotencyCapacity = 16
        configuration.paymentCapacity = 1
        var tiny = ShardWorld(configuration: configuration)
        _ = tiny.paid(key: "a")
        tiny.send(ShardWorld.create(), key: "b")
        #expect(tiny.lastStatus == 503 && tiny.lastBody == "refused paymentTableFull")
    }

    @Test("What other shards of the process leave bounds new payments and keys, and nothing that is known")
    func processShare() {
        var world = ShardWorld()
        let id = world.paid(key: "a")
        world.core.share = ProcessShare(payments: 1)
        world.send(ShardWorld.create(), key: "b")
        #expect(world.lastStatus == 503 && world.lastBody == "refused paymentTableFull")
        // The key is free, and what is known goes on.
        world.core.share = ProcessShare(payments: 2)
        world.send(ShardWorld.create(), key: "b")
        #expect(world.calls.count == 2)
        world.core.share = ProcessShare(keys: 2)
        world.send(ShardWorld.create(), key: "c")
        #expect(world.lastStatus == 503 && world.lastBody == "refused idempotencyTableFull")
        world.send(ShardWorld.create(), key: "a")
        #expect(world.replays.count == 1)
        world.send(.getPayment(id))
        #expect(world.lastStatus == 200)
        world.core.share = ProcessShare(accounts: 4)
        world.send(ShardWorld.create(), key: "d", merchant: 8)
        #expect(world.lastStatus == 503 && world.lastBody == "refused accountTableFull")
        // Completed keys wait for a run: they are due when the process's are.
        let before = world.core.keysAreDue
        world.core.share = ProcessShare(areKeysDue: true)
        let after = world.core.keysAreDue
        #expect(!before && after)
    }

    @Test("A shard that refuses new work still answers what it knows")
    func refusingNewWork() {
        var world = ShardWorld()
        let id = world.paid(key: "a")
        world.core.room.refusal = .draining
        world.send(ShardWorld.create(), key: "b")
        #expect(world.lastStatus == 503 && world.lastBody == "refused draining")
        world.send(ShardWorld.create(), key: "a")
        #expect(world.replays.count == 1)
        world.send(.getPayment(id))
        #expect(world.lastStatus == 200)
    }

    @Test("A key is forgotten after its time, but never while its request has no result")
    func keysExpire() {
        var world = ShardWorld()
        _ = world.paid(key: "a")
        world.send(ShardWorld.create(), key: "b")
        #expect(world.core.idempotencyCount == 2)
        // The wheel of operations is not what this is about: time passes in one step.
        world.now += 86_400_000 + 2_000
        world.pass(milliseconds: 0)
        #expect(world.core.idempotencyCount == 1)
        world.send(ShardWorld.create(), key: "a")
        #expect(world.calls.count == 3)
        world.send(ShardWorld.create(), key: "b")
        #expect(world.lastStatus == 409)
    }

    private func balance(_ sums: TrialBalance, _ kind: AccountKind) -> Int128 {
        sums.kinds.filter { $0.kind == kind }.reduce(0) { $0 + $1.totals.balance }
    }
}
