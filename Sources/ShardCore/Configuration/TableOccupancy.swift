import ShardState

/// How full a table beside payments is.
package struct TableOccupancy: Sendable, Equatable {
    package var name: String
    package var count: Int
    package var capacity: Int
    /// How many left memory and are on disk alone; nil for tables that hold all there are.
    package var cold: Int?

    package init(name: String, count: Int, capacity: Int) {
        self.name = name
        self.count = count
        self.capacity = capacity
    }

    init<Element>(_ table: SparseTable<Element>, name: String, capacity: Int) {
        self.init(name: name, count: table.presentCount, capacity: capacity)
        cold = table.count - table.presentCount
    }
}

/// How full the tables of payments, refunds and disputes are: what of them is in memory.
package struct PaymentOccupancy: Sendable, Equatable {
    package var payments: Int
    /// On disk alone.
    package var coldPayments: Int
    package var refunds: Int
    package var disputes: Int
    /// The most of each that one merchant has.
    package var largestMerchantPayments: Int
    package var largestMerchantRefunds: Int
    package var largestMerchantDisputes: Int

    init(_ store: PaymentStore) {
        payments = store.presentCount
        coldPayments = store.count - store.presentCount
        refunds = store.presentRefundCount
        disputes = store.presentDisputeCount
        largestMerchantPayments = store.largestPaymentCount
        largestMerchantRefunds = store.largestRefundCount
        largestMerchantDisputes = store.largestDisputeCount
    }
}

/// How many commands wait for something that is read from the disk.
package struct ParkingOccupancy: Sendable, Equatable {
    package var count: Int
    package var capacity: Int
    /// The most that one merchant has.
    package var largestMerchant: Int

    package init(count: Int, capacity: Int, largestMerchant: Int) {
        self.count = count
        self.capacity = capacity
        self.largestMerchant = largestMerchant
    }
}

/// How full the tables of operations are.
package struct OperationOccupancy: Sendable, Equatable {
    /// Calls in flight of operations that were admitted.
    package var calls: Int
    package var callCapacity: Int
    /// Calls in flight that resolve waiting operations.
    package var resolutions: Int
    package var resolutionCapacity: Int
    /// Operations that wait for their outcome.
    package var waiting: Int
    package var waitingCapacity: Int
    /// The most calls, and the most waiting operations, that one merchant holds.
    package var largestMerchantCalls: Int
    package var largestMerchantWaiting: Int

    /// Operations without an end.
    package var open: Int { calls + resolutions + waiting }

    init(_ operations: RunningOperations, _ waiting: WaitingOperations) {
        calls = operations.admittedCount
        callCapacity = operations.capacity
        resolutions = operations.resolutionCount
        resolutionCapacity = operations.resolutionCapacity
        self.waiting = waiting.count
        waitingCapacity = waiting.capacity
        largestMerchantCalls = operations.largestMerchantCount
        largestMerchantWaiting = waiting.largestMerchantCount
    }
}
