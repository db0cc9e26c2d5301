import CMillrace

/// A thread of the operating system.
///
/// Proof that `@unchecked Sendable` holds: `native` is a pointer to a C structure that does not
/// change after the thread has started; `join`, which frees it, is called once, by the one `close`
/// that found the journal open.
final class JournalThread: @unchecked Sendable {
    private let native: OpaquePointer

    /// Starts `body`; nil if the system refuses another thread. The name is cut at 15 characters.
    init?(name: String, _ body: @escaping @Sendable () -> Void) {
        let box = Unmanaged.passRetained(Box(body))
        let started = millrace_thread_start(name, box.toOpaque()) { context in
            guard let context else { return }
            Unmanaged<Box>.fromOpaque(context).takeRetainedValue().body()
        }
        guard let started else {
            box.release()
            return nil
        }
        native = started
    }

    var isCurrent: Bool { millrace_thread_is_current(native) == 1 }

    func join() { millrace_thread_join(native) }

    private final class Box {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
}
