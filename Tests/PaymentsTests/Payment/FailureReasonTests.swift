import Payments
import Testing

@Suite("Failure reasons")
struct FailureReasonTests {
    @Test("Each reason has one byte of its own, and reads back from it")
    func rawValues() {
        let reasons = FailureReason.allCases
        #expect(Set(reasons.map(\.rawValue)).count == reasons.count)
        for reason in reasons { #expect(FailureReason(rawValue: reason.rawValue) == reason) }
        let known = Set(reasons.map(\.rawValue))
        for value in UInt8.min ... .max where !known.contains(value) {
            #expect(FailureReason(rawValue: value) == nil, "\(value)")
        }
        #expect(FailureReason(rawValue: 0) == nil, "0 is no reason in every record")
    }

    @Test("The case's name is the description, whatever the reason is about")
    func descriptions() {
        #expect("\(FailureReason.call(.timeout))" == "timeout")
        #expect("\(FailureReason.reversal(.abandoned))" == "abandoned")
        #expect("\(FailureReason.risk(.reviewRejected))" == "reviewRejected")
        #expect("\(FailureReason.captureFailed)" == "captureFailed")
    }

    @Test("A retry may help after a transport's failure or a limit, never after a refusal")
    func transient() {
        let transient: Set<CallFailure> = [
            .timeout, .connectionFailed, .connectionLost, .streamReset, .overloaded, .rateLimited, .conflict,
        ]
        for failure in CallFailure.allCases { #expect(failure.isTransient == transient.contains(failure)) }
    }
}
