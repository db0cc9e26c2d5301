/// The text form of a key ring, one entry a line. `active` names the key of new files. It may be
/// left out when there is one key. `active: none` encrypts nothing new.
/// ```
/// # comment
/// active: 2
/// 1: 32 bytes in base64
/// 2: 32 bytes in base64
/// ```
extension MasterKeyRing {
    /// `source` is how errors call the text. No error repeats any of it.
    package init(text: [UInt8], source: String) throws(KeyTextError) {
        var parser = MasterKeyText(source: source)
        let lines = String(decoding: text, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() { try parser.read(line, number: index + 1) }
        try self.init(active: parser.activeKey(), keys: parser.keys, source: source)
    }

    /// A new line of a key text, made from the kernel's random source.
    package static func newLine(id: MasterKeyID) -> String {
        precondition(id > 0)
        return "\(id): \(Base64.encode(JournalRandom.bytes(AuthenticatedCipher.keyByteCount)))"
    }
}

/// Reads a key text line by line.
private struct MasterKeyText {
    private enum Active {
        case unsaid
        case none
        case key(MasterKeyID, line: Int)
    }

    let source: String
    private(set) var keys: [MasterKeyID: [UInt8]] = [:]
    private var active = Active.unsaid

    init(source: String) { self.source = source }

    mutating func read(_ line: Substring, number: Int) throws(KeyTextError) {
        let line = line.trimmed
        if line.isEmpty || line.hasPrefix("#") { return }
        guard let colon = line.firstIndex(of: ":") else {
            throw error(number, "must be a key's number, a colon and the key in base64")
        }
        let name = line[..<colon].trimmed
        let value = line[line.index(after: colon)...].trimmed
        if name == "active" { try readActive(value, number) } else { try readKey(name, value: value, line: number) }
    }

    private mutating func readActive(_ value: Substring, _ number: Int) throws(KeyTextError) {
        guard case .unsaid = active else { throw error(number, "a second line says which key is active") }
        if value == "none" {
            active = .none
            return
        }
        guard let id = MasterKeyID(value), id > 0 else { throw error(number, "active must be a key's number, or none") }
        active = .key(id, line: number)
    }

    private mutating func readKey(_ name: Substring, value: Substring, line number: Int) throws(KeyTextError) {
        guard let id = MasterKeyID(name), id > 0 else {
            throw error(number, "a key's number must be from 1 to \(MasterKeyID.max)")
        }
        guard let key = Base64.decode(value), key.count == AuthenticatedCipher.keyByteCount else {
            throw error(number, "key \(id) is not \(AuthenticatedCipher.keyByteCount) bytes in base64")
        }
        guard keys.updateValue(key, forKey: id) == nil else { throw error(number, "key \(id) is given twice") }
        guard keys.count <= MasterKeyRing.limit else { throw error(number, "more than \(MasterKeyRing.limit) keys") }
    }

    func activeKey() throws(KeyTextError) -> MasterKeyID? {
        if keys.isEmpty { throw error(nil, "holds no key") }
        switch active {
        case .none: return nil
        case .key(let id, let line):
            guard keys[id] != nil else { throw error(line, "active is key \(id), which is not there") }
            return id
        case .unsaid:
            guard let only = keys.keys.first, keys.count == 1 else {
                throw error(nil, "holds several keys; a line `active: NUMBER` must say which one is for new files")
            }
            return only
        }
    }

    private func error(_ line: Int?, _ detail: String) -> KeyTextError {
        KeyTextError(source: source, line: line, detail: detail)
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        let isSpace = { (character: Character) in character == " " || character == "\t" || character == "\r" }
        var rest = drop(while: isSpace)
        while let last = rest.last, isSpace(last) { rest.removeLast() }
        return rest
    }
}
