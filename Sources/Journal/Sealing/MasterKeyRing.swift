/// The number by which files name a master key; 0 means not encrypted.
package typealias MasterKeyID = UInt32

/// Master keys by number, and which of them new files are encrypted under. It is a value: a
/// rotation replaces the ring that `JournalKeys` holds.
///
/// Master keys encrypt nothing but data keys; each file has a random data key of its own.
package struct MasterKeyRing: Sendable {
    /// Most keys of a ring.
    package static let limit = 1_024

    /// The key of new files; nil writes them in clear.
    package let activeKeyID: MasterKeyID?
    /// Where the keys come from, for errors: a file's path, or a command.
    package let source: String
    private let keys: [MasterKeyID: MasterKey]

    /// A key's bytes are kept only to see whether a new ring has another one under the same number.
    struct MasterKey: Sendable {
        let bytes: [UInt8]
        let cipher: AuthenticatedCipher
    }

    init(active: MasterKeyID?, keys: [MasterKeyID: [UInt8]], source: String) {
        precondition(active.map { keys[$0] != nil } ?? true)
        activeKeyID = active
        self.source = source
        self.keys = keys.mapValues { MasterKey(bytes: $0, cipher: AuthenticatedCipher(key: $0)) }
    }

    /// All numbers, ascending.
    package var keyIDs: [MasterKeyID] { keys.keys.sorted() }

    func cipher(_ id: MasterKeyID) -> AuthenticatedCipher? { keys[id]?.cipher }

    /// Why this ring cannot replace an older one; nil if it can. The process still reads files that
    /// it opened under the older one.
    func problem(replacing older: MasterKeyRing) -> String? {
        for (id, key) in older.keys.sorted(by: { $0.key < $1.key }) {
            guard let own = keys[id] else { return "key \(id) is gone; files under it could no longer be read" }
            guard own.bytes == key.bytes else { return "key \(id) is another one; a new key needs a new number" }
        }
        return nil
    }
}

/// A key text that cannot be used.
package struct KeyTextError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Where it came from.
    package var source: String
    /// From 1; nil if it is about no line in particular.
    package var line: Int?
    package var detail: String

    package var description: String { source + (line.map { ":\($0)" } ?? "") + ": " + detail }
}
