import Testing

@testable import LoadTest

@Suite struct AnswerVerdictTests {
    private func verdict(
        _ status: Int,
        replay: Bool = false,
        retryable: Bool = true,
        _ role: Slot.Role = .original,
        retries: Bool = true
    ) -> AnswerVerdict {
        .of(status: status, isReplay: replay, isRetryable: retryable, role: role, retries: retries)
    }

    @Test func `final answers are final`() {
        #expect(verdict(201) == .final(.succeeded))
        #expect(verdict(402) == .final(.declined))
        #expect(verdict(422) == .final(.refused))
        #expect(verdict(201, replay: true, .duplicate) == .final(.repeated))
        #expect(verdict(402, replay: true, .duplicate) == .final(.repeated))
    }

    @Test(arguments: [202, 409, 429, 500, 502, 503]) func `what is not final is asked again`(status: Int) {
        #expect(verdict(status) == .retry)
        #expect(verdict(status, retries: false) != .retry)
    }

    @Test func `a replayed 5xx is the stored result`() {
        #expect(verdict(502, replay: true) == .final(.failed))
    }

    @Test func `a state conflict that no retry heals is final`() {
        #expect(verdict(409, retryable: false) == .final(.refused))
    }

    @Test func `409 ends a duplicate and not an original`() {
        #expect(verdict(409, .duplicate) == .final(.repeated))
        #expect(verdict(409, .original) == .retry)
    }

    @Test func `only 422 satisfies a conflict`() {
        #expect(verdict(422, .conflict) == .final(.refusedConflict))
        #expect(verdict(201, .conflict) == .final(.refused))
        #expect(verdict(201, replay: true, .conflict) == .final(.refused))
        #expect(verdict(503, .conflict) == .retry)
    }

    @Test func `no answer is asked for again, unless retries are off`() {
        #expect(AnswerVerdict.noAnswer(retries: true) == .retry)
        #expect(AnswerVerdict.noAnswer(retries: false) == .final(.lost))
    }
}
