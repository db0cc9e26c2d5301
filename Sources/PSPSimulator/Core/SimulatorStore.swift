/// Everything the simulator remembers: operations by idempotency key, charges by reference. In
/// memory only.
///
/// A sale takes about 250 bytes: an operation and a charge of 56 each, key and reference once each,
/// two index entries.
struct SimulatorStore: Sendable {
    /// Operations kept at most, whatever became of them.
    let maximumOperations: Int
    /// Part of every identifier, so that one from before a restart or a reset is not taken for
    /// another charge.
    let epoch: UInt32

    private(set) var operations = ChunkedArray<OperationRecord>()
    private(set) var charges = ChunkedArray<ChargeRecord>()
    private(set) var arena = ByteArena()
    private var operationsByKey = HashIndex()
    private var authorizationsByReference = HashIndex()
    /// The voids by reference, so that what arrives after them is refused.
    private var voidsByReference = HashIndex()
    /// Wall clock at the start of `now`, in milliseconds since 1970.
    let startedAt: Int64
    /// What the addresses of shoppers' actions begin with, up to the identifier.
    var actionBase = ""

    init(maximumOperations: Int, epoch: UInt32, startedAt: Int64) {
        self.startedAt = startedAt
        // The index stores number + 1 in 32 bits, and UInt32.max means "none".
        self.maximumOperations = min(maximumOperations, Int(UInt32.max) - 2)
        self.epoch = epoch
    }

    /// Whether a new key must be refused. The arena's last bytes are left for operations that
    /// began.
    var isFull: Bool {
        operations.count >= maximumOperations || arena.used >= ByteArena.maximumBytes - 4_194_304
    }

    func operation(key: Span<UInt8>, hash: UInt64) -> UInt32? {
        operationsByKey.find(hash) { arena.equals(key, at: operations[$0].key) }
    }

    /// The first authorisation of a reference; the others follow by `next`.
    func authorization(reference: Span<UInt8>, hash: UInt64) -> UInt32? {
        authorizationsByReference.find(hash) {
            arena.equals(reference, at: charges[operations[$0].charge].reference)
        }
    }

    /// Remembers a key with what `operation` says (its `key` is filled in here). Nothing is
    /// executed yet.
    mutating func addOperation(key: Span<UInt8>, hash: UInt64, _ operation: OperationRecord) -> UInt32 {
        guard let position = arena.append(key) else { preconditionFailure("isFull leaves room for what was begun") }
        let number = UInt32(operations.count)
        var operation = operation
        operation.key = position
        operations.append(operation)
        operationsByKey.insert(hash, number)
        return number
    }

    /// Makes the charge of authorisation `operation` and puts it under its reference.
    mutating func addCharge(reference: Span<UInt8>, hash: UInt64, _ charge: ChargeRecord) {
        let first = authorization(reference: reference, hash: hash)
        var charge = charge
        if let first {
            charge.reference = charges[operations[first].charge].reference
        } else {
            guard let position = arena.append(reference) else {
                preconditionFailure("isFull leaves room for what was begun")
            }
            charge.reference = position
        }
        let number = UInt32(charges.count)
        charges.append(charge)
        operations[charge.operation].charge = number
        if let first {
            operations[charge.operation].next = operations[first].next
            operations[first].next = charge.operation
        } else {
            operations[charge.operation].isFirstOfReference = true
            authorizationsByReference.insert(hash, charge.operation)
        }
    }

    // MARK: Voids by reference

    var hasVoids: Bool { voidsByReference.count > 0 }

    func isVoided(reference: Span<UInt8>, hash: UInt64) -> Bool {
        voidsByReference.find(hash) { arena.equals(reference, at: charges[operations[$0].charge].reference) } != nil
    }

    /// Remembers that `reference` was voided by `operation`, whose charge is known.
    mutating func addVoid(_ operation: UInt32, reference: Span<UInt8>, hash: UInt64) {
        guard !isVoided(reference: reference, hash: hash) else { return }
        voidsByReference.insert(hash, operation)
    }

    /// Gives a void of nothing a place to keep its reference.
    mutating func addTombstone(reference: Span<UInt8>, operation: UInt32, currency: CurrencyCode) {
        guard let position = arena.append(reference) else {
            preconditionFailure("isFull leaves room for what was begun")
        }
        var charge = ChargeRecord(authorized: 0, operation: operation, expiresAt: 0, currency: currency)
        charge.reference = position
        charge.isCancelled = true
        operations[operation].charge = UInt32(charges.count)
        charges.append(charge)
    }

    /// Puts an executed or pending operation on its charge's list.
    mutating func addFollowUp(_ operation: UInt32) {
        let charge = operations[operation].charge
        operations[operation].next = charges[charge].followUps
        charges[charge].followUps = operation
    }

    mutating func updateOperation(_ number: UInt32, _ body: (inout OperationRecord) -> Void) {
        body(&operations[number])
    }

    mutating func updateCharge(_ number: UInt32, _ body: (inout ChargeRecord) -> Void) {
        body(&charges[number])
        charges[number].checkInvariants()
    }
}
