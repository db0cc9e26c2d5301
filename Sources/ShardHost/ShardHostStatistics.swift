package import KeyRuns
package import ShardCore

/// Plain counters of one shard's host, since the process started.
package struct ShardHostStatistics: Sendable {
    /// Batches handed to the journal.
    package internal(set) var batches = 0
    package internal(set) var records = 0
    package internal(set) var recordBytes = 0
    /// Times records had to wait because the journal's backlog was full.
    package internal(set) var backlogWaits = 0
    /// Stored answers that could not be read back.
    package internal(set) var readsFailed = 0

    /// The journal took a batch of so many bytes of records.
    mutating func appended(bytes: Int, count: Int) {
        batches += 1
        records += count
        recordBytes += bytes
    }
}

/// How full a shard is, for gauges.
package struct ShardOccupancy: Sendable {
    /// Payments, refunds and disputes.
    package var paymentTables: PaymentOccupancy
    /// Commands that wait for payments to be read back from the disk.
    package var parkedCommands: ParkingOccupancy
    /// Commands that wait for their keys to be looked up on the disk.
    package var parkedKeys: ParkingOccupancy
    /// Idempotency keys that left memory.
    package var keyRuns: KeyRunOccupancy
    package var operations: OperationOccupancy
    /// Keys of providers' events in memory, and how many fit.
    package var eventKeys: Int
    package var eventCapacity: Int
    package var idempotencyKeys: Int
    package var idempotencyCapacity: Int
    /// Pay-outs, wallets, quotes and sellers, with what fits of each.
    package var treasury: [TableOccupancy]
    /// Reads off the loop, by kind, with how many there may be.
    package var reads: [TableOccupancy]
    /// Bytes of tables and arena, used or not.
    package var reservedBytes: Int
    /// Bytes of records that wait for the disk.
    package var unflushedBytes: Int
    /// Bytes that the journal can write without another segment.
    package var journalRoomBytes: Int
    /// Bytes of those that the outcomes of what is in flight can need.
    package var outcomeReserveBytes: Int

    /// Payments in memory.
    package var payments: Int { paymentTables.payments }
    /// Payments on disk alone.
    package var coldPayments: Int { paymentTables.coldPayments }
}
