import Foundation
import Glibc
import Synchronization

/// SIGINT and SIGTERM, and SIGHUP, as sequences of values. Every thread blocks them. The main
/// thread waits for them and takes them, so nothing ever runs in a signal handler.
///
/// The main thread of an async `main` is not usable for this: Dispatch parks it in a call that
/// unblocks every signal.
enum Signals {
    private static let stopListener = Mutex<AsyncStream<Int32>.Continuation?>(nil)
    private static let reloadListener = Mutex<AsyncStream<Int32>.Continuation?>(nil)

    /// Whether SIGHUP is ignored, as when nohup started the process. `sigwait` takes a blocked
    /// signal even if it is ignored.
    private static let hangUpIsIgnored = Mutex(false)
    /// `SIG_IGN`, which Swift cannot compare.
    private static let ignoringHandler = 1

    /// Called first thing, before any other thread exists: threads inherit the mask.
    static func prepare() {
        var hangUp = sigaction()
        sigaction(SIGHUP, nil, &hangUp)
        let isIgnored = unsafeBitCast(hangUp.__sigaction_handler.sa_handler, to: Int.self) == ignoringHandler
        hangUpIsIgnored.withLock { $0 = isIgnored }
        var blocked = awaitedSignals()
        pthread_sigmask(SIG_BLOCK, &blocked, nil)
        // A peer that closes is an error of that write, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
    }

    /// The main thread's only work. A signal that no command listens to ends the process, as it
    /// would by default.
    static func waitForever() -> Never {
        var awaited = awaitedSignals()
        while true {
            var number: Int32 = 0
            guard sigwait(&awaited, &number) == 0 else { continue }
            let listener = number == SIGHUP ? reloadListener.withLock(\.self) : stopListener.withLock(\.self)
            listener?.yield(number)
            if listener == nil, number != SIGHUP || !hangUpIsIgnored.withLock(\.self) { Glibc._exit(128 + number) }
        }
    }

    /// The signals from now on. Asked for once in a process.
    static func stops() -> AsyncStream<Int32> {
        let (stream, continuation) = AsyncStream.makeStream(of: Int32.self, bufferingPolicy: .bufferingNewest(4))
        stopListener.withLock { $0 = continuation }
        return stream
    }

    /// Each SIGHUP from now on; until somebody asks it ends the process, as it would by default.
    /// Asked for once in a process.
    static func reloads() -> AsyncStream<Int32> {
        let (stream, continuation) = AsyncStream.makeStream(of: Int32.self, bufferingPolicy: .bufferingNewest(1))
        reloadListener.withLock { $0 = continuation }
        return stream
    }

    /// Treats the end of standard input as a SIGTERM. The launcher holds the other end of the pipe.
    /// So no child outlives the launcher, however that ends.
    static func stopWithStandardInput() {
        Thread.detachNewThread {
            var byte: UInt8 = 0
            while true {
                let count = read(STDIN_FILENO, &byte, 1)
                if count > 0 || (count < 0 && errno == EINTR) { continue }
                kill(getpid(), SIGTERM)
                return
            }
        }
    }

    private static func awaitedSignals() -> sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, SIGINT)
        sigaddset(&set, SIGTERM)
        sigaddset(&set, SIGHUP)
        return set
    }
}
