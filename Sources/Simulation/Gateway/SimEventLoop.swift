import Dispatch
import NIOCore

/// An event loop that runs when the world says so. It only knows `execute`, which is all that a
/// shard's host uses.
///
/// Proof that `@unchecked Sendable` holds: as `DiskSession`.
final class SimEventLoop: EventLoop, @unchecked Sendable {
    private var tasks: [() -> Void] = []
    /// While this is not nil, new tasks wait in it: what a blocking job reports must not be known
    /// before the job has ended.
    private var held: [() -> Void]?

    var inEventLoop: Bool { true }

    func execute(_ task: @escaping @Sendable () -> Void) {
        if held != nil { held?.append(task) } else { tasks.append(task) }
    }

    /// Runs what is there, and what that adds.
    func run() {
        while !tasks.isEmpty {
            let batch = tasks
            tasks = []
            for task in batch { task() }
        }
    }

    /// New tasks wait until `release`.
    func hold() { held = [] }

    /// Gives back what was to be executed since `hold`.
    func release() -> [() -> Void] {
        defer { held = nil }
        return held ?? []
    }

    func add(_ tasks: [() -> Void]) { self.tasks += tasks }

    /// The process is gone: nothing that waits will run, and nothing holds the host any more.
    func drop() { tasks = [] }

    func scheduleTask<T>(deadline: NIODeadline, _ task: @escaping @Sendable () throws -> T) -> Scheduled<T> {
        preconditionFailure("a shard's host schedules nothing: its time comes with its inputs")
    }

    func scheduleTask<T>(in: TimeAmount, _ task: @escaping @Sendable () throws -> T) -> Scheduled<T> {
        preconditionFailure("a shard's host schedules nothing: its time comes with its inputs")
    }

    // The queue is in the signature that NIO asks for; nothing is ever put on one.
    func shutdownGracefully(queue: DispatchQueue, _ callback: @escaping @Sendable ((any Error)?) -> Void) {
        preconditionFailure("a simulated process ends by being dropped")
    }
}
