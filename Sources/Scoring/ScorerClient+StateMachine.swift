import HTTPTransport
import NIOCore
import Payments

extension ScorerClient {
    /// Which questions are under way: a bounded table whose slots are the tokens of the requests
    /// below. Each caller is bounded by itself, too, so that no caller has all places, and each
    /// merchant, so that none has all of its caller's.
    struct StateMachine {
        /// What must be known of a question when its answer comes.
        struct Question: Equatable {
            var token: UInt64
            var origin: CallOrigin
            /// The merchant's place among the counts.
            var merchantPlace: UInt32
            var askedAt: NIODeadline
        }

        enum OnAsk: Equatable {
            case send(slot: UInt64)
            /// Too many are under way, in all or of the caller or merchant; or the client is
            /// closing.
            case refuse
        }

        private var questions: [Question?] = []
        private var free: [Int] = []
        private var isClosing = false
        private let limits: HTTPClientConfiguration.Sharing
        /// Questions under way of each caller.
        private var held: [Int]
        /// Questions under way about each merchant's payments.
        private var merchants = MerchantCounts()
        private let mostOfMerchant: Int

        /// - Parameter share: of a caller's places, what one merchant may have.
        init(_ limits: HTTPClientConfiguration.Sharing, share: MerchantShare) {
            self.limits = limits
            held = [Int](repeating: 0, count: limits.callers)
            mostOfMerchant = share.of(min(limits.maxInFlight, limits.maxInFlightPerCaller))
        }

        var inFlightCount: Int { questions.count - free.count }

        mutating func ask(
            token: UInt64,
            about merchant: MerchantID,
            from origin: CallOrigin,
            at now: NIODeadline
        ) -> OnAsk {
            let caller = Int(origin.caller)
            guard !isClosing, inFlightCount < limits.maxInFlight, held[caller] < limits.maxInFlightPerCaller,
                merchants.count(of: merchant) < mostOfMerchant
            else { return .refuse }
            held[caller] += 1
            let place = merchants.add(merchant)
            let question = Question(token: token, origin: origin, merchantPlace: place, askedAt: now)
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
            merchants.remove(place: question.merchantPlace)
            questions[Int(slot)] = nil
            free.append(Int(slot))
            return question
        }

        /// Asks nothing any more.
        mutating func close() { isClosing = true }
    }
}
