import Journal
import ShardHost

/// The writer, the keeper and the archiver of each log work when the world says so.
extension World {
    func wakeWriter(_ log: SimLog) {
        let time = disk.idleAt(.writer(log: log.number))
        if let at = log.writerAt, at <= time { return }
        log.writerAt = time
        queue.schedule(.writer(boot: log.process.boot, log: log.number), at: time)
    }

    func wakeKeeper(_ log: SimLog, isForced: Bool) {
        let time = disk.idleAt(.keeper(log: log.number))
        if let at = log.keeperAt, !isForced || at <= time { return }
        log.keeperAt = time
        queue.schedule(.keeper(boot: log.process.boot, log: log.number), at: time)
    }

    func stepWriter(_ log: SimLog) {
        log.writerAt = nil
        disk.use(.writer(log: log.number))
        stepping: while true {
            switch log.log.stepWriter() {
            case .did:
                runLoops(log)
                wakeKeeper(log, isForced: false)
                guard disk.idleAt(.writer(log: log.number)) > now else { continue }
                wakeWriter(log)
                break stepping
            case .waits:
                if log.isBehind { wakeKeeper(log, isForced: true) }
                break stepping
            case .waitsUntil(let nanoseconds):
                let time = max(now, Int64((nanoseconds + 999) / 1_000))
                log.writerAt = time
                queue.schedule(.writer(boot: log.process.boot, log: log.number), at: time)
                break stepping
            case .ended:
                runLoops(log)
                break stepping
            }
        }
        settle(log.process)
    }

    private func runLoops(_ log: SimLog) {
        for shard in log.shards {
            for host in shard.hosts where !host.isFrozen { host.loop.run() }
        }
    }

    func stepKeeper(_ log: SimLog) {
        log.keeperAt = nil
        disk.use(.keeper(log: log.number))
        stepping: while true {
            switch log.log.stepKeeper() {
            case .did:
                guard disk.idleAt(.keeper(log: log.number)) > now else { continue }
                wakeKeeper(log, isForced: true)
                break stepping
            case .waits, .ended: break stepping
            case .waitsUntil(let nanoseconds):
                let time = max(now, Int64((nanoseconds + 999) / 1_000))
                log.keeperAt = time
                queue.schedule(.keeper(boot: log.process.boot, log: log.number), at: time)
                break stepping
            }
        }
        // The writer may wait for what the keeper made, or must hear that it failed.
        if log.writerAt == nil { wakeWriter(log) }
    }

    func wakeArchiver(_ log: SimLog) {
        let time = disk.idleAt(.archiver(log: log.number))
        if let at = log.archiverAt, at <= time { return }
        log.archiverAt = time
        queue.schedule(.archiver(boot: log.process.boot, log: log.number), at: time)
    }

    /// The keeper may use what it does to the log's files as soon as that has happened, and not
    /// before.
    func stepArchiver(_ log: SimLog) {
        log.archiverAt = nil
        disk.use(.archiver(log: log.number))
        switch log.log.stepArchiver() {
        case .did:
            disk.delay(.keeper(log: log.number), until: disk.idleAt(.archiver(log: log.number)))
            wakeArchiver(log)
            wakeKeeper(log, isForced: false)
        case .waitsUntil(let nanoseconds):
            let time = max(now, Int64((nanoseconds + 999) / 1_000))
            log.archiverAt = time
            queue.schedule(.archiver(boot: log.process.boot, log: log.number), at: time)
        case .waits, .ended: break
        }
    }
}
