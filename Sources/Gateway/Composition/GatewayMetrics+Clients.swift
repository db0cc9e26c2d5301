import HTTPTransport
import Providers
import Scoring
import Telemetry

extension GatewayMetrics {
    /// What a loop's clients of the providers and the scorer have done, whichever shard asked.
    static func addClients(_ clients: LoopClients, to metrics: inout MetricsSnapshot) {
        for provider in clients.providers.all {
            add(provider.statistics, [MetricLabel("provider", provider.name)], to: &metrics)
        }
        metrics.counter(
            "millrace_call_answers_dropped_total",
            help: "Outcomes of providers' and scorer's calls whose shard was lost meanwhile.",
            value: clients.statistics.answersDropped
        )
        if let scorer = clients.scorerStatistics { add(scorer, to: &metrics) }
    }

    private static func add(
        _ provider: ProviderStatistics,
        _ labels: [MetricLabel],
        to metrics: inout MetricsSnapshot
    ) {
        let counters: [(StaticString, StaticString, UInt64)] = [
            ("millrace_provider_calls_total", "Calls to the PSP.", provider.calls),
            ("millrace_provider_timeouts_total", "Calls that met their deadline.", provider.transport.timeouts),
            ("millrace_provider_dials_total", "Connections dialled.", provider.transport.dials),
            ("millrace_provider_dial_failures_total", "Dials that failed.", provider.transport.dialFailures),
            ("millrace_provider_connections_lost_total", "Connections lost.", provider.transport.connectionsLost),
            ("millrace_provider_goaways_total", "GOAWAY frames received.", provider.transport.goAwaysReceived),
        ]
        for (name, help, value) in counters { metrics.counter(name, help: help, labels: labels, value: value) }
        let outcomes: [(String, UInt64)] = [
            ("succeeded", provider.succeeded), ("pending", provider.pending), ("declined", provider.declined),
            ("action_required", provider.actionRequired), ("not_executed", provider.notExecuted),
            ("unknown", provider.unknown), ("not_found", provider.notFound),
        ]
        for (outcome, value) in outcomes {
            metrics.counter(
                "millrace_provider_outcomes_total",
                help: "What came of calls to the PSP.",
                labels: labels + [MetricLabel("outcome", outcome)],
                value: value
            )
        }
        let gauges: [(StaticString, StaticString, Int)] = [
            ("millrace_provider_connections", "Usable connections.", provider.transport.connectionsReady),
            ("millrace_provider_in_flight", "Calls in flight.", provider.transport.inFlight),
            ("millrace_provider_queued", "Calls waiting for a stream.", provider.transport.queued),
        ]
        for (name, help, value) in gauges { metrics.gauge(name, help: help, labels: labels, value: Int64(value)) }
    }

    private static func add(_ scorer: ScorerStatistics, to metrics: inout MetricsSnapshot) {
        metrics.counter(
            "millrace_risk_scorer_questions_total",
            help: "Questions to the external scorer.",
            value: scorer.questions
        )
        let outcomes: [(String, UInt64)] = [
            ("scored", scorer.scored), ("timeout", scorer.timeouts), ("unreachable", scorer.unreachable),
            ("overloaded", scorer.overloaded), ("bad_answer", scorer.badAnswers),
        ]
        for (outcome, value) in outcomes {
            metrics.counter(
                "millrace_risk_scorer_answers_total",
                help: "What came of questions to the scorer.",
                labels: [MetricLabel("outcome", outcome)],
                value: value
            )
        }
        metrics.gauge(
            "millrace_risk_scorer_in_flight",
            help: "Questions under way.",
            value: Int64(scorer.inFlight)
        )
        metrics.latency(
            "millrace_risk_scorer_seconds",
            help: "Time from a question to its answer or failure.",
            value: scorer.latency
        )
    }
}
