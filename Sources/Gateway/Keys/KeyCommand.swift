import Glibc

/// Runs a program and reads what it prints. So keys can come from a vault without being in a file.
/// There is no shell. Standard input is empty, and standard error is the gateway's own.
enum KeyCommand {
    private static let maximumBytes = 1 << 20

    /// Blocks until the program has ended, at most `timeout`, after which it is killed.
    static func run(_ arguments: [String], timeout: Duration) throws(ConfigurationError) -> [UInt8] {
        precondition(!arguments.isEmpty)
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw problem(arguments, String(cString: strerror(errno))) }
        defer { close(ends[0]) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let started = Result { () throws(ConfigurationError) in try spawn(arguments, output: ends[1]) }
        // The program has the only other end now, so the output ends when the program ends.
        close(ends[1])
        let child = try started.get()
        let output = read(ends[0], until: .now + timeout)
        guard let output else {
            kill(child, SIGKILL)
            _ = wait(for: child)
            throw problem(arguments, "printed no end within \(timeout), or more than \(maximumBytes) bytes")
        }
        let status = wait(for: child)
        guard status == 0 else { throw problem(arguments, "ended with \(words(status))") }
        return output
    }

    private static func spawn(_ arguments: [String], output: Int32) throws(ConfigurationError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // The gateway blocks its signals in every thread; the program must start with none blocked.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var pointers = arguments.map { strdup($0) } + [nil]
        defer { pointers.forEach { free($0) } }
        var child: pid_t = 0
        let result = posix_spawnp(&child, arguments[0], &actions, &attributes, &pointers, environ)
        guard result == 0 else { throw problem(arguments, String(cString: strerror(result))) }
        return child
    }

    /// Everything up to the end; nil if that does not come in time, or is too much.
    private static func read(_ descriptor: Int32, until deadline: ContinuousClock.Instant) -> [UInt8]? {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4_096)
        while bytes.count <= maximumBytes {
            let left = ContinuousClock.now.duration(to: deadline)
            guard left > .zero else { return nil }
            var awaited = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let milliseconds = left.components.seconds * 1_000 + left.components.attoseconds / 1_000_000_000_000_000
            let ready = poll(&awaited, 1, Int32(clamping: milliseconds + 1))
            if ready <= 0 { continue }
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            if count <= 0 { return count == 0 ? bytes : nil }
            bytes.append(contentsOf: chunk[..<count])
        }
        return nil
    }

    private static func wait(for child: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        return status
    }

    private static func words(_ status: Int32) -> String {
        let signal = status & 0x7F
        return signal == 0 ? "status \(status >> 8 & 0xFF)" : "signal \(signal)"
    }

    private static func problem(_ arguments: [String], _ detail: String) -> ConfigurationError {
        ConfigurationError(place: "command \(arguments[0])", detail)
    }
}
