extension JournalCore {
    /// The keeper thread.
    func runKeeper() {
        var task = KeeperTask(self)
        while !task.hasEnded {
            let work: KeeperTask.Work
            if let ready = task.ready {
                work = ready
            } else {
                work = monitor.wait(.keeper) { state in task.decide(&state) }
            }
            task.perform(work)
        }
    }
}

extension KeeperTask {
    /// The same without a thread: one step, if there is anything to do.
    // Not inlined: Swift 6.3's optimizer fails on the loop that this makes of `JournalTasks.drain`.
    @inline(never)
    mutating func step(_ core: JournalCore) -> JournalStep {
        if hasEnded { return .ended }
        if let ready {
            perform(ready)
            return .did
        }
        switch core.monitor.withLock({ state in decide(&state) }) {
        case .ready(let work):
            perform(work)
            return .did
        case .wait: return .waits
        case .waitUntil(let time): return .waitsUntil(nanoseconds: time)
        }
    }
}
