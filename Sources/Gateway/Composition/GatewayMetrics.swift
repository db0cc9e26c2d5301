import HTTPTransport
import Journal
import KeyRuns
import ShardCore
import ShardHost
import Telemetry
import Time

/// What the gateway tells Prometheus: each loop's plain counters, copied on the loop when asked,
/// and added up.
enum GatewayMetrics {
    static func gather(from parts: GatewayParts) async throws -> MetricsSnapshot {
        var all = MetricsSnapshot()
        let clock = parts.clock
        for snapshot in try await parts.onEachLoop({ snapshot(of: $0, at: clock.milliseconds()) }) {
            all.merge(snapshot)
        }
        // Not on their loops: how far a cursor lags may have to be read from the archive.
        let stores = try await parts.onEachLoop { $0.slots.map { ($0.number, $0.store) } }.joined()
        let statistics = try await parts.onAdminDisk { stores.map { ($0.0, $0.1.statistics) } }
        add(parts.scrubber, to: &all)
        for (number, found) in statistics { add(found, [MetricLabel("shard", "\(number)")], to: &all) }
        for (number, log) in parts.logs.all {
            add(log.statistics, [MetricLabel("log", "\(number)")], to: &all)
        }
        all.gauge(
            "millrace_clock_error_milliseconds",
            help: "Alarm: the gateway's time less the machine's clock, which was set and is followed slowly.",
            value: clock.error
        )
        return all
    }

    private static func snapshot(of runtime: LoopRuntime, at now: Int64) -> MetricsSnapshot {
        var metrics = MetricsSnapshot()
        if let server = runtime.server { add(server.statistics, to: &metrics) }
        for slot in runtime.slots {
            let labels = [MetricLabel("shard", "\(slot.number)")]
            addRole(of: slot.replica, labels, to: &metrics)
            guard let shard = slot.shard else { continue }
            add(shard.host.shardStatistics, labels, to: &metrics)
            add(shard.host.occupancy, labels, to: &metrics)
            metrics.gauge(
                "millrace_operations_needing_attention",
                help:
                    "Operations unknown for longer than payments.attention_after: the manual queue (GET /unresolved).",
                labels: labels,
                value: Int64(shard.host.core.attentionCount(at: Timestamp(milliseconds: now)))
            )
            metrics.gauge(
                "millrace_shard_clock_ahead_milliseconds",
                help: "Alarm: how far the shard's time is ahead of the gateway's; it falls by half a second a second.",
                labels: labels,
                value: shard.host.clockAhead
            )
            metrics.gauge(
                "millrace_shard_deadlines_held",
                help: "Alarm: 1 while deadlines that move money wait, because the shard's time is not the machine's.",
                labels: labels,
                value: shard.host.holdsDeadlines ? 1 : 0
            )
            metrics.gauge(
                "millrace_configuration_version",
                help: "The number of the configuration that decides about money; every record names it.",
                labels: labels,
                value: Int64(shard.host.core.configurationVersion)
            )
            add(shard.host.snapshotStatistics, labels, to: &metrics)
            addRisk(shard, labels, to: &metrics)
        }
        addClients(runtime.clients, to: &metrics)
        // Of the process, so once.
        if runtime.index == 0 { add(runtime.budget, to: &metrics) }
        metrics.counter(
            "millrace_mailbox_batches_total",
            help: "Batches of commands and answers handed to other event loops.",
            value: UInt64(runtime.statistics.commandBatchesSent + runtime.statistics.answerBatchesSent)
        )
        return metrics
    }

    private static func add(_ budget: TableBudget, to metrics: inout MetricsSnapshot) {
        let gauges: [(StaticString, StaticString, Int)] = [
            ("millrace_process_payments_capacity", "Payments that all shards may hold in memory.", budget.payments),
            ("millrace_process_idempotency_capacity", "Keys that all shards may hold in memory.", budget.keys),
            ("millrace_process_accounts_capacity", "Accounts that all shards may hold.", budget.accounts),
        ]
        for (name, help, value) in gauges { metrics.gauge(name, help: help, value: Int64(value)) }
    }

    private static func add(_ server: HTTPServerStatistics, to metrics: inout MetricsSnapshot) {
        metrics.gauge("millrace_connections", help: "Open connections.", value: Int64(server.connectionsOpen))
        metrics.gauge(
            "millrace_requests_in_flight",
            help: "Unanswered requests.",
            value: Int64(server.requestsInFlight)
        )
        metrics.gauge(
            "millrace_output_waiting_bytes",
            help: "Bytes of output that peers have not read.",
            value: Int64(server.outputBytesWaiting)
        )
        let counters: [(StaticString, StaticString, Int)] = [
            ("millrace_connections_accepted_total", "Accepted connections.", server.connectionsAccepted),
            ("millrace_connections_refused_total", "Connections over a limit.", server.connectionsRefused),
            (
                "millrace_newcomers_evicted_total", "Connections without a request closed for newer ones.",
                server.newcomersEvicted
            ),
            ("millrace_accept_pauses_total", "Pauses of accepting: no descriptor or memory left.", server.acceptPauses),
            ("millrace_bodies_refused_total", "Bodies refused by their headers alone.", server.bodiesRefused),
            ("millrace_body_budget_refusals_total", "Bodies refused for want of room.", server.bodyBudgetRefusals),
            ("millrace_handshakes_failed_total", "Failed TLS handshakes.", server.handshakesFailed),
            ("millrace_protocols_refused_total", "TLS clients that offer other protocols.", server.protocolsRefused),
            ("millrace_requests_total", "Requests delivered to the application.", server.requests),
            ("millrace_http1_requests_total", "Requests that came by HTTP/1.1.", server.http1Requests),
            ("millrace_responses_total", "Answers written.", server.responses),
            ("millrace_responses_too_late_total", "Answers whose stream was gone.", server.responsesTooLate),
            ("millrace_request_body_bytes_total", "Bytes of request bodies.", server.bodyBytesReceived),
            ("millrace_response_body_bytes_total", "Bytes of response bodies.", server.bodyBytesSent),
            ("millrace_streams_reset_total", "Streams reset by peers.", server.streamsResetByPeer),
            ("millrace_stream_errors_total", "HTTP/2 stream errors of peers.", server.streamErrors),
            ("millrace_streams_refused_total", "HTTP/2 streams above their connection's limit.", server.streamsRefused),
            ("millrace_connection_errors_total", "HTTP/2 connection errors of peers.", server.connectionErrors),
            ("millrace_floods_total", "Connections closed for a flood.", server.floods),
            ("millrace_slow_readers_total", "Connections closed because answers were not read.", server.slowReaders),
            ("millrace_output_evictions_total", "Connections closed for unread answers.", server.outputEvictions),
            ("millrace_answer_timeouts_total", "Streams whose answer was not read in time.", server.answerTimeouts),
            ("millrace_reads_deferred_total", "Reads of which a part waited for others.", server.readsDeferred),
            ("millrace_headers_too_large_total", "Header lists over the limit.", server.headersTooLarge),
            ("millrace_bodies_too_large_total", "Bodies over the limit.", server.bodiesTooLarge),
            ("millrace_body_timeouts_total", "Bodies that did not arrive in time.", server.bodyTimeouts),
            ("millrace_overloads_total", "Requests refused because too many are in flight.", server.overloads),
            ("millrace_malformed_requests_total", "Requests that are not HTTP.", server.malformedRequests),
        ]
        for (name, help, value) in counters { metrics.counter(name, help: help, value: UInt64(value)) }
    }

    private static func add(_ shard: ShardStatistics, _ labels: [MetricLabel], to metrics: inout MetricsSnapshot) {
        let counters: [(StaticString, StaticString, Int)] = [
            ("millrace_payments_created_total", "Payments accepted.", shard.paymentsCreated),
            ("millrace_operations_succeeded_total", "Operations the PSP executed as asked.", shard.succeeded),
            ("millrace_operations_declined_total", "Operations the PSP declined.", shard.declined),
            ("millrace_operations_not_executed_total", "Operations that no PSP executed.", shard.notExecuted),
            ("millrace_operations_conflicted_total", "Operations executed otherwise than asked.", shard.conflicted),
            ("millrace_operations_unknown_total", "Operations whose outcome became unknown.", shard.becameUnknown),
            ("millrace_operations_resolved_total", "Unknown outcomes resolved.", shard.resolved),
            (
                "millrace_provider_retries_total", "Calls sent again after a definite non-execution.",
                shard.providerRetries
            ),
            ("millrace_failovers_total", "Attempts after which the next connector tried.", shard.failovers),
            ("millrace_payments_expired_total", "Authorizations that ran out.", shard.expired),
            ("millrace_payments_abandoned_total", "Authorizations unknown for too long.", shard.abandoned),
            (
                "millrace_operations_begun_by_gateway_total",
                "Voids, refunds and confirmations that no merchant asked for.", shard.begunByGateway
            ),
            ("millrace_events_applied_total", "Provider events and disputes applied.", shard.eventsApplied),
            ("millrace_events_known_total", "Provider events that reported nothing new.", shard.eventsKnown),
            (
                "millrace_events_refused_total", "Provider events that a payment's state did not take.",
                shard.eventsRefused
            ),
            (
                "millrace_late_successes_total", "Alarm: what a PSP executed after the payment had ended.",
                shard.lateSuccesses
            ),
            (
                "millrace_reversals_failed_total",
                "Alarm: tries to reverse late money, or to void, that were refused or could not be begun.",
                shard.reversalsFailed
            ),
            ("millrace_unexplained_money_total", "Alarm: provider money put into suspense.", shard.unexplained),
            ("millrace_double_executions_total", "Alarm: executed after a no, and a failover.", shard.doubleExecutions),
            ("millrace_disputes_overdue_total", "Disputes lost for want of evidence.", shard.disputesOverdue),
            ("millrace_idempotent_replays_total", "Answers given again.", shard.replays),
            ("millrace_idempotency_conflicts_total", "Keys used for another request.", shard.keyConflicts),
            ("millrace_idempotency_keys_in_use_total", "Keys whose request was still running.", shard.keysInUse),
            ("millrace_refusals_total", "Commands refused by the shard.", shard.refusals),
            (
                "millrace_waiting_table_full_total",
                "Operations that kept their call's slot: no room among the waiting ones.", shard.waitingTableFull
            ),
            ("millrace_payments_released_total", "Payments that left memory.", shard.paymentsReleased),
            ("millrace_cold_loads_total", "Payments read back into memory.", shard.coldLoads),
            ("millrace_cold_load_failures_total", "Payments that could not be read back.", shard.coldLoadsFailed),
            ("millrace_idempotency_look_ups_total", "Keys looked up on the disk.", shard.keyLookUps),
            (
                "millrace_idempotency_false_positives_total", "Keys looked up on the disk that were not there.",
                shard.keyFalsePositives
            ),
            (
                "millrace_idempotency_look_up_failures_total",
                "Keys that could not be looked up: their requests were refused.",
                shard.keyLookUpsFailed
            ),
        ]
        for (name, help, value) in counters { metrics.counter(name, help: help, labels: labels, value: UInt64(value)) }
        metrics.counter(
            "millrace_resolution_milliseconds_total",
            help: "Time from intent to definite answer, summed over resolved operations.",
            labels: labels,
            value: UInt64(shard.resolutionMilliseconds)
        )
    }

    private static func add(_ shard: ShardOccupancy, _ labels: [MetricLabel], to metrics: inout MetricsSnapshot) {
        let gauges: [(StaticString, StaticString, Int)] = [
            ("millrace_operations_running", "Operations without an end.", shard.operations.open),
            ("millrace_calls", "Calls in flight of admitted operations.", shard.operations.calls),
            ("millrace_calls_capacity", "The most of them.", shard.operations.callCapacity),
            (
                "millrace_calls_largest_merchant", "The most of them that one merchant holds.",
                shard.operations.largestMerchantCalls
            ),
            ("millrace_resolutions", "Calls in flight that resolve waiting operations.", shard.operations.resolutions),
            ("millrace_resolutions_capacity", "The most of them.", shard.operations.resolutionCapacity),
            ("millrace_operations_waiting", "Operations that wait for their outcome.", shard.operations.waiting),
            ("millrace_operations_waiting_capacity", "The most of them.", shard.operations.waitingCapacity),
            (
                "millrace_operations_waiting_largest_merchant", "The most of them that one merchant holds.",
                shard.operations.largestMerchantWaiting
            ),
            ("millrace_event_keys", "Keys of providers' events in memory.", shard.eventKeys),
            ("millrace_event_keys_capacity", "The most of them.", shard.eventCapacity),
            ("millrace_idempotency_keys", "Idempotency keys in memory.", shard.idempotencyKeys),
            ("millrace_idempotency_capacity", "Idempotency keys that fit into memory.", shard.idempotencyCapacity),
            ("millrace_idempotency_keys_in_runs", "Idempotency keys on the disk.", Int(shard.keyRuns.keys)),
            ("millrace_idempotency_runs", "Runs of idempotency keys on the disk.", shard.keyRuns.runs),
            ("millrace_idempotency_filter_bytes", "Memory of the filters of those runs.", shard.keyRuns.memoryBytes),
            ("millrace_idempotency_run_bytes", "Bytes of those runs on the disk.", Int(shard.keyRuns.fileBytes)),
            ("millrace_shard_reserved_bytes", "Bytes of a shard's tables and arena.", shard.reservedBytes),
            ("millrace_journal_unflushed_bytes", "Bytes of records waiting for the disk.", shard.unflushedBytes),
            (
                "millrace_journal_room_bytes", "Bytes that fit the journal's segments without another one.",
                shard.journalRoomBytes
            ),
            (
                "millrace_journal_reserved_bytes", "Bytes of that room kept for the outcomes of what is in flight.",
                shard.outcomeReserveBytes
            ),
        ]
        for (name, help, value) in gauges { metrics.gauge(name, help: help, labels: labels, value: Int64(value)) }
        add(shard.paymentTables, labels, to: &metrics)
        addReads(shard, labels, to: &metrics)
        addParking(shard, labels, to: &metrics)
        for table in shard.treasury {
            let labels = labels + [MetricLabel("table", table.name)]
            metrics.gauge(
                "millrace_money_table_entries",
                help: "Pay-outs, wallets, quotes, sellers and ledger accounts of a shard, in memory.",
                labels: labels,
                value: Int64(table.count)
            )
            metrics.gauge(
                "millrace_money_table_capacity",
                help: "How many fit into memory; what ended, expired, or has no money leaves.",
                labels: labels,
                value: Int64(table.capacity)
            )
            if let cold = table.cold {
                metrics.gauge(
                    "millrace_money_table_cold",
                    help: "Pay-outs and wallets on disk alone.",
                    labels: labels,
                    value: Int64(cold)
                )
            }
        }
    }

    private static func add(_ tables: PaymentOccupancy, _ labels: [MetricLabel], to metrics: inout MetricsSnapshot) {
        let most: StaticString = "The most of them that one merchant has."
        let gauges: [(StaticString, StaticString, Int)] = [
            ("millrace_payments", "Payments in memory.", tables.payments),
            ("millrace_payments_largest_merchant", most, tables.largestMerchantPayments),
            ("millrace_payments_cold", "Payments on disk alone.", tables.coldPayments),
            ("millrace_refunds", "Refunds in memory.", tables.refunds),
            ("millrace_refunds_largest_merchant", most, tables.largestMerchantRefunds),
            ("millrace_disputes", "Disputes in memory.", tables.disputes),
            ("millrace_disputes_largest_merchant", most, tables.largestMerchantDisputes),
        ]
        for (name, help, value) in gauges { metrics.gauge(name, help: help, labels: labels, value: Int64(value)) }
    }

    private static func addParking(
        _ shard: ShardOccupancy,
        _ labels: [MetricLabel],
        to metrics: inout MetricsSnapshot
    ) {
        let (commands, keys) = (shard.parkedCommands, shard.parkedKeys)
        let gauges: [(StaticString, StaticString, Int)] = [
            ("millrace_commands_parked", "Commands waiting for something to be read back.", commands.count),
            ("millrace_commands_parked_capacity", "The most of them.", commands.capacity),
            (
                "millrace_commands_parked_largest_merchant", "The most of them that one merchant has.",
                commands.largestMerchant
            ),
            ("millrace_idempotency_parked", "Commands waiting for their keys to be looked up.", keys.count),
            ("millrace_idempotency_parked_capacity", "The most of them.", keys.capacity),
            (
                "millrace_idempotency_parked_largest_merchant", "The most of them that one merchant has.",
                keys.largestMerchant
            ),
        ]
        for (name, help, value) in gauges { metrics.gauge(name, help: help, labels: labels, value: Int64(value)) }
    }

    private static func addReads(
        _ shard: ShardOccupancy,
        _ labels: [MetricLabel],
        to metrics: inout MetricsSnapshot
    ) {
        for kind in shard.reads {
            let labels = labels + [MetricLabel("kind", kind.name)]
            metrics.gauge(
                "millrace_reads",
                help: "Reads off a shard's loop, under way or waiting for their turn.",
                labels: labels,
                value: Int64(kind.count)
            )
            metrics.gauge(
                "millrace_reads_capacity",
                help: "The most of them.",
                labels: labels,
                value: Int64(kind.capacity)
            )
        }
    }

    private static func add(
        _ snapshots: SnapshotStatistics,
        _ labels: [MetricLabel],
        to metrics: inout MetricsSnapshot
    ) {
        let counters: [(StaticString, StaticString, UInt64)] = [
            ("millrace_snapshots_total", "Snapshots written and verified.", UInt64(snapshots.written)),
            ("millrace_snapshot_failures_total", "Snapshots that could not be written.", UInt64(snapshots.failed)),
            (
                "millrace_idempotency_merge_failures_total", "Merges of runs that failed.",
                UInt64(snapshots.keyMergesFailed)
            ),
            ("millrace_snapshot_bytes_total", "Bytes of snapshots and cold payments.", snapshots.bytes),
            (
                "millrace_snapshot_milliseconds_total", "Time of writing and verifying snapshots.",
                UInt64(snapshots.seconds * 1_000)
            ),
        ]
        for (name, help, value) in counters { metrics.counter(name, help: help, labels: labels, value: value) }
        let gauges: [(StaticString, StaticString, UInt64)] = [
            ("millrace_snapshot_position", "The last record in the last snapshot.", snapshots.position),
            (
                "millrace_snapshot_pause_nanoseconds", "The longest time that taking one held the event loop.",
                snapshots.longestPauseNanoseconds
            ),
            (
                "millrace_release_pause_nanoseconds", "The longest time in which payments left memory at once.",
                snapshots.longestReleaseNanoseconds
            ),
        ]
        for (name, help, value) in gauges { metrics.gauge(name, help: help, labels: labels, value: Int64(value)) }
    }

    private static func add(_ journal: JournalStatistics, _ labels: [MetricLabel], to metrics: inout MetricsSnapshot) {
        let counters: [(StaticString, StaticString, UInt64)] = [
            ("millrace_journal_flushes_total", "Batches written and synced.", journal.flushes),
            ("millrace_journal_runs_total", "Runs of records made durable.", journal.records),
            ("millrace_journal_bytes_total", "Bytes of runs made durable.", journal.bytes),
            ("millrace_journal_padded_bytes_total", "Bytes given to the disk.", journal.paddedBytes),
            ("millrace_journal_segment_waits_total", "Waits for a prepared segment.", journal.segmentWaits),
            (
                "millrace_journal_segments_refused_total",
                "Segments that could not be prepared because the disk is full.",
                journal.segmentPreparationsRefused
            ),
            ("millrace_journal_checkpoints_total", "Checkpoints of the chain signed.", journal.checkpoints),
            (
                "millrace_journal_checkpoints_refused_total", "Checkpoints for which the disk had no room.",
                journal.checkpointsRefused
            ),
        ]
        for (name, help, value) in counters { metrics.counter(name, help: help, labels: labels, value: value) }
        add(journal.archive, labels, to: &metrics)
        metrics.counter(
            "millrace_journal_expiry_held_back_total",
            help: "Checks that found an archived segment due for deletion that a cursor or a feed needs.",
            labels: labels,
            value: journal.expiryHeldBack
        )
        metrics.gauge(
            "millrace_journal_key_id",
            help: "Number of the master key that the last batch was encrypted under; 0 none.",
            labels: labels,
            value: Int64(journal.masterKeyID)
        )
        metrics.latency(
            "millrace_journal_flush_seconds",
            help: "Time to write and sync a batch (counted in buckets of powers of two).",
            labels: labels,
            value: LatencySnapshot(journal.flushLatency)
        )
    }

    private static func add(_ journal: StreamStatistics, _ labels: [MetricLabel], to metrics: inout MetricsSnapshot) {
        let counters: [(StaticString, StaticString, UInt64)] = [
            ("millrace_journal_records_total", "Records made durable.", journal.records),
            (
                "millrace_journal_backlog_refusals_total",
                "Appends that had to wait: the shard's share of the log's backlog was full.", journal.backlogRefusals
            ),
            ("millrace_journal_acquisitions_total", "Changes of the shard's owner.", journal.acquisitions),
            ("millrace_journal_cursors_dropped_total", "Cursors that operators dropped.", journal.cursorsDropped),
            (
                "millrace_journal_cursor_requests_failed_total",
                "Attempts to drop a cursor for an operator that failed; tried again.",
                journal.cursorRequestsFailed
            ),
        ]
        for (name, help, value) in counters { metrics.counter(name, help: help, labels: labels, value: value) }
        let gauges: [(StaticString, StaticString, Int)] = [
            ("millrace_journal_feeds", "Open feeds of the shard, at most 16.", journal.feeds),
            ("millrace_journal_cursors", "Durable cursors of the shard, at most 64.", journal.cursors.count),
            (
                "millrace_journal_cursors_alarmed",
                "Cursors that hold back more bytes than allowed. Their consumers have stopped, or an operator drops them.",
                journal.cursors.count(where: \.isAlarmed)
            ),
        ]
        for (name, help, value) in gauges { metrics.gauge(name, help: help, labels: labels, value: Int64(value)) }
        for cursor in journal.cursors {
            let labels = labels + [MetricLabel("cursor", cursor.name.description)]
            metrics.gauge(
                "millrace_journal_cursor_lag_records",
                help: "Durable records that the cursor's consumer has not taken.",
                labels: labels,
                value: Int64(clamping: cursor.lagRecords)
            )
            metrics.gauge(
                "millrace_journal_cursor_lag_bytes",
                help: "Bytes of segment files that these records take.",
                labels: labels,
                value: Int64(clamping: cursor.lagBytes)
            )
        }
    }

    private static func add(_ archive: ArchiveStatistics, _ labels: [MetricLabel], to metrics: inout MetricsSnapshot) {
        let counters: [(StaticString, StaticString, UInt64)] = [
            ("millrace_journal_archived_segments_total", "Segments put into the archive.", archive.archived),
            ("millrace_journal_archived_bytes_total", "Bytes of these segments.", archive.bytesBefore),
            ("millrace_journal_archive_file_bytes_total", "Bytes of their archive files.", archive.bytesAfter),
            ("millrace_journal_segments_recycled_total", "Files of archived segments used again.", archive.recycled),
            ("millrace_journal_segments_removed_total", "Files of archived segments removed.", archive.removed),
            ("millrace_journal_archive_expired_total", "Archived segments deleted for their age.", archive.expired),
            ("millrace_journal_archive_failures_total", "Attempts to archive that failed.", archive.failures),
        ]
        for (name, help, value) in counters { metrics.counter(name, help: help, labels: labels, value: value) }
        metrics.gauge(
            "millrace_journal_archive_waiting_segments",
            help: "Retired segments that wait for the archive.",
            labels: labels,
            value: Int64(archive.waiting)
        )
    }
}

extension LatencySnapshot {
    fileprivate init(_ buckets: LatencyBuckets) {
        self.init()
        for index in 0..<LatencyBuckets.count {
            // The middle of 2^i ..< 2^(i+1).
            add(count: buckets.counts[index], near: (UInt64(3) << UInt64(index)) / 2)
        }
        addSum(microseconds: buckets.totalNanoseconds / 1_000)
    }
}
