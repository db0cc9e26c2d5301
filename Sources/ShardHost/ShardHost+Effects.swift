import ShardCore
import ShardRecords
import Time

extension ShardHost {
    /// Carries out an effect of the shard, when the records that it rests on are durable.
    func run(_ effect: consuming Effect, _ now: Timestamp) {
        switch consume effect {
        case .callProvider(let call, let token, let deadline):
            ports.callProvider(call, token: token, timeout: max(0, deadline.milliseconds(since: now)), for: self)
        case .score(let question, let token, let deadline):
            ports.score(question, token: token, timeout: max(0, deadline.milliseconds(since: now)), for: self)
        case .respond(let response):
            ports.respond(response)
        case .replay(let reply, let requestID, let merchant, let record):
            replay(Request(reply: reply, id: requestID, merchant: merchant), record)
        case .load(let merchant, let item):
            load(item, of: merchant)
        case .lookUpKey(let digest, let second):
            lookUp(digest, at: second)
        case .history(let reply, let requestID, let merchant, let payment, let newest):
            answerHistory(Request(reply: reply, id: requestID, merchant: merchant), payment, newest: newest)
        case .ledgerEntries(let reply, let requestID, let read):
            answerEntries(Request(reply: reply, id: requestID, merchant: read.merchant), read)
        case .pastBalance(let reply, let requestID, let read):
            answerPastBalance(Request(reply: reply, id: requestID, merchant: read.merchant), read)
        }
    }
}
