import NIOCore

extension ScorerClient {
    /// Which questions are under way: a bounded table whose slots are the tokens of the requests below.
    struct StateMachine {
        /// What must be known of a question when its answer comes.
        struct Question: Equatable {
            var token: UInt64
            var askedAt: NIODeadline
        }

        enum OnAsk: Equatable {
            case send(slot: UInt64)
            /// Too many are under way, or the client is closing.
            case refuse
        }

        private var questions: [Question?] = []
        private var free: [Int] = []
        private var isClosing = false
        let maximumInFlight: Int

        init(maximumInFlight: Int) {
            precondition(maximumInFlight > 0)
            self.maximumInFlight = maximumInFlight
        }

        var inFlightCount: Int { questions.count - free.count }

        mutating func ask(token: UInt64, at now: NIODeadline) -> OnAsk {
            guard !isClosing, inFlightCount < maximumInFlight else { return .refuse }
            let question = Question(token: token, askedAt: now)
            guard let slot = free.popLast() else {
                questions.append(question)
                return .send(slot: UInt64(questions.count - 1))
            }
            questions[slot] = question
            return .send(slot: UInt64(slot))
        }

        /// The answer to a question, or that there will be none.
        mutating func answered(_ slot: UInt64) -> Question {
            guard let question = questions[Int(slot)] else { preconditionFailure("a question is answered once") }
            questions[Int(slot)] = nil
            free.append(Int(slot))
            return question
        }

        /// Asks nothing any more.
        mutating func close() { isClosing = true }
    }
}
