import Gateway
import Glibc

/// posix_spawn of this very program.
enum Spawn {
    /// The child's process id. `input` and `output` become its standard streams; every other
    /// descriptor of this process is opened close-on-exec.
    static func run(
        _ arguments: [String],
        environment: [String: String],
        input: Int32,
        output: Int32
    ) throws -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // The launcher blocks its stop signals in every thread; a child must start with none
        // blocked.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP))

        var argumentPointers = (["millrace"] + arguments).map { strdup($0) } + [nil]
        var environmentPointers = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (argumentPointers + environmentPointers).forEach { free($0) } }
        var pid: pid_t = 0
        let result = posix_spawn(&pid, "/proc/self/exe", &actions, &attributes, &argumentPointers, &environmentPointers)
        guard result == 0 else {
            throw Failure(ExitStatus.unavailable, "cannot start a child: \(String(cString: strerror(result)))")
        }
        return pid
    }
}
