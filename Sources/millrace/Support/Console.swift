import Glibc

/// Lines for people and for tools, written at once: a pipe's reader must not wait for a buffer to
/// fill.
enum Console {
    static func line(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }

    /// Text with line ends of its own.
    static func text(_ text: String) { write(text, to: STDOUT_FILENO) }

    static func error(_ text: String) { write(text + "\n", to: STDERR_FILENO) }

    private static func write(_ text: String, to descriptor: Int32) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            // The reader of the output has gone, so the rest is dropped.
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }
}
