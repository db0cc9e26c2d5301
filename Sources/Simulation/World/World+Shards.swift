/// Several shards in one process: each merchant is one shard's, and no shard sees another's merchants.
extension World {
    /// The shard of a merchant; 0 for nobody.
    static func shard(of merchant: UInt64, among shards: Int) -> Int {
        shards == 1 ? 0 : Int(merchant % UInt64(shards))
    }

    func shard(of merchant: UInt64) -> Int { Self.shard(of: merchant, among: scenario.shards) }
}
