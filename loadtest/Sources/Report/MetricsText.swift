import Foundation

/// Just enough of the Prometheus text format to read a histogram's growth between two scrapes.
struct MetricsText: Sendable {
    /// By series (name and labels).
    private let values: [String: Double]

    init(_ text: String) {
        var values: [String: Double] = [:]
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            guard let blank = line.lastIndex(of: " "), let value = Double(line[line.index(after: blank)...]) else {
                continue
            }
            values[String(line[..<blank])] = value
        }
        self.values = values
    }

    /// One line for each histogram whose name contains both `journal` and `flush`: percentiles of
    /// what was added since `before`, as upper bounds of buckets, in milliseconds (base unit
    /// seconds).
    func flushLines(since before: MetricsText) -> [String] {
        let buckets = values.keys.filter { $0.contains("flush") && $0.contains("_bucket{") && $0.contains("le=\"") }
        let names = Set(buckets.map { String($0.prefix { $0 != "{" }) }).sorted()
        return names.compactMap { name in
            let steps = cumulative(buckets.filter { $0.hasPrefix(name + "{") }, since: before)
            guard let count = steps.last?.count, count > 0 else { return nil }
            let shares = [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999), ("slowest", 1)].map { label, share in
                "\(label) <= \(text(steps.first { $0.count >= share * count }?.bound ?? .infinity))"
            }
            return "\(name.dropLast(7)): \(Int(count)) in the run, " + shares.joined(separator: ", ")
        }
    }

    private func text(_ seconds: Double) -> String {
        seconds.isInfinite ? "beyond the last bucket" : String(format: "%.3g ms", seconds * 1_000)
    }

    /// Counts by upper bound, summed over all other labels.
    private func cumulative(_ series: [String], since before: MetricsText) -> [(bound: Double, count: Double)] {
        var sums: [Double: Double] = [:]
        for key in series {
            guard let start = key.range(of: "le=\"")?.upperBound, let end = key[start...].firstIndex(of: "\"") else {
                continue
            }
            let text = key[start..<end]
            guard let bound = text == "+Inf" ? .infinity : Double(text) else { continue }
            sums[bound, default: 0] += (values[key] ?? 0) - (before.values[key] ?? 0)
        }
        return sums.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}
