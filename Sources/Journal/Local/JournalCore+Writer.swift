extension JournalCore {
    /// The writer thread.
    func runWriter() {
        var task = WriterTask(self)
        while !task.hasEnded {
            let work: WriterTask.Work
            if let ready = task.ready {
                work = ready
            } else {
                work = monitor.wait(.writer) { state in task.decide(&state) }
            }
            task.perform(work)
        }
    }
}

extension WriterTask {
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
