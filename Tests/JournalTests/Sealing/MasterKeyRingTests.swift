import Testing

@testable import Journal

@Suite struct MasterKeyRingTests {
    static let one = Base64.encode([UInt8](repeating: 1, count: 32))
    static let two = Base64.encode([UInt8](repeating: 2, count: 32))

    private func ring(_ text: String) throws(KeyTextError) -> MasterKeyRing {
        try MasterKeyRing(text: Array(text.utf8), source: "keys")
    }

    private func error(_ text: String) -> String? {
        do throws(KeyTextError) {
            _ = try ring(text)
            return nil
        } catch {
            return error.description
        }
    }

    @Test func `a single key is active without saying so`() throws {
        let ring = try ring("7: \(Self.one)\n")
        #expect(ring.activeKeyID == 7 && ring.keyIDs == [7])
    }

    @Test func `comments, spaces and several keys`() throws {
        let ring = try ring("# of 2026\r\n\n  1 :\(Self.one)  \n2:\t\(Self.two)\nactive: 2")
        #expect(ring.activeKeyID == 2 && ring.keyIDs == [1, 2])
    }

    @Test func `none active keeps the keys for reading`() throws {
        let ring = try ring("active: none\n1: \(Self.one)")
        #expect(ring.activeKeyID == nil && ring.keyIDs == [1])
    }

    @Test func `a new line is a key text of one key, another one each time`() throws {
        let line = MasterKeyRing.newLine(id: 3)
        #expect(try ring(line).activeKeyID == 3)
        #expect(line != MasterKeyRing.newLine(id: 3))
    }

    @Test func `what is wrong is named with its line, and never repeats a key`() {
        let short = Base64.encode([UInt8](repeating: 1, count: 31))
        let cases = [
            ("", "keys: holds no key"),
            ("1: \(short)", "keys:1: key 1 is not 32 bytes in base64"),
            ("1: \(Self.one)\n1: \(Self.two)", "keys:2: key 1 is given twice"),
            ("0: \(Self.one)", "keys:1: a key's number must be from 1 to 4294967295"),
            ("x: \(Self.one)", "keys:1: a key's number must be from 1 to 4294967295"),
            (Self.one, "keys:1: must be a key's number, a colon and the key in base64"),
            (
                "1: \(Self.one)\n2: \(Self.two)",
                "keys: holds several keys; a line `active: NUMBER` must say which one is for new files"
            ),
            ("1: \(Self.one)\nactive: 2", "keys:2: active is key 2, which is not there"),
            ("1: \(Self.one)\nactive: 1\nactive: 1", "keys:3: a second line says which key is active"),
            ("1: \(Self.one)\nactive: first", "keys:2: active must be a key's number, or none"),
        ]
        for (text, expected) in cases { #expect(error(text) == expected) }
    }

    @Test func `a new ring must hold every key of the old one, unchanged`() throws {
        let keys = JournalKeys(try ring("1: \(Self.one)"))
        let added = try ring("1: \(Self.one)\n2: \(Self.two)\nactive: 2")
        try keys.replace(with: added)
        #expect(keys.activeKeyID == 2 && keys.ring.keyIDs == [1, 2])
        #expect(
            throws: KeyTextError(
                source: "keys",
                line: nil,
                detail: "key 1 is gone; files under it could no longer be read"
            )
        ) {
            try keys.replace(with: try ring("2: \(Self.two)"))
        }
        #expect(
            throws: KeyTextError(
                source: "keys",
                line: nil,
                detail: "key 2 is another one; a new key needs a new number"
            )
        ) {
            try keys.replace(with: try ring("1: \(Self.one)\n2: \(Self.one)\nactive: 1"))
        }
        #expect(keys.activeKeyID == 2)
        try keys.replace(with: try ring("1: \(Self.one)\n2: \(Self.two)\nactive: none"))
        #expect(keys.activeKeyID == 0)
    }
}
