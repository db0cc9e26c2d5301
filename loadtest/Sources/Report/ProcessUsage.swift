import Foundation

/// CPU time of a process from `/proc/PID/stat`.
struct ProcessUsage: Sendable {
    /// User and system time in microseconds since the process began.
    static func cpuMicroseconds(pid: Int) -> Double? {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return nil }
        return cpuMicroseconds(stat: text, ticksPerSecond: Double(sysconf(Int32(_SC_CLK_TCK))))
    }

    /// Fields 14 (utime) and 15 (stime) of proc(5); the command name in field 2 may hold blanks and
    /// parentheses.
    static func cpuMicroseconds(stat: String, ticksPerSecond: Double) -> Double? {
        guard let end = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return nil }
        return (user + system) / ticksPerSecond * 1e6
    }

    let name: String
    let pid: Int
    private var before: Double?
    private(set) var spentMicroseconds: Double?

    init(name: String, pid: Int) {
        self.name = name
        self.pid = pid
    }

    mutating func begin() { before = Self.cpuMicroseconds(pid: pid) }

    /// Notes what was spent since `begin`; nothing when the process went away in between.
    mutating func end() {
        guard let before, let after = Self.cpuMicroseconds(pid: pid), after >= before else { return }
        spentMicroseconds = after - before
    }
}
