/// A payment that later operations may work on; owned by at most one request at a time.
struct PaymentHandle: Equatable, Sendable {
    var id: EntityID
    var amount: Int64
    var captured: Int64 = 0
    var refunded: Int64 = 0
    var merchant: UInt16
    var currency: UInt8

    var refundable: Int64 { captured - refunded }
}

/// The payments that captures, cancellations, refunds and reads choose from. Each list is bounded;
/// when it is full the newest payment takes the place of a random one, which is then simply never
/// touched again.
struct PaymentPool: Sendable {
    static let maximumPerList = 65_536

    private(set) var authorized: [PaymentHandle] = []
    private(set) var captured: [PaymentHandle] = []
    private let maximum: Int

    init(maximumPerList: Int = PaymentPool.maximumPerList) {
        maximum = maximumPerList
    }

    /// Takes a payment that `operation` can work on out of the pool; a `get` leaves it in.
    mutating func take(for operation: Operation, _ random: inout SplitMix64) -> PaymentHandle? {
        switch operation {
        case .capture, .capturePartial, .cancel:
            return Self.remove(&authorized, &random)
        case .refund, .refundPartial:
            return Self.remove(&captured, &random)
        case .get:
            if captured.isEmpty || (!authorized.isEmpty && random.nextUnit() < 0.5) {
                return Self.pick(authorized, &random)
            }
            return Self.pick(captured, &random)
        case .sale, .authorize, .raw:
            return nil
        }
    }

    /// Offers a payment for later operations, by what can be done with it.
    mutating func offer(_ handle: PaymentHandle, status: EntityStatus, random: inout SplitMix64) {
        switch status {
        case .authorized:
            insert(handle, into: &authorized, &random)
        case .captured, .partiallyRefunded:
            if handle.refundable > 0 { insert(handle, into: &captured, &random) }
        case .none, .processing, .refunded, .cancelled, .failed, .conflicted, .pending, .succeeded, .requiresAction,
            .review, .expired, .partiallyCaptured, .other:
            break
        }
    }

    private func insert(_ handle: PaymentHandle, into list: inout [PaymentHandle], _ random: inout SplitMix64) {
        guard list.count >= maximum else { return list.append(handle) }
        list[Int(random.next(in: 0...Int64(list.count - 1)))] = handle
    }

    private static func pick(_ list: [PaymentHandle], _ random: inout SplitMix64) -> PaymentHandle? {
        list.isEmpty ? nil : list[Int(random.next(in: 0...Int64(list.count - 1)))]
    }

    private static func remove(_ list: inout [PaymentHandle], _ random: inout SplitMix64) -> PaymentHandle? {
        guard !list.isEmpty else { return nil }
        list.swapAt(Int(random.next(in: 0...Int64(list.count - 1))), list.count - 1)
        return list.removeLast()
    }
}
