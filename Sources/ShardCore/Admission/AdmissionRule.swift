import Payments
import ShardRecords
import ShardState

/// What a command needs before it is decided. `Command.Kind.admission` declares it for every kind.
struct AdmissionRule {
    /// What the command takes of the shard until its operation ends.
    enum Room {
        /// Nothing: the command ends as it is decided.
        case none
        /// A slot among the calls, and of the journal's room what the outcome can need
        /// (`outcomeFrameBytes`).
        case call
    }

    /// When the command is refused whatever room the tables have.
    enum Pause {
        case never
        /// While the shard refuses new work: it drains, the disk is slow or short of room, or the
        /// journal has failed.
        case withNewWork
        /// As `withNewWork`. But while the journal's room is short, events are refused only when
        /// the room kept for them is used up.
        case withNewWorkButForEvents
    }

    /// The table that remembers the command's key. nil: the command changes nothing and has no key.
    let keys: KeyStore.Table?
    let room: Room
    let pause: Pause
    /// Whether an operator may ask it, of any merchant's payment.
    let isOpenToOperators: Bool
    /// What must be in memory before it is decided; the command waits for it.
    let item: StoredItem?

    /// The command changes nothing.
    static func read(_ item: StoredItem? = nil) -> Self {
        Self(keys: nil, room: .none, pause: .never, isOpenToOperators: false, item: item)
    }

    /// The command ends as it is decided.
    static func immediate(_ item: StoredItem? = nil, isOpenToOperators: Bool = false) -> Self {
        Self(
            keys: .requests,
            room: .none,
            pause: .withNewWork,
            isOpenToOperators: isOpenToOperators,
            item: item
        )
    }

    /// The command begins an operation.
    static func call(_ item: StoredItem? = nil, isOpenToOperators: Bool = false) -> Self {
        Self(
            keys: .requests,
            room: .call,
            pause: .withNewWork,
            isOpenToOperators: isOpenToOperators,
            item: item
        )
    }

    /// The command reports what happened elsewhere.
    static func event(_ item: StoredItem) -> Self {
        Self(
            keys: .events,
            room: .none,
            pause: .withNewWorkButForEvents,
            isOpenToOperators: true,
            item: item
        )
    }
}

/// The shard that has a payment, and its number there, as the identifiers of the payment, its
/// refunds and its disputes say.
struct PaymentNumber {
    let shard: UInt16
    let sequence: UInt64

    init(_ id: PaymentID) { (shard, sequence) = (id.shard, id.sequence) }
    init(_ id: RefundID) { (shard, sequence) = (id.shard, id.paymentSequence) }
    init(_ id: DisputeID) { (shard, sequence) = (id.shard, id.paymentSequence) }
}

/// Something that may have left memory, and its shard.
struct StoredItem {
    let shard: UInt16
    let item: ColdItem

    init(_ number: PaymentNumber) {
        shard = number.shard
        item = ColdItem(.payment, sequence: number.sequence)
    }

    init(_ id: PayoutID) {
        shard = id.shard
        item = ColdItem(.payout, sequence: id.sequence)
    }

    init(_ id: WalletID) {
        shard = id.shard
        item = ColdItem(.wallet, sequence: id.sequence)
    }
}

extension Command.Kind {
    var admission: AdmissionRule {
        switch self {
        case .create(let request): .call(request.wallet.map { StoredItem($0) })
        case .payment(let id, let operation):
            .call(StoredItem(PaymentNumber(id)), isOpenToOperators: operation.isManualCapture)
        case .review(let id, .approve): .call(StoredItem(PaymentNumber(id)), isOpenToOperators: true)
        case .review(let id, .reject): .immediate(StoredItem(PaymentNumber(id)), isOpenToOperators: true)
        case .dispute(let id, _): .immediate(StoredItem(PaymentNumber(id)))
        case .treasury(.payoutEvent(let id, _, _)): .immediate(StoredItem(id), isOpenToOperators: true)
        case .treasury(.createPayout), .treasury(.createWallet), .treasury(.quote), .treasury(.convert): .immediate()
        case .event(let event): .event(StoredItem(PaymentNumber(event.payment)))
        case .query(let query): .read(query.item)
        }
    }

    /// The refusal of a command that names another merchant's object, or one that does not exist.
    var refusalOfUnknown: Refusal {
        if case .create(let request) = self, case .wallet = request.funding { return .walletUnknown }
        return .notFound
    }
}

extension CreatePayment {
    /// The wallet that pays, or that it fills.
    fileprivate var wallet: WalletID? {
        switch funding {
        case .provider: nil
        case .wallet(let id), .topUp(let id): id
        }
    }
}

extension Query {
    /// What must be in memory to answer it.
    fileprivate var item: StoredItem? {
        switch self {
        case .payment(let id), .history(let id): StoredItem(PaymentNumber(id))
        case .refund(let id): StoredItem(PaymentNumber(id))
        case .dispute(let id): StoredItem(PaymentNumber(id))
        case .payout(let id): StoredItem(id)
        case .wallet(let id): StoredItem(id)
        case .balance, .pastBalance, .accounts, .entries: nil
        }
    }
}

/// A command that was admitted: its key is new, and every table that it needs has room for it. Its
/// payment, wallet or other object is in memory. The value has all that a decision needs beside the
/// request itself; plain bytes.
struct AdmittedCommand {
    let caller: Caller
    let key: RequestKey

    var merchant: MerchantID { caller.merchant }
}
