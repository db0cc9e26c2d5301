import Payments
import ShardCore
import Time

/// A client that does what answers advise: it sends the same request under the same key again, each
/// time after the time that `Retry-After` says, until an answer advises nothing.
struct AdvisedClient {
    /// What the client asks for.
    struct Request {
        var kind: Command.Kind
        var merchant: UInt64 = 7
        var operatorShard: UInt16?
        /// How many of the newest calls the provider has not answered yet.
        var openCalls = 0
    }

    /// How it ended.
    enum End: Equatable {
        /// An answer without advice, with its status.
        case answer(UInt16)
        /// The stored answer of the key.
        case replay
        /// The advice never ended.
        case none
    }

    /// More than a client needs for any table to empty: a payment leaves memory after an hour and
    /// the next snapshot.
    static let mostAttempts = 200
    static let snapshotInterval: Int64 = 900_000
    static let coldAfter: Int64 = 3_600_000

    private(set) var attempts = 0
    private var answeredCalls = 0
    private var nextSnapshot = Timestamp.none
    private let goOn: (inout ShardWorld) throws -> Void

    /// - Parameter goOn: what others do meanwhile; called each time after the client has waited.
    init(meanwhile goOn: @escaping (inout ShardWorld) throws -> Void) { self.goOn = goOn }

    mutating func follow(_ request: Request, in world: inout ShardWorld) throws -> End {
        nextSnapshot = world.now + Self.snapshotInterval
        answeredCalls = world.calls.count - request.openCalls
        while attempts < Self.mostAttempts {
            attempts += 1
            let (responses, replays) = (world.responses.count, world.replays.count)
            world.send(request.kind, key: "advised", merchant: request.merchant, operatorShard: request.operatorShard)
            // A request that is under way is answered when its call ends.
            if world.responses.count == responses, world.replays.count == replays { answerCalls(&world) }
            if world.replays.count > replays { return .replay }
            guard world.responses.count > responses, let answer = world.responses.last else { return .none }
            guard answer.retryAfterSeconds > 0 else { return .answer(answer.status) }
            try wait(seconds: Int(answer.retryAfterSeconds), &world)
        }
        return .none
    }

    private mutating func wait(seconds: Int, _ world: inout ShardWorld) throws {
        for _ in 0..<seconds { world.pass(milliseconds: 1_000) }
        answerCalls(&world)
        try goOn(&world)
        // As a host does it: in time, and when keys should leave memory.
        guard world.storage != nil, world.core.keysAreDue || world.now >= nextSnapshot else { return }
        nextSnapshot = world.now + Self.snapshotInterval
        try world.snapshot(coldAfter: Self.coldAfter)
    }

    /// The provider approves all that it was asked.
    private mutating func answerCalls(_ world: inout ShardWorld) {
        // A shard that was started again has made no call yet.
        answeredCalls = min(answeredCalls, world.calls.count)
        while answeredCalls < world.calls.count {
            let (call, token) = world.calls[answeredCalls]
            answeredCalls += 1
            world.answer(token, ShardWorld.success(call.amountMinor, "ref_\(token)"))
        }
    }
}
