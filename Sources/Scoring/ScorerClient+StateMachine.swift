import HTTPTransport
import NIOCore

extension ScorerClient {
    /// Which questions are under way: a bounded table whose slots are the tokens of the requests
    /// below. Each caller is bounded by itself, too, so that no caller has all places.
    struct StateMachine {
        /// What must be known of a question when its answer comes.
        struct Question: Equatable {
            var token: UInt64
            var origin: CallOrigin
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
        private let limits: HTTPClientConfiguration.Sharing
        /// Questions under way of each caller.
        private var held: [Int]

        init(_ limits: HTTPClientConfiguration.Sharing) {
            self.limits = limits
            held = [Int](repeating: 0, count: limits.callers)
        }

        var inFlightCount: Int { questions.count - free.count }

        mutating func ask(token: UInt64, from origin: CallOrigin, at now: NIODeadline) -> OnAsk {
            let caller = Int(origin.caller)
            guard !isClosing, inFlightCount < limits.maxInFlight, held[caller] < limits.maxInFlightPerCaller else {
                return .refuse
            }
            held[caller] += 1
            let question = Question(token: token, origin: origin, askedAt: now)
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
            held[Int(question.origin.caller)] -= 1
            questions[Int(slot)] = nil
            free.append(Int(slot))
            return question
        }

        /// Asks nothing any more.
        mutating func close() { isClosing = true }
    }
}
