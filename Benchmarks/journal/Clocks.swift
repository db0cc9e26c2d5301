import CMillrace
import Foundation

/// What the operating system says: CPU per thread, bytes given to the disk.
enum Clocks {
    static func now() -> UInt64 { millrace_monotonic_nanoseconds() }

    /// CPU of the calling thread, in nanoseconds.
    static func threadCPU() -> UInt64 { millrace_thread_cpu_nanoseconds() }

    /// CPU so far of this process's threads of a name, in nanoseconds
    /// (`/proc/self/task/*/schedstat`).
    static func cpu(ofThreadsNamed name: String) -> UInt64 {
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
        return tasks.reduce(0) { sum, task in
            let folder = "/proc/self/task/\(task)/"
            guard text(folder + "comm").trimmingCharacters(in: .newlines) == name else { return sum }
            return sum + (text(folder + "schedstat").split(separator: " ").first.flatMap { UInt64($0) } ?? 0)
        }
    }

    /// Bytes that this process has caused to be written to disks (`/proc/self/io`).
    static func writtenBytes() -> UInt64 {
        for line in text("/proc/self/io").split(separator: "\n") where line.hasPrefix("write_bytes: ") {
            return UInt64(line.dropFirst("write_bytes: ".count)) ?? 0
        }
        return 0
    }

    private static func text(_ path: String) -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }
}

extension [Double] {
    /// The value below which the given share (0...1) lies; the array is sorted.
    func percentile(_ share: Double) -> Double {
        isEmpty ? 0 : self[Swift.min(count - 1, Int(Double(count) * share))]
    }

    var median: Double { sorted().percentile(0.5) }
}

func format(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }

/// A line of output, at once: a run takes minutes.
func say(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }

/// A line of a Markdown table.
func row(_ cells: [String]) { say("| " + cells.joined(separator: " | ") + " |") }

/// For files that do not import Foundation otherwise.
func naturalLogarithm(_ value: Double) -> Double { log(value) }

/// Ends the benchmark: its figures would mean nothing.
func give(up reason: String) -> Never {
    FileHandle.standardError.write(Data(("journal-benchmark: " + reason + "\n").utf8))
    exit(75)
}
