import Testing

@testable import Journal

/// The text of checkpoints and of their keys: what auditors read with other tools.
@Suite struct CheckpointTests {
    /// RFC 8410, section 10.3.
    static let privatePEM = """
        -----BEGIN PRIVATE KEY-----
        MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
        -----END PRIVATE KEY-----

        """
    /// RFC 8410, section 10.1.
    static let publicPEM = """
        -----BEGIN PUBLIC KEY-----
        MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
        -----END PUBLIC KEY-----

        """

    private func signer() throws -> CheckpointSigner {
        try CheckpointSigner(text: Array(Self.privatePEM.utf8), source: "key")
    }

    private func checkpoint(_ signer: CheckpointSigner) -> Checkpoint {
        var point = DurablePoint.start
        point.batch = 12
        point.position = 345
        point.hash = ChainHash(bytes: SIMD32(repeating: 0xC3))
        let claim = Checkpoint.Claim(
            number: 2,
            journalID: 7,
            epoch: 3,
            point: point,
            wallMilliseconds: 1_795_282_800_123,
            previous: ChainHash(bytes: SIMD32(repeating: 0x0F))
        )
        return Checkpoint(claim, signedWith: signer)
    }

    @Test func `keys are those of the standard's examples`() throws {
        let signer = try signer()
        #expect(signer.pem == Self.privatePEM)
        #expect(signer.publicKey.pem == Self.publicPEM)
        let same = try CheckpointPublicKey(text: Array(Self.publicPEM.utf8), source: "key")
        #expect(same.id == signer.publicKey.id)
        let raw = Array("1O5y2/kTWErVttjx92n4rTr+fCjL8dT74Jeoj0R1WEI=\n".utf8)
        #expect(try CheckpointSigner(text: raw, source: "key").pem == Self.privatePEM)
    }

    @Test func `anything else is refused without being repeated`() {
        for text in [
            "", "x", Self.publicPEM, Self.privatePEM.replacing("MC4", with: "MC5"), "1O5y2/kTWErVttjx92n4rTr+",
        ] {
            let error = #expect(throws: KeyTextError.self) { try CheckpointSigner(text: Array(text.utf8), source: "k") }
            #expect(error?.description.count ?? 200 < 100)
        }
        #expect(throws: KeyTextError.self) { try CheckpointPublicKey(text: Array(Self.privatePEM.utf8), source: "k") }
    }

    @Test func `line has its documented form and is read back`() throws {
        let signer = try signer()
        let checkpoint = checkpoint(signer)
        let signed =
            "millrace-checkpoint-1 number=2 journal=7 epoch=3 batch=12 position=345 hash="
            + String(repeating: "c3", count: 32) + " time=1795282800123 key=\(signer.publicKey.id) previous="
            + String(repeating: "0f", count: 32)
        #expect(checkpoint.line.hasPrefix(signed + " signature="))
        #expect(checkpoint.line.utf8.count == signed.utf8.count + 11 + 88)
        #expect(Checkpoint(line: checkpoint.line[...]) == checkpoint)
        #expect(Checkpoint(line: (checkpoint.line + "   ")[...]) == checkpoint)
        #expect(checkpoint.isSigned(by: signer.publicKey))
        #expect(!checkpoint.isSigned(by: CheckpointSigner.generate().publicKey))
        let slot = CheckpointLog.slot(checkpoint)
        #expect(slot.count == 512 && slot.last == 10 && CheckpointReader.checkpoint(inSlot: slot) == checkpoint)
    }

    @Test func `every changed byte makes it no checkpoint or an unsigned one`() throws {
        let signer = try signer()
        let line = Array(checkpoint(signer).line.utf8)
        for index in line.indices {
            for mask in [UInt8(1), 2, 16] {
                var changed = line
                changed[index] ^= mask
                guard let found = Checkpoint(line: String(decoding: changed, as: UTF8.self)[...]) else { continue }
                #expect(!found.isSigned(by: signer.publicKey), "byte \(index)")
            }
        }
    }

    @Test(arguments: [(0, 1), (1, 0), (1 << 41, 1)] as [(UInt64, UInt64)])
    func `a number or batch that no log has is refused, however it is signed`(number: UInt64, batch: UInt64) throws {
        var point = DurablePoint.start
        point.batch = batch
        let claim = Checkpoint.Claim(
            number: number,
            journalID: 1,
            epoch: 1,
            point: point,
            wallMilliseconds: 1,
            previous: .genesis
        )
        #expect(Checkpoint(line: Checkpoint(claim, signedWith: try signer()).line[...]) == nil)
    }

    @Test func `the longest line fits its slot`() {
        var point = DurablePoint.start
        point.batch = .max
        point.position = .max
        let claim = Checkpoint.Claim(
            number: .max,
            journalID: .max,
            epoch: .max,
            point: point,
            wallMilliseconds: .min,
            previous: .genesis
        )
        #expect(CheckpointLog.slot(Checkpoint(claim, signedWith: .generate())).count == 512)
    }
}
