/// A signed statement about a journal's chain: the batch with this number is durable and has this
/// hash. Each batch holds the hash of the one before, so the statement covers every batch up to
/// this one. It is one line of text; see docs/journal.md, "Checkpoints".
package struct Checkpoint: Sendable, Equatable {
    static let label = "millrace-checkpoint-1"
    /// More lines than a log can have; a number is also a place in a file.
    private static let maximumNumber: UInt64 = 1 << 40

    /// From 1 in a log.
    package let number: UInt64
    package let journalID: UInt64
    /// Of the owner that signed.
    package let epoch: UInt64
    package let batch: UInt64
    /// The batch's last record.
    package let position: RecordPosition
    let hash: ChainHash
    /// The signer's wall clock, milliseconds since 1970.
    package let wallMilliseconds: Int64
    package let keyID: CheckpointKeyID
    /// SHA-256 of the line before it in the log; zeros for the first.
    let previous: ChainHash
    /// Ed25519 over everything before ` signature=`.
    let signature: [UInt8]

    /// The line, without its end.
    package var line: String { Self.body(self) + " signature=" + Base64.encode(signature) }

    /// What the next line of the log names as `previous`.
    var lineHash: ChainHash { Array(line.utf8).withUnsafeBytes { ChainHash(hashing: $0) } }

    /// Whether the key made the signature.
    package func isSigned(by key: CheckpointPublicKey) -> Bool {
        keyID == key.id && key.isValid(signature, for: Array(Self.body(self).utf8))
    }
}

extension Checkpoint {
    /// What a line says, before it is signed.
    struct Claim {
        var number: UInt64
        var journalID: UInt64
        var epoch: UInt64
        var point: DurablePoint
        var wallMilliseconds: Int64
        var previous: ChainHash
    }

    init(_ claim: Claim, signedWith signer: CheckpointSigner) {
        let unsigned = Checkpoint(claim, keyID: signer.publicKey.id, signature: [])
        self.init(
            claim,
            keyID: signer.publicKey.id,
            signature: signer.sign(Array(Self.body(unsigned).utf8))
        )
    }

    private init(_ claim: Claim, keyID: CheckpointKeyID, signature: [UInt8]) {
        number = claim.number
        journalID = claim.journalID
        epoch = claim.epoch
        batch = claim.point.batch
        position = claim.point.position
        hash = claim.point.hash
        wallMilliseconds = claim.wallMilliseconds
        previous = claim.previous
        self.keyID = keyID
        self.signature = signature
    }

    /// The signed part.
    private static func body(_ checkpoint: Checkpoint) -> String {
        "\(label) number=\(checkpoint.number) journal=\(checkpoint.journalID) epoch=\(checkpoint.epoch) "
            + "batch=\(checkpoint.batch) position=\(checkpoint.position) hash=\(checkpoint.hash.hexadecimal) "
            + "time=\(checkpoint.wallMilliseconds) key=\(checkpoint.keyID) previous=\(checkpoint.previous.hexadecimal)"
    }

    /// nil unless the text is exactly what `line` gives back; spaces at its end do not count. Says
    /// nothing about the signature.
    package init?(line text: Substring) {
        var text = text
        while text.last == " " { text.removeLast() }
        var fields = CheckpointFields(text)
        guard fields.label == Self.label, let number = fields.integer("number", UInt64.self),
            let journalID = fields.integer("journal", UInt64.self), let epoch = fields.integer("epoch", UInt64.self),
            let batch = fields.integer("batch", UInt64.self), let position = fields.integer("position", UInt64.self),
            let hash = fields.hash("hash"), let time = fields.integer("time", Int64.self),
            let key = fields.value("key").flatMap({ CheckpointKeyID($0) }), let previous = fields.hash("previous"),
            let signature = fields.value("signature").flatMap({ Base64.decode($0) }),
            signature.count == CheckpointSigner.signatureByteCount
        else { return nil }
        var point = DurablePoint.start
        point.batch = batch
        point.position = position
        point.hash = hash
        let claim = Claim(
            number: number,
            journalID: journalID,
            epoch: epoch,
            point: point,
            wallMilliseconds: time,
            previous: previous
        )
        self.init(claim, keyID: key, signature: signature)
        guard (1...Self.maximumNumber).contains(number), batch > 0, position < .max, line == text else { return nil }
    }
}

/// Takes `name=value` fields off a line, in their order.
private struct CheckpointFields {
    let label: Substring
    private var rest: ArraySlice<Substring>

    init(_ line: Substring) {
        rest = line.split(separator: " ", omittingEmptySubsequences: false)[...]
        label = rest.popFirst() ?? ""
    }

    mutating func value(_ name: String) -> Substring? {
        guard let field = rest.popFirst(), field.hasPrefix(name + "=") else { return nil }
        return field.dropFirst(name.count + 1)
    }

    mutating func integer<T: FixedWidthInteger>(_ name: String, _ type: T.Type) -> T? { value(name).flatMap { T($0) } }

    mutating func hash(_ name: String) -> ChainHash? { value(name).flatMap { ChainHash(hexadecimal: $0) } }
}

extension ChainHash {
    /// From 64 lower-case digits.
    init?(hexadecimal text: Substring) {
        guard text.utf8.count == 2 * Self.byteCount else { return nil }
        var bytes = SIMD32<UInt8>.zero
        for (index, digit) in text.utf8.enumerated() {
            let value: UInt8
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = digit - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = digit - UInt8(ascii: "a") + 10
            default: return nil
            }
            bytes[index / 2] = bytes[index / 2] << 4 | value
        }
        self.init(bytes: bytes)
    }
}
