extension SegmentHeader {
    /// Gives a new segment a data key, if the ring encrypts what is new.
    mutating func makeDataKey(_ ring: MasterKeyRing) {
        wrappedKey = DataKey.make(for: sealedIdentity, ring)?.wrapped ?? .none
    }

    /// The data key of a segment that the writer made or recovery has read; nil: it is in clear.
    /// Opening what was just wrapped also proves, before any batch depends on it, that it can be
    /// opened.
    func dataKey(_ keys: JournalKeys?) -> DataKey? {
        if wrappedKey.isNone { return nil }
        do throws(DataKey.Refusal) {
            return try DataKey.open(wrappedKey, of: sealedIdentity, keys?.ring)
        } catch {
            preconditionFailure("segment \(number) \(error.detail)")
        }
    }
}

/// What a scan does with encrypted segments.
enum ScanKeys: Sendable {
    /// Opens every batch; refuses a segment whose master key is missing or wrong. nil: there are no
    /// keys.
    case required(MasterKeyRing?)
    /// Opens nothing: checksums and chain, which are over ciphertext, are all that can be checked.
    case none

    /// The key that a segment is to be read with; nil if it is in clear, or stays sealed.
    func dataKey(of header: SegmentHeader, file: String) throws(JournalProblem) -> DataKey? {
        guard !header.wrappedKey.isNone, case .required(let ring) = self else { return nil }
        do throws(DataKey.Refusal) {
            return try DataKey.open(header.wrappedKey, of: header.sealedIdentity, ring)
        } catch {
            throw JournalProblem(.key, file: file, position: header.firstPosition, error.detail)
        }
    }
}

/// Room for one decrypted batch, used again for every batch of a scan.
final class PlainBatch {
    private let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)

    deinit { memory.deallocate() }

    /// The payload of an intact frame in clear, valid until the next call; nil if it is not as it
    /// was sealed.
    func open(_ header: BatchHeader, in frame: UnsafeRawBufferPointer, with key: DataKey) -> UnsafeRawBufferPointer? {
        let plain = UnsafeMutableRawBufferPointer(rebasing: memory[0..<Int(header.length)])
        return header.decrypt(frame, key, into: plain) ? UnsafeRawBufferPointer(plain) : nil
    }
}
