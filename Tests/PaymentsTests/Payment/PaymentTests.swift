import Ledger
import Money
import Payments
import Testing
import Time

@Suite("A payment")
struct PaymentTests {
    private func payment(_ amount: Int64 = 1_000, captures: Bool = false, fee: UInt16 = 100) -> Payment {
        Payment(
            id: PaymentID(createdAt: 1, shard: 0, sequence: 1),
            merchant: MerchantID(rawValue: 7),
            amountMinor: amount,
            currency: .eur,
            feeBasisPoints: fee,
            capturesAutomatically: captures,
            route: RoutePlan(.first),
            createdAt: 1
        )
    }

    private func authorized(_ amount: Int64 = 1_000) -> Payment {
        var payment = payment(amount)
        payment.operationFinished(.authorize, .succeeded, amountMinor: amount, at: 2)
        return payment
    }

    private func captured(_ amount: Int64 = 1_000) -> Payment {
        var payment = payment(amount, captures: true)
        payment.operationFinished(.authorize, .succeeded, amountMinor: amount, at: 2)
        return payment
    }

    @Test("shows processing while anything but a refund runs")
    func status() {
        #expect(payment().status == .processing)
        var value = authorized()
        #expect(value.status == .authorized)
        value.operationStarted(.capture, at: 3)
        #expect(value.status == .processing)
        value.operationFinished(.capture, .succeeded, amountMinor: 400, at: 4)
        #expect(value.status == .captured && value.capturableMinor == 0)
        value.refundStarted(amountMinor: 100, at: 5)
        #expect(value.status == .captured && value.refundableMinor == 300)
        value.refundFinished(succeeded: true, amountMinor: 100, at: 6)
        #expect(value.status == .partiallyRefunded)
        value.refundStarted(amountMinor: 300, at: 7)
        value.refundFinished(succeeded: true, amountMinor: 300, at: 8)
        #expect(value.status == .refunded)
        value.refundBounced(amountMinor: 300, at: 9)
        #expect(value.status == .partiallyRefunded)
    }

    @Test("says what it allows in each state")
    func decisions() throws {
        #expect(try authorized().captureAmount(requested: nil) == 1_000)
        #expect(try authorized().captureAmount(requested: 1) == 1)
        #expect(throws: OperationRefusal.amountExceedsCapturable) { try authorized().captureAmount(requested: 1_001) }
        #expect(throws: OperationRefusal.operationInProgress) { try payment().captureAmount(requested: nil) }
        #expect(throws: OperationRefusal.unexpectedState) { try captured().captureAmount(requested: nil) }
        #expect(throws: OperationRefusal.unexpectedState) { try captured().checkCancel() }
        #expect(throws: OperationRefusal.unexpectedState) { try authorized().refundAmount(requested: nil) }
        #expect(try captured().refundAmount(requested: nil) == 1_000)
        #expect(throws: OperationRefusal.amountExceedsRefundable) { try captured().refundAmount(requested: 1_001) }
        var all = captured()
        all.refundStarted(amountMinor: 1_000, at: 3)
        #expect(throws: OperationRefusal.operationInProgress) { try all.refundAmount(requested: nil) }
        all.refundFinished(succeeded: true, amountMinor: 1_000, at: 4)
        #expect(throws: OperationRefusal.unexpectedState) { try all.refundAmount(requested: nil) }
    }

    @Test("ends in failure by a decline, and in conflict by another amount")
    func ends() {
        var declined = payment()
        declined.operationFinished(.authorize, .declined(.hard, .lostCard), amountMinor: 1_000, at: 2)
        #expect(declined.status == .failed && declined.declineCode == .lostCard)
        var failed = payment()
        failed.operationFinished(.authorize, .notExecuted(.call(.connectionFailed)), amountMinor: 1_000, at: 2)
        #expect(failed.status == .failed && failed.failure == .call(.connectionFailed))
        var conflicted = payment()
        conflicted.operationFinished(.authorize, .conflicted, amountMinor: 1_000, at: 2)
        #expect(conflicted.status == .conflicted && conflicted.authorizedMinor == 0)
    }

    @Test("books what the posting rules say: P1; P2 and P3; P2; P3; P5a, P5b and its reverse; P6")
    func postings() {
        func rules(_ transfers: Transfers) -> [PostingRule] {
            [transfers.first, transfers.second].compactMap { $0?.rule }
        }
        func finished(
            _ operation: ProviderOperation,
            _ result: OperationResult = .succeeded,
            amountMinor: Int64,
            of payment: Payment
        ) -> [PostingRule] {
            rules(Postings.finished(operation, result, amountMinor: amountMinor, of: payment, rail: .provider))
        }
        #expect(finished(.authorize, amountMinor: 1_000, of: payment()) == [.hold])
        #expect(finished(.authorize, amountMinor: 1_000, of: payment(captures: true)) == [.capture])
        #expect(finished(.capture, amountMinor: 600, of: authorized()) == [.release, .capture])
        #expect(finished(.cancel, amountMinor: 1_000, of: authorized()) == [.release])
        let started = Postings.started(.refund, amountMinor: 10, of: captured(), rail: .provider)
        #expect(rules(started) == [.refundRequested])
        #expect(finished(.refund, amountMinor: 10, of: captured()) == [.refundConfirmed])
        #expect(finished(.refund, .notExecuted(.call(.timeout)), amountMinor: 10, of: captured()) == [.refundFailed])
        #expect(rules(Postings.bounced(10, captured(), rail: .provider)) == [.refundBounced])
        for operation in [ProviderOperation.authorize, .capture, .cancel] {
            #expect(rules(Postings.started(operation, amountMinor: 10, of: authorized(), rail: .provider)) == [])
            #expect(finished(operation, .declined(.hard, .lostCard), amountMinor: 10, of: authorized()) == [])
            #expect(finished(operation, .conflicted, amountMinor: 10, of: authorized()) == [])
        }
    }

    @Test("a PSP key is at most 64 characters and differs by operation, ordinal and attempt")
    func providerKey() {
        var keys: Set<String> = []
        for operation in ProviderOperation.allCases {
            for ordinal in [1, 2, .max] as [UInt16] {
                for attempt in [1, .max] as [UInt16] {
                    let call = ProviderCall(
                        mode: .execute,
                        operation: operation,
                        connector: .first,
                        payment: PaymentID(createdAt: Timestamp(milliseconds: 1 << 47), shard: .max, sequence: .max),
                        ordinal: ordinal,
                        attempt: attempt,
                        amountMinor: 1,
                        currency: .eur,
                        capturesAutomatically: true,
                        paymentMethod: "",
                        providerReference: ""
                    )
                    #expect(call.providerKey.utf8.count <= 64)
                    keys.insert(call.providerKey)
                }
            }
        }
        #expect(keys.count == 36)
    }

    @Test("a payment held for review is sent from the beginning, or has failed")
    func reviews() {
        func held() -> Payment {
            var value = Payment(
                id: PaymentID(createdAt: 1, shard: 0, sequence: 1),
                merchant: MerchantID(rawValue: 7),
                amountMinor: 10,
                currency: .eur,
                feeBasisPoints: 0,
                capturesAutomatically: true,
                route: RoutePlan(.first),
                createdAt: 1
            )
            value.heldForReview(until: 50, at: 2)
            return value
        }
        var approved = held()
        #expect(approved.status == .review && approved.deadline == 50 && !approved.isSettled)
        approved.operationStarted(.authorize, at: 3)
        #expect(approved.status == .processing && approved.deadline == 0 && approved.authorizeCount == 1)
        approved.operationFinished(.authorize, .succeeded, amountMinor: 10, at: 4)
        #expect(approved.status == .captured)
        for (change, reason) in [
            (PaymentChange.reviewRejected, FailureReason.risk(.reviewRejected)),
            (.reviewTimedOut, .risk(.reviewTimedOut)),
        ] {
            var ended = held()
            ended.changed(change, amountMinor: 0, deadline: 0, at: 3)
            #expect(ended.status == .failed && ended.failure == reason && ended.declineCode == nil)
            #expect(ended.isSettled && ended.deadline == 0)
        }
    }

    @Test("stops the process rather than miscount")
    func preconditions() async {
        await #expect(processExitsWith: .failure) {
            var value = Payment(
                id: PaymentID(createdAt: 1, shard: 0, sequence: 1),
                merchant: MerchantID(rawValue: 7),
                amountMinor: 10,
                currency: .eur,
                feeBasisPoints: 0,
                capturesAutomatically: true,
                route: RoutePlan(.first),
                createdAt: 1
            )
            value.operationFinished(.authorize, .succeeded, amountMinor: 10, at: 2)
            value.refundStarted(amountMinor: 11, at: 3)
        }
    }
}
