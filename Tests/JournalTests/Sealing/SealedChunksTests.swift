import Testing

@testable import Journal

@Suite struct SealedChunksTests {
    static let file = SealedFileIdentity(kind: .snapshot, journalID: 3, number: 9, salt: SIMD16(repeating: 4))
    private let ring: MasterKeyRing

    init() throws { ring = try testRing("1: 1, 2: 2") }

    private func sealed(_ chunks: [[UInt8]], _ file: SealedFileIdentity = file) throws -> (WrappedDataKey, [[UInt8]]) {
        guard var sealer = ChunkSealer(file, ring) else { throw JournalError(.notFound, "nothing is sealed") }
        var all: [[UInt8]] = []
        for (index, chunk) in chunks.enumerated() {
            var room = chunk + [UInt8](repeating: 0, count: ChunkSealer.overhead)
            let count = room.withUnsafeMutableBytes { room in
                let plain = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(room)[0..<chunk.count])
                return sealer.seal(plain, isLast: index == chunks.count - 1, into: room)
            }
            #expect(count == room.count)
            all.append(room)
        }
        return (sealer.wrappedKey, all)
    }

    private func open(
        _ chunk: [UInt8],
        key wrapped: WrappedDataKey,
        number: UInt64,
        isLast: Bool,
        of file: SealedFileIdentity = file
    ) throws -> [UInt8] {
        let opener = try ChunkOpener(wrapped, of: file, path: "snap", ring)
        var plain = [UInt8](repeating: 0, count: chunk.count)
        let count = try chunk.withUnsafeBytes { sealed throws in
            try plain.withUnsafeMutableBytes { try opener.open(sealed, number: number, isLast: isLast, into: $0) }
        }
        return Array(plain[..<count])
    }

    /// NIST's GCM test case 16 (McGrew and Viega): the cipher is the standard's, not only its own
    /// inverse.
    @Test func `the standard's test vector`() {
        let key = hexadecimal("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308")
        let nonce = hexadecimal("cafebabefacedbaddecaf888").withUnsafeBytes { $0.nonce(at: 0) }
        var text = hexadecimal(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
        )
        let context = hexadecimal("feedfacedeadbeeffeedfacedeadbeefabaddad2")
        let tag = text.withUnsafeMutableBytes { text in
            context.withUnsafeBytes {
                AuthenticatedCipher(key: key)
                    .seal(UnsafeRawBufferPointer(text), nonce: nonce, authenticating: $0, into: text)
            }
        }
        #expect(
            text
                == hexadecimal(
                    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
                )
        )
        #expect((0..<16).map { tag.bytes[$0] } == hexadecimal("76fc6ece0f4e1768cddf8853bb2d551b"))
    }

    @Test func `chunks come back, and are not in clear`() throws {
        let chunks = [Array("payment pay_1".utf8), [], [UInt8](repeating: 7, count: 100_000)]
        let (wrapped, all) = try sealed(chunks)
        #expect(wrapped.keyID == 1)
        for (index, chunk) in all.enumerated() {
            #expect(try open(chunk, key: wrapped, number: UInt64(index), isLast: index == 2) == chunks[index])
            #expect(!chunk.starts(with: chunks[index]) || chunks[index].isEmpty)
        }
    }

    @Test func `equal files are different on the disk`() throws {
        let (first, second) = (try sealed([[1, 2, 3]]), try sealed([[1, 2, 3]]))
        #expect(first.0 != second.0 && first.1 != second.1)
    }

    @Test func `a chunk in another place, cut, or changed is refused`() throws {
        let (wrapped, all) = try sealed([[1, 2, 3], [4, 5, 6], [7]])
        let refusal = { (number: UInt64) in JournalError(.corrupt, "snap: chunk \(number) is not as it was written") }
        func expectRefused(_ chunk: [UInt8], _ number: UInt64, isLast: Bool = false) {
            #expect(throws: refusal(number)) { try open(chunk, key: wrapped, number: number, isLast: isLast) }
        }
        expectRefused(all[0], 1)
        expectRefused(all[1], 1, isLast: true)
        expectRefused(all[2], 2)
        expectRefused(Array(all[0].dropLast()), 0)
        expectRefused([], 0)
        for byte in all[0].indices {
            var changed = all[0]
            changed[byte] ^= 1
            expectRefused(changed, 0)
        }
    }

    @Test func `a wrapped key opens no other file, and no other key opens it`() throws {
        let (wrapped, all) = try sealed([[1]])
        let mine = Self.file
        var others = [mine, mine, mine, mine]
        others[0].kind = .payments
        others[1].journalID = 4
        others[2].number = 10
        others[3].salt[15] = 0
        for other in others {
            #expect(throws: JournalError.self) { try open(all[0], key: wrapped, number: 0, isLast: true, of: other) }
        }
        let opener = { (text: String) in
            _ = try ChunkOpener(wrapped, of: mine, path: "snap", try testRing(text))
        }
        #expect(throws: JournalError(.key, "snap is encrypted under key 1, which keys does not hold")) {
            try opener("2: 2")
        }
        #expect(
            throws: JournalError(
                .key,
                "snap is encrypted under key 1, and key 1 of keys does not open it: it is another key"
            )
        ) { try opener("1: 9") }
        #expect(throws: JournalError(.key, "snap is encrypted under key 1, and no keys were given")) {
            _ = try ChunkOpener(wrapped, of: mine, path: "snap", nil)
        }
    }

    @Test func `a ring without an active key seals nothing`() throws {
        let sealer = ChunkSealer(Self.file, try testRing("1: 1", active: "none"))
        let isNone = sealer == nil
        #expect(isNone)
    }
}

private func hexadecimal(_ text: String) -> [UInt8] {
    let digits = Array(text).map { UInt8($0.hexDigitValue ?? 0) }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}
