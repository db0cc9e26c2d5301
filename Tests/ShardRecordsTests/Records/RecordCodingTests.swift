import Money
import NIOCore
import Payments
import Testing

@testable import ShardRecords

@Suite struct RecordCodingTests {
    @Test func everyKindHasASample() {
        #expect(Set(RecordSamples.all.map(\.kind)) == Set(ShardRecord.Kind.allCases))
        #expect(RecordSamples.all.count == ShardRecord.Kind.allCases.count)
    }

    @Test(arguments: RecordSamples.all.indices)
    func whatIsWrittenIsReadBack(_ index: Int) throws {
        let record = RecordSamples.all[index]
        let bytes = RecordSamples.encoded(record)
        let read = try ShardRecord(decoding: bytes.span, keepsAnswer: true)
        #expect("\(read)" == "\(record)")
        #expect(RecordSamples.encoded(read) == bytes)
        let linked = try LinkedRecord(decoding: bytes.span)
        #expect(linked.link == 5)
        #expect(linked.header.kind == record.kind)
    }

    @Test(arguments: RecordSamples.all.indices)
    func aRecordThatEndsTooEarlyOrTooLateIsRefused(_ index: Int) {
        let bytes = RecordSamples.encoded(RecordSamples.all[index])
        for count in 0..<bytes.count {
            #expect(throws: RecordDecodingError.self) { try ShardRecord(decoding: Array(bytes.prefix(count)).span) }
        }
        #expect(throws: RecordDecodingError.self) { try ShardRecord(decoding: (bytes + [0]).span) }
    }

    /// The stored answer is that of the request, whatever stands in front of it.
    @Test func storedAnswers() throws {
        for record in RecordSamples.all {
            let bytes = RecordSamples.encoded(record)
            switch record.kind {
            case .operationFinished, .paymentChanged, .riskDecided, .payoutChanged, .walletOpened, .exchangeQuoted,
                .exchangeConverted, .eventApplied:
                let answer = try StoredResponse(record: bytes)
                #expect(answer.body == RecordSamples.body)
                #expect((200..<500).contains(answer.status))
            case .paymentCreated, .operationStarted, .operationUnresolved, .refundBounced, .operationAttempted,
                .attemptEnded, .balanceMark:
                #expect(throws: RecordDecodingError.invalidValue) { try StoredResponse(record: bytes) }
            }
        }
    }

    /// A start does not hold the answers of a whole journal in memory.
    @Test func anAnswerThatIsNotAskedForIsPassedOver() throws {
        let bytes = RecordSamples.encoded(.operationFinished(RecordSamples.finished))
        guard case .operationFinished(let record) = try ShardRecord(decoding: bytes.span) else {
            Issue.record("another kind")
            return
        }
        #expect(record.responseStatus == 402)
        #expect(record.response.readableBytes == 0)
    }

    // What `Payment` and the shard take for granted is checked here: a damaged record stops a start
    // with an error, not with a trap.
    @Test(arguments: [Int64.min, -1, 0])
    func anAmountThatIsNotPositiveIsRefused(_ amount: Int64) {
        var record = RecordSamples.created
        record.amountMinor = amount
        expectInconsistent(.paymentCreated(record))
        var payout = RecordSamples.payout
        payout.amountMinor = amount
        expectInconsistent(.payoutChanged(payout))
    }

    @Test func sharesAboveTheWholeAreRefused() {
        var record = RecordSamples.created
        record.feeBasisPoints = BasisPoints.whole + 1
        expectInconsistent(.paymentCreated(record))
        record = RecordSamples.created
        record.overCaptureBasisPoints = BasisPoints.whole + 1
        expectInconsistent(.paymentCreated(record))
    }

    @Test func aScoreAboveAHundredIsRefused() {
        var record = RecordSamples.risk
        record.score = 101
        expectInconsistent(.riskDecided(record))
        record = RecordSamples.risk
        record.responseStatus = 0
        expectInconsistent(.riskDecided(record))
    }

    @Test func anAttemptThatLeadsNowhereIsRefused() {
        var record = RecordSamples.attemptEnded
        record.nextConnector = record.connector
        expectInconsistent(.attemptEnded(record))
        record = RecordSamples.attemptEnded
        record.nextPosition = 0
        expectInconsistent(.attemptEnded(record))
        record = RecordSamples.attemptEnded
        record.attempt = FailoverPolicy.maximumAttempts
        expectInconsistent(.attemptEnded(record))
    }

    @Test func aDisputeEventWithoutADisputeIsRefused() {
        var record = RecordSamples.event
        record.dispute = 0
        expectInconsistent(.eventApplied(record))
    }

    private func expectInconsistent(_ record: ShardRecord, at location: SourceLocation = #_sourceLocation) {
        let bytes = RecordSamples.encoded(record)
        #expect(throws: RecordDecodingError.invalidValue, sourceLocation: location) {
            try ShardRecord(decoding: bytes.span)
        }
    }
}
