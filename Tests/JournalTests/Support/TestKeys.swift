@testable import Journal

/// A ring from pairs such as `1: 9, 2: 4`: key 1 is 32 bytes of 9. The first is active unless
/// `active` says otherwise.
func testRing(_ pairs: String, active: String? = nil) throws(KeyTextError) -> MasterKeyRing {
    let keys = pairs.split(separator: ", ").map { $0.split(separator: ": ") }
    var text = "active: \(active ?? String(keys[0][0]))\n"
    for pair in keys {
        text += "\(pair[0]): \(Base64.encode([UInt8](repeating: UInt8(pair[1]) ?? 0, count: 32)))\n"
    }
    return try MasterKeyRing(text: Array(text.utf8), source: "keys")
}
