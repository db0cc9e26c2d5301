/// What one loop knows about itself, as a value; snapshots of several loops merge (counters and histograms add; gauges add).
package struct MetricsSnapshot: Sendable {
    package init() {}
    package mutating func counter(_ name: StaticString, help: StaticString, labels: [MetricLabel] = [], value: UInt64) {
        preconditionFailure("not yet")
    }
    package mutating func gauge(_ name: StaticString, help: StaticString, labels: [MetricLabel] = [], value: Int64) {
        preconditionFailure("not yet")
    }
    package mutating func latency(
        _ name: StaticString,
        help: StaticString,
        labels: [MetricLabel] = [],
        value: LatencySnapshot
    ) { preconditionFailure("not yet") }
    package mutating func merge(_ other: MetricsSnapshot) { preconditionFailure("not yet") }
}

package struct MetricLabel: Hashable, Sendable {
    package let name: StaticString
    package let value: String
    package init(_ name: StaticString, _ value: String) {
        self.name = name
        self.value = value
    }
    package static func == (a: MetricLabel, b: MetricLabel) -> Bool { preconditionFailure("not yet") }
    package func hash(into hasher: inout Hasher) { preconditionFailure("not yet") }
}

/// Prometheus text exposition format 0.0.4.
package enum PrometheusText {
    package static let contentType: StaticString = "text/plain; version=0.0.4; charset=utf-8"
    package static func render(_ snapshot: MetricsSnapshot) -> [UInt8] { preconditionFailure("not yet") }
}
