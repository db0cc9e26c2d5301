/// Several shards in one process: each merchant is one shard's, and no shard sees another's
/// merchants. They are streams of one or two logs, as the gateway's are (`LogShards`).
extension World {
    /// The shard of a merchant; 0 for nobody.
    static func shard(of merchant: UInt64, among shards: Int) -> Int {
        shards == 1 ? 0 : Int(merchant % UInt64(shards))
    }

    func shard(of merchant: UInt64) -> Int { Self.shard(of: merchant, among: scenario.shards) }

    /// The log that a shard is a stream of.
    func log(ofShard shard: Int) -> Int { shard % scenario.logs }

    func shards(ofLog log: Int) -> [Int] { Array(stride(from: log, to: scenario.shards, by: scenario.logs)) }
}
