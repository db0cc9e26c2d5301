import Glibc
import NIOCore

/// Runs the admin server's tasks on the admin server's own thread, so that answers to operators
/// take no more than that thread and none of the loops' time but their visits. Where cores are
/// short, the loops come first.
final class AdminExecutor: TaskExecutor {
    /// Of 19: with it a thread gets a tenth of what a loop gets on the same core.
    private static let niceness: Int32 = 10

    private let loop: any EventLoop

    init(_ loop: any EventLoop) { self.loop = loop }

    /// Lets the loops come first. For a loop of the admin server alone.
    func giveWay() {
        // Linux counts threads as processes here; 0 is the calling thread.
        loop.execute { _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, Self.niceness) }
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = asUnownedTaskExecutor()
        loop.execute { job.runSynchronously(on: executor) }
    }
}
