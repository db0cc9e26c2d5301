import Testing

@testable import Telemetry

@Suite struct PrometheusTextTests {
    private func latencies(_ values: UInt64...) -> LatencySnapshot {
        let recorder = LatencyRecorder()
        for value in values { recorder.record(microseconds: value) }
        return recorder.snapshot()
    }

    private func text(_ snapshot: MetricsSnapshot) -> String {
        String(decoding: PrometheusText.render(snapshot), as: UTF8.self)
    }

    @Test func `counters and gauges are written with help, type and labels`() {
        var snapshot = MetricsSnapshot()
        snapshot.counter(
            "a_total",
            help: "All a.",
            labels: [MetricLabel("route", "/v1"), MetricLabel("status", "201")],
            value: 7
        )
        snapshot.gauge("b", help: "B now.", value: -3)
        snapshot.counter(
            "a_total",
            help: "All a.",
            labels: [MetricLabel("route", "/v2"), MetricLabel("status", "201")],
            value: .max
        )
        let expected = """
            # HELP a_total All a.
            # TYPE a_total counter
            a_total{route="/v1",status="201"} 7
            a_total{route="/v2",status="201"} 18446744073709551615
            # HELP b B now.
            # TYPE b gauge
            b -3

            """
        #expect(text(snapshot) == expected)
    }

    @Test func `labels and help are escaped`() throws {
        var snapshot = MetricsSnapshot()
        let value = "a\"b\\c\nd,e=\"{}é"
        snapshot.gauge("g", help: "line\nback\\slash \"quote\"", labels: [MetricLabel("x", value)], value: 1)
        #expect(text(snapshot).hasPrefix("# HELP g line\\nback\\\\slash \"quote\"\n"))
        let page = try ExpositionReader.read(text(snapshot))
        #expect(page.samples == [.init(name: "g", labels: ["x": value], value: 1)])
    }

    @Test func `latencies are a cumulative histogram in seconds`() throws {
        var snapshot = MetricsSnapshot()
        snapshot.latency(
            "d_seconds",
            help: "D.",
            labels: [MetricLabel("op", "x")],
            value: latencies(50, 90, 400, 4_000, 900_000, 59_000_000)
        )
        let page = try ExpositionReader.read(text(snapshot))
        #expect(page.types == ["d_seconds": "histogram"])
        let buckets = page.samples.filter { $0.name == "d_seconds_bucket" }
        #expect(buckets.allSatisfy { $0.labels["op"] == "x" })
        let byBound = Dictionary(uniqueKeysWithValues: buckets.map { ($0.labels["le"]!, $0.value) })
        #expect(byBound["0.0001"] == 2 && byBound["0.0005"] == 3 && byBound["0.005"] == 4 && byBound["0.5"] == 4)
        #expect(byBound["1"] == 5 && byBound["30"] == 5 && byBound["60"] == 6 && byBound["+Inf"] == 6)
        let bounds = buckets.compactMap { Double($0.labels["le"] == "+Inf" ? "inf" : $0.labels["le"]!) }
        #expect(
            bounds == bounds.sorted() && Set(bounds).count == bounds.count
                && bounds.count == PrometheusText.bounds.count + 1
        )
        #expect(buckets.map(\.value) == buckets.map(\.value).sorted())
        #expect(page.samples.first { $0.name == "d_seconds_sum" }?.value == 59.904540)
        #expect(page.samples.first { $0.name == "d_seconds_count" }?.value == 6)
    }

    @Test func `every bound's text is its number of seconds`() {
        for bound in PrometheusText.bounds {
            #expect(Double(bound.seconds.description) == Double(bound.microseconds) / 1_000_000)
        }
    }

    @Test func `snapshots of loops merge by name and labels`() throws {
        func loop(_ number: UInt64) -> MetricsSnapshot {
            var snapshot = MetricsSnapshot()
            snapshot.counter("c_total", help: "C.", labels: [MetricLabel("k", "same")], value: number)
            snapshot.counter("c_total", help: "C.", labels: [MetricLabel("k", "loop\(number)")], value: 1)
            snapshot.gauge("sum", help: "S.", value: Int64(number))
            snapshot.gauge("worst", help: "W.", merging: .maximum, value: Int64(number))
            snapshot.latency("l_seconds", help: "L.", value: latencies(number))
            return snapshot
        }
        var merged = loop(10)
        merged.merge(loop(32))
        let page = try ExpositionReader.read(text(merged))
        func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
            page.samples.first { $0.name == name && $0.labels == labels }?.value
        }
        #expect(value("c_total", ["k": "same"]) == 42)
        #expect(value("c_total", ["k": "loop10"]) == 1 && value("c_total", ["k": "loop32"]) == 1)
        #expect(value("sum") == 42 && value("worst") == 32)
        #expect(value("l_seconds_count") == 2 && value("l_seconds_sum") == 0.000042)
    }

    @Test func `samples beyond the limit are dropped and counted`() throws {
        var snapshot = MetricsSnapshot()
        for number in 0..<MetricsSnapshot.maximumSamples + 3 {
            // Names are compared first, so spread the labels over few of them.
            snapshot.gauge("g", help: "G.", labels: [MetricLabel("n", String(number))], value: 1)
        }
        #expect(snapshot.droppedSamples == 3)
        let page = try ExpositionReader.read(text(snapshot))
        #expect(page.samples.count == MetricsSnapshot.maximumSamples + 1)
        #expect(page.samples.last == .init(name: "millrace_metrics_samples_dropped_total", labels: [:], value: 3))
    }

    @Test func `an empty snapshot is an empty page`() {
        #expect(text(MetricsSnapshot()) == "")
    }
}

/// A small reader of the text format, written from its grammar and independent of the writer.
private enum ExpositionReader {
    struct Sample: Equatable {
        var name: String
        var labels: [String: String]
        var value: Double
    }

    struct Page {
        var types: [String: String] = [:]
        var samples: [Sample] = []
    }

    struct Malformed: Error { var line: String }

    static func read(_ text: String) throws -> Page {
        var page = Page()
        guard text.isEmpty || text.last == "\n" else { throw Malformed(line: "no final line feed") }
        for line in text.split(separator: "\n", omittingEmptySubsequences: true) {
            if line.hasPrefix("# TYPE ") {
                let words = line.split(separator: " ")
                guard words.count == 4, page.types[String(words[2])] == nil else { throw Malformed(line: String(line)) }
                page.types[String(words[2])] = String(words[3])
            } else if !line.hasPrefix("# HELP ") {
                page.samples.append(try sample(line))
            }
        }
        return page
    }

    private static func sample(_ line: Substring) throws -> Sample {
        var rest = line
        let name = String(rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == ":" })
        rest = rest.dropFirst(name.count)
        var labels: [String: String] = [:]
        if rest.first == "{" {
            repeat {
                rest = rest.dropFirst()
                let label = String(rest.prefix { $0 != "=" })
                rest = rest.dropFirst(label.count)
                guard rest.hasPrefix("=\"") else { throw Malformed(line: String(line)) }
                rest = rest.dropFirst(2)
                labels[label] = try quoted(&rest)
            } while rest.first == ","
            guard rest.first == "}" else { throw Malformed(line: String(line)) }
            rest = rest.dropFirst()
        }
        guard rest.first == " ", let value = Double(rest.dropFirst()), !name.isEmpty else {
            throw Malformed(line: String(line))
        }
        return Sample(name: name, labels: labels, value: value)
    }

    private static func quoted(_ rest: inout Substring) throws -> String {
        var text = ""
        while let character = rest.popFirst() {
            switch character {
            case "\"": return text
            case "\\":
                guard let escaped = rest.popFirst() else { throw Malformed(line: text) }
                text.append(escaped == "n" ? "\n" : escaped)
            default: text.append(character)
            }
        }
        throw Malformed(line: text)
    }
}
