import Journal
import Logging
import ShardHost
import ShardStorage

extension Logger {
    func log(_ event: JournalEvent) {
        switch event {
        case .failed(let error, let shard):
            critical("A journal failed", metadata: ["shard": "\(shard)", "error": "\(error)"])
        case .lost(let error, let shard):
            self.error(
                "Another host owns a shard; its commands are refused here, and it is followed",
                metadata: ["shard": "\(shard)", "error": "\(error)"]
            )
        case .ownedAgain(let operations, let shard):
            notice("Owns a shard again", metadata: ["shard": "\(shard)", "operations": "\(operations)"])
        case .room(isShort: true, let shard):
            error(
                """
                New payments are refused: the journal's prepared room is kept for operations in flight. \
                Either the disk is full, or its segments are too small for them (journal.segment_bytes).
                """,
                metadata: ["shard": "\(shard)"]
            )
        case .room(isShort: false, let shard):
            notice("The journal has room again", metadata: ["shard": "\(shard)"])
        case .snapshot(let written, let pause, let shard):
            info(
                "Wrote a snapshot",
                metadata: [
                    "shard": "\(shard)",
                    "position": "\(written.position)",
                    "bytes": "\(written.bytes)",
                    "milliseconds": "\(Int(written.seconds * 1_000))",
                    "pause_microseconds": "\(pause / 1_000)",
                    "cold_payments": "\(written.coldPayments)",
                    "retirable": "\(written.retirable)",
                ]
            )
        case .snapshotFailed(let error, let shard):
            self.error("A snapshot failed", metadata: ["shard": "\(shard)", "error": "\(error)"])
        case .archiveFailed(let error, let shard):
            self.error(
                "Retired segments cannot be archived; they stay where they are, and it is tried again each minute",
                metadata: ["shard": "\(shard)", "error": "\(error)"]
            )
        }
    }

    func log(clockIsApart isApart: Bool, error: Int64) {
        let metadata: Metadata = ["gateway_less_machine_milliseconds": "\(error)"]
        if isApart {
            warning(
                "The machine's clock was set. It is followed slowly; deadlines that move money wait until the two agree",
                metadata: metadata
            )
        } else {
            notice("The gateway's time and the machine's clock agree again", metadata: metadata)
        }
    }

    func log(recovered shard: ShardSlot, _ report: StreamReport?) {
        for damage in shard.restored.damaged {
            warning("Passed over a damaged snapshot", metadata: ["shard": "\(shard.number)", "error": "\(damage)"])
        }
        info(
            "Recovered a shard",
            metadata: [
                "shard": "\(shard.number)",
                "snapshot_position": "\(shard.restored.position)",
                "snapshot_milliseconds": "\(Int(shard.restored.seconds * 1_000))",
                "snapshot_payments": "\(shard.restored.payments)",
                "cold_payments": "\(shard.restored.coldPayments)",
                "records": "\(report?.replayed ?? 0)",
                "bytes": "\(report?.bytes ?? 0)",
                "position": "\(report?.lastPosition ?? 0)",
            ]
        )
    }

    func log(recovered log: StreamLog, number: Int) {
        let report = log.report.log
        info(
            "Recovered a log",
            metadata: [
                "log": "\(number)",
                "segments": "\(report.segments)",
                "runs": "\(report.records)",
                "bytes": "\(report.bytes)",
                "milliseconds": "\(report.nanoseconds / 1_000_000)",
                "position": "\(report.lastPosition)",
            ]
        )
        if report.checkpoints == .damaged {
            warning(
                "A log's list of checkpoints is damaged; if checkpoints are signed, it was set aside and a new one begun",
                metadata: ["log": "\(number)"]
            )
        }
        guard let torn = report.torn else { return }
        warning(
            "Cut an unacknowledged tail from a log",
            metadata: [
                "file": "\(torn.file)", "offset": "\(torn.offset)", "bytes": "\(torn.bytes)",
                "kept_in": "\(torn.keptIn)",
            ]
        )
    }
}
