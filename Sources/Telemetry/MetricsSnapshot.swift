/// A label of a metric: a static name (`[a-zA-Z_][a-zA-Z0-9_]*`) and any text.
package struct MetricLabel: Sendable {
    package let name: StaticString
    package let value: String

    package init(_ name: StaticString, _ value: String) {
        assert(MetricName.isValidLabel(name), "label names are [a-zA-Z_][a-zA-Z0-9_]*")
        self.name = name
        self.value = value
    }
}

extension MetricLabel: Equatable {
    package static func == (left: MetricLabel, right: MetricLabel) -> Bool {
        left.value == right.value && left.name.hasSameText(as: right.name)
    }
}

/// How the gauges of several loops make one.
package enum GaugeMerging: UInt8, Sendable {
    /// Amounts that loops share out: connections, table entries.
    case sum
    /// Amounts of which the worst counts: the age of the oldest entry, a lag.
    case maximum
}

/// What one loop knows about itself, as a value that leaves the loop when it is asked. The loop's
/// own counters are plain numbers, copied in here; there is no lock and no atomic. Snapshots of
/// several loops merge into one.
///
/// Made per scrape, so it may allocate. At most `maximumSamples` samples: labels must not be
/// unbounded (payment identifiers, merchants by the thousand).
package struct MetricsSnapshot: Sendable {
    /// Samples beyond are dropped and counted in `droppedSamples`, which the exposition shows.
    package static let maximumSamples = 10_000

    enum Value: Sendable {
        case counter(UInt64)
        case gauge(Int64, GaugeMerging)
        case latency(LatencySnapshot)
    }

    struct Sample: Sendable {
        var labels: [MetricLabel]
        var value: Value
    }

    /// All samples of one name.
    struct Family: Sendable {
        let name: StaticString
        let help: StaticString
        var samples: [Sample]
    }

    private(set) var families: [Family] = []
    private var sampleCount = 0
    /// Samples that did not fit.
    package private(set) var droppedSamples: UInt64 = 0

    package init() {}

    /// Something that only grows, counted since the start of the process; `name` ends in `_total`.
    package mutating func counter(
        _ name: StaticString,
        help: StaticString,
        labels: [MetricLabel] = [],
        value: UInt64
    ) {
        add(name, help: help, sample: Sample(labels: labels, value: .counter(value)))
    }

    /// Something that goes up and down.
    package mutating func gauge(
        _ name: StaticString,
        help: StaticString,
        labels: [MetricLabel] = [],
        merging: GaugeMerging = .sum,
        value: Int64
    ) {
        add(name, help: help, sample: Sample(labels: labels, value: .gauge(value, merging)))
    }

    /// Latencies, shown as a histogram in seconds; `name` ends in `_seconds`.
    package mutating func latency(
        _ name: StaticString,
        help: StaticString,
        labels: [MetricLabel] = [],
        value: LatencySnapshot
    ) {
        add(name, help: help, sample: Sample(labels: labels, value: .latency(value)))
    }

    /// Adds another loop's samples: those of the same name and labels become one (counters and
    /// latencies add up, gauges as they say), others are appended.
    package mutating func merge(_ other: MetricsSnapshot) {
        for family in other.families {
            for sample in family.samples { add(family.name, help: family.help, sample: sample) }
        }
        droppedSamples += other.droppedSamples
    }

    private mutating func add(_ name: StaticString, help: StaticString, sample: Sample) {
        assert(MetricName.isValid(name), "metric names are [a-zA-Z_:][a-zA-Z0-9_:]*")
        guard let family = families.firstIndex(where: { $0.name.hasSameText(as: name) }) else {
            guard hasRoom() else { return }
            families.append(Family(name: name, help: help, samples: [sample]))
            return
        }
        guard let index = families[family].samples.firstIndex(where: { $0.labels == sample.labels }) else {
            assert(families[family].samples[0].value.hasSameKind(as: sample.value), "one name, one kind of metric")
            guard hasRoom() else { return }
            families[family].samples.append(sample)
            return
        }
        families[family].samples[index].value.merge(sample.value)
    }

    private mutating func hasRoom() -> Bool {
        guard sampleCount < Self.maximumSamples else {
            droppedSamples += 1
            return false
        }
        sampleCount += 1
        return true
    }
}

extension MetricsSnapshot.Value {
    mutating func merge(_ other: MetricsSnapshot.Value) {
        switch (self, other) {
        case (.counter(let left), .counter(let right)): self = .counter(left &+ right)
        case (.gauge(let left, .sum), .gauge(let right, _)): self = .gauge(left &+ right, .sum)
        case (.gauge(let left, .maximum), .gauge(let right, _)): self = .gauge(max(left, right), .maximum)
        case (.latency(var left), .latency(let right)):
            left.merge(right)
            self = .latency(left)
        case (.counter, _), (.gauge, _), (.latency, _):
            assertionFailure("one name, one kind of metric")
        }
    }

    func hasSameKind(as other: MetricsSnapshot.Value) -> Bool {
        switch (self, other) {
        case (.counter, .counter), (.gauge, .gauge), (.latency, .latency): true
        case (.counter, _), (.gauge, _), (.latency, _): false
        }
    }
}

extension StaticString {
    /// Whether two texts are equal, wherever they lie.
    func hasSameText(as other: StaticString) -> Bool {
        guard utf8CodeUnitCount == other.utf8CodeUnitCount else { return false }
        if utf8Start == other.utf8Start { return true }
        return (0..<utf8CodeUnitCount).allSatisfy { utf8Start[$0] == other.utf8Start[$0] }
    }
}

/// The grammar of names in the Prometheus data model.
enum MetricName {
    static func isValid(_ name: StaticString) -> Bool { isValid(name, allowsColon: true) }
    static func isValidLabel(_ name: StaticString) -> Bool { isValid(name, allowsColon: false) }

    private static func isValid(_ name: StaticString, allowsColon: Bool) -> Bool {
        name.withUTF8Buffer { bytes in
            for (index, byte) in bytes.enumerated() {
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"):
                    continue
                case UInt8(ascii: ":") where allowsColon: continue
                case UInt8(ascii: "0")...UInt8(ascii: "9") where index > 0: continue
                default: return false
                }
            }
            return !bytes.isEmpty
        }
    }
}
