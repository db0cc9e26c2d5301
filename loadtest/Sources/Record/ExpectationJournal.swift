import Foundation

/// Appends intents and answers to a file, so that an audit can be made after this process, too, is
/// gone. Lines of text:
///
///     M 1 START_MILLISECONDS SEED CURRENCY,CURRENCY…   a run begins
///     I SEQUENCE OPERATION MERCHANT AMOUNT CURRENCY PAYMENT    before the first attempt is sent;
///                                                              PAYMENT may be `-`
///     A SEQUENCE HTTP_STATUS PAYMENT STATUS            a final answer
///
/// Intents are handed to the kernel before their requests are sent, which survives the end of this
/// process; they are synced to the disk in batches, which bounds what a power cut takes. One
/// instance per loop, each with a descriptor of its own: appends of whole lines do not mix.
final class ExpectationJournal {
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private(set) var isDirty = false

    /// Creates the file if need be.
    init(path: String) throws {
        descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw LoadUsageError("cannot write \(path): \(String(cString: strerror(errno)))") }
        buffer.reserveCapacity(1 << 16)
    }

    deinit {
        close(descriptor)
    }

    func begin(startMilliseconds: UInt64, seed: UInt64, currencies: [String]) {
        append("M 1 \(startMilliseconds) \(seed) \(currencies.joined(separator: ","))\n")
    }

    func intend(_ expectation: KeyExpectation) {
        let payment = expectation.payment == .none ? "-" : expectation.payment.payment
        append(
            "I \(expectation.sequence) \(expectation.operation.rawValue) \(expectation.merchant) "
                + "\(expectation.amount) \(expectation.currency) \(payment)\n"
        )
    }

    func answer(_ expectation: KeyExpectation) {
        let payment = expectation.payment == .none ? "-" : expectation.payment.payment
        append("A \(expectation.sequence) \(expectation.answer) \(payment) \(expectation.status.name)\n")
    }

    private func append(_ line: String) { buffer.append(contentsOf: line.utf8) }

    /// Hands everything to the kernel. A journal that cannot be written makes the audit worthless:
    /// stop.
    func flush() {
        guard !buffer.isEmpty else { return }
        buffer.withUnsafeBytes { bytes in
            var offset = 0
            while offset < bytes.count {
                let written = write(descriptor, bytes.baseAddress.map { $0 + offset }, bytes.count - offset)
                if written < 0 && errno == EINTR { continue }
                precondition(written > 0, "the expectation journal cannot be written: errno \(errno)")
                offset += written
            }
        }
        buffer.removeAll(keepingCapacity: true)
        isDirty = true
    }

    /// The descriptor to sync, if anything was written since the last call. Syncing is for another
    /// thread.
    func takeDirtyDescriptor() -> Int32? {
        defer { isDirty = false }
        return isDirty ? descriptor : nil
    }
}
