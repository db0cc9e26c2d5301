import CMillrace
import Glibc

/// Core files of this process, which would hold keys.
enum CoreDumps {
    /// From now on there are none. Says so when the system does not allow that. Nothing else
    /// depends on it.
    static func forbid() {
        let code = millrace_forbid_core_dumps()
        guard code != 0 else { return }
        Console.error("millrace: warning: a core dump of this process is possible: \(String(cString: strerror(code)))")
    }
}
