/// The Prometheus text exposition format, version 0.0.4.
package enum PrometheusText {
    /// For the answer's `Content-Type`.
    package static let contentType: StaticString = "text/plain; version=0.0.4; charset=utf-8"

    /// The upper bounds of latency buckets: 100 us to 60 s in steps of 1, 2.5 and 5, in
    /// microseconds, with their text in seconds.
    static let bounds: [(microseconds: UInt64, seconds: StaticString)] = [
        (100, "0.0001"), (250, "0.00025"), (500, "0.0005"), (1_000, "0.001"), (2_500, "0.0025"), (5_000, "0.005"),
        (10_000, "0.01"), (25_000, "0.025"), (50_000, "0.05"), (100_000, "0.1"), (250_000, "0.25"), (500_000, "0.5"),
        (1_000_000, "1"), (2_500_000, "2.5"), (5_000_000, "5"), (10_000_000, "10"), (30_000_000, "30"),
        (60_000_000, "60"),
    ]

    /// Renders a snapshot: HELP and TYPE once per name, then its samples. UTF-8.
    package static func render(_ snapshot: MetricsSnapshot) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(16_384)
        for family in snapshot.families { render(family, &output) }
        if snapshot.droppedSamples > 0 {
            var dropped = MetricsSnapshot()
            dropped.counter(
                "millrace_metrics_samples_dropped_total",
                help: "Samples beyond the limit of one scrape.",
                value: snapshot.droppedSamples
            )
            for family in dropped.families { render(family, &output) }
        }
        return output
    }

    private static func render(_ family: MetricsSnapshot.Family, _ output: inout [UInt8]) {
        output.append("# HELP ", family.name, " ")
        family.help.withUTF8Buffer { output.appendEscaped($0, quotes: false) }
        output.append("\n# TYPE ", family.name, " ", family.samples[0].value.typeName, "\n")
        for sample in family.samples {
            switch sample.value {
            case .counter(let value):
                line(
                    family.name,
                    suffix: "",
                    labels: sample.labels,
                    upperBound: nil,
                    value: String(value),
                    into: &output
                )
            case .gauge(let value, _):
                line(
                    family.name,
                    suffix: "",
                    labels: sample.labels,
                    upperBound: nil,
                    value: String(value),
                    into: &output
                )
            case .latency(let value): render(value, name: family.name, labels: sample.labels, into: &output)
            }
        }
    }

    private static func render(
        _ latency: LatencySnapshot,
        name: StaticString,
        labels: [MetricLabel],
        into output: inout [UInt8]
    ) {
        let counts = latency.cumulativeCounts(upTo: bounds.map(\.microseconds))
        for (bound, count) in zip(bounds, counts) {
            line(
                name,
                suffix: "_bucket",
                labels: labels,
                upperBound: bound.seconds,
                value: String(count),
                into: &output
            )
        }
        line(name, suffix: "_bucket", labels: labels, upperBound: "+Inf", value: String(latency.count), into: &output)
        line(
            name,
            suffix: "_sum",
            labels: labels,
            upperBound: nil,
            value: seconds(latency.sumMicroseconds),
            into: &output
        )
        line(name, suffix: "_count", labels: labels, upperBound: nil, value: String(latency.count), into: &output)
    }

    /// Microseconds as seconds with six decimals, exactly.
    private static func seconds(_ microseconds: UInt64) -> String {
        let fraction = String(microseconds % 1_000_000)
        return "\(microseconds / 1_000_000).\(String(repeating: "0", count: 6 - fraction.utf8.count))\(fraction)"
    }

    private static func line(
        _ name: StaticString,
        suffix: StaticString,
        labels: [MetricLabel],
        upperBound: StaticString?,
        value: String,
        into output: inout [UInt8]
    ) {
        output.append(name, suffix)
        if !labels.isEmpty || upperBound != nil {
            var separator: StaticString = "{"
            for label in labels {
                output.append(separator, label.name, "=\"")
                var text = label.value
                text.withUTF8 { output.appendEscaped($0, quotes: true) }
                output.append("\"")
                separator = ","
            }
            if let upperBound { output.append(separator, "le=\"", upperBound, "\"") }
            output.append("}")
        }
        output.append(" ")
        output.append(contentsOf: value.utf8)
        output.append("\n")
    }
}

extension MetricsSnapshot.Value {
    fileprivate var typeName: StaticString {
        switch self {
        case .counter: "counter"
        case .gauge: "gauge"
        case .latency: "histogram"
        }
    }
}

extension [UInt8] {
    fileprivate mutating func append(_ texts: StaticString...) {
        for text in texts { text.withUTF8Buffer { append(contentsOf: $0) } }
    }

    /// Escapes backslash and line feed, and in label values the quote.
    fileprivate mutating func appendEscaped(_ bytes: UnsafeBufferPointer<UInt8>, quotes: Bool) {
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "\\"): append("\\\\")
            case UInt8(ascii: "\n"): append("\\n")
            case UInt8(ascii: "\"") where quotes: append("\\\"")
            default: append(byte)
            }
        }
    }
}
