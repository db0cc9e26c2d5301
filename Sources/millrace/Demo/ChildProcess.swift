import Foundation
import Gateway
import Glibc
import Synchronization

/// A child of the launcher: this same program with another command.
///
/// It has a process group of its own, so that a terminal's Ctrl-C reaches the launcher alone. The
/// launcher then stops its children in order. The child's standard input is a pipe that only the
/// launcher holds. So the child ends when the launcher has ended.
final class ChildProcess: Sendable {
    /// How a process ended.
    enum Exit: Sendable, Equatable, CustomStringConvertible {
        case status(Int32)
        case signal(Int32)

        init(waitStatus: Int32) {
            let signal = waitStatus & 0x7f
            self = signal == 0 ? .status(waitStatus >> 8 & 0xff) : .signal(signal)
        }

        var description: String {
            switch self {
            case .status(let status): "ended with status \(status)"
            case .signal(let signal): "was killed by signal \(signal)"
            }
        }
    }

    /// What messages and files call it.
    let name: String
    let pid: Int32
    private let state = Mutex(State())

    private struct State {
        var exit: Exit?
        var waiters: [CheckedContinuation<Exit, Never>] = []
        var pipe: Int32?
    }

    private init(name: String, pid: Int32, pipe: Int32) {
        self.name = name
        self.pid = pid
        state.withLock { $0.pipe = pipe }
    }

    /// Starts this program with `arguments`. `environment` is added to the launcher's, and the
    /// program's output goes to `logFile`.
    static func spawn(
        name: String,
        arguments: [String],
        environment: [String: String],
        logFile: String
    ) throws -> ChildProcess {
        let log = open(logFile, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard log >= 0 else { throw Failure(ExitStatus.io, "\(logFile): \(String(cString: strerror(errno)))") }
        defer { close(log) }
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw Failure(ExitStatus.io, "no pipe for \(name)") }
        defer { close(ends[0]) }
        // Nothing else in this process starts children. So no other child can inherit the
        // descriptors before they are marked.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        do {
            let merged = ProcessInfo.processInfo.environment.merging(environment) { _, new in new }
            let pid = try Spawn.run(arguments, environment: merged, input: ends[0], output: log)
            let child = ChildProcess(name: name, pid: pid, pipe: ends[1])
            Thread.detachNewThread { child.reap() }
            return child
        } catch {
            close(ends[1])
            throw error
        }
    }

    /// Returns when it has ended; at once when it had.
    func exit() async -> Exit {
        await withCheckedContinuation { continuation in
            let exit = state.withLock { state in
                if state.exit == nil { state.waiters.append(continuation) }
                return state.exit
            }
            if let exit { continuation.resume(returning: exit) }
        }
    }

    /// How it ended, if it has.
    var exitNow: Exit? { state.withLock { $0.exit } }

    /// Sends a signal unless it has ended. (Until it is reaped, under the same lock, its number is
    /// not another's.)
    func send(_ signal: Int32) {
        state.withLock { state in
            if state.exit == nil { kill(pid, signal) }
        }
    }

    private func reap() {
        // The first wait does not reap the child: its process number stays valid until the lock is
        // held.
        var information = siginfo_t()
        while waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) != 0 {
            guard errno == EINTR else { break }
        }
        let waiters = state.withLock { state in
            var status: Int32 = 0
            while waitpid(pid, &status, 0) < 0, errno == EINTR {}
            let exit = Exit(waitStatus: status)
            state.exit = exit
            if let pipe = state.pipe { close(pipe) }
            defer { state.waiters = [] }
            return state.waiters.map { ($0, exit) }
        }
        for (waiter, exit) in waiters { waiter.resume(returning: exit) }
    }
}
