import Gateway
import Journal
import Ledger
import Payments
import ShardRecords

/// One journal record as a line of JSON. None of its texts can need escaping: they are numbers,
/// identifiers and this program's own names.
enum RecordLine {
    static func text(
        _ place: StreamDump.Place,
        position: RecordPosition,
        in bytes: Span<UInt8>,
        hex: Bool
    ) -> String {
        var members = [
            "\"shard\":\(place.stream)", "\"position\":\(position)", "\"run\":\(place.run)",
            "\"batch\":\(place.batch.number)", "\"epoch\":\(place.epoch)",
        ]
        do throws(RecordDecodingError) {
            let record = try LinkedRecord(decoding: bytes)
            members += describe(record.record)
            members.append("\"configuration\":\(record.header.configurationVersion)")
        } catch {
            members.append("\"kind\":\"undecodable\"")
        }
        members.append("\"bytes\":\(bytes.count)")
        if hex { members.append("\"hex\":\"\(Hexadecimal.encode(copy(bytes)))\"") }
        return "{" + members.joined(separator: ",") + "}"
    }

    private static func describe(_ record: ShardRecord) -> [String] {
        let time = "\"time\":\(record.time)"
        switch record {
        case .paymentCreated(let created):
            return [
                kind("payment_created"), time, id("payment", created.id), "\"amount\":\(created.amountMinor)",
                "\"currency\":\"\(created.currency)\"", "\"fee_basis_points\":\(created.feeBasisPoints)",
                "\"route\":[" + created.route.connectors.map { "\($0.rawValue)" }.joined(separator: ",") + "]",
                "\"capture\":\(created.capturesAutomatically)",
            ]
        case .operationStarted(let started):
            return [
                kind("operation_started"), time, id("payment", started.payment), operation(started.operation),
                "\"ordinal\":\(started.ordinal)", "\"amount\":\(started.amountMinor)",
            ]
        case .operationFinished(let finished):
            return [
                kind("operation_finished"), time, id("payment", finished.payment), operation(finished.operation),
                "\"ordinal\":\(finished.ordinal)", "\"attempt\":\(finished.attempt)",
                "\"connector\":\(finished.connector.rawValue)", "\"amount\":\(finished.amountMinor)",
                "\"status\":\(finished.responseStatus)",
            ]
        case .operationUnresolved(let unresolved):
            return [
                kind("operation_unresolved"), time, id("payment", unresolved.payment),
                operation(unresolved.operation), "\"ordinal\":\(unresolved.ordinal)",
                "\"reason\":\"\(unresolved.reason)\"",
            ]
        case .operationAttempted(let attempted):
            return [
                kind("operation_attempted"), time, id("payment", attempted.payment), operation(attempted.operation),
                "\"ordinal\":\(attempted.ordinal)", "\"mode\":\"\(attempted.mode)\"",
                "\"answer\":\"\(attempted.answer)\"",
            ]
        case .attemptEnded(let ended): return [kind("attempt_ended"), time] + describe(ended)
        case .paymentChanged(let changed):
            return [
                kind("payment_changed"), time, id("payment", changed.payment), "\"change\":\"\(changed.change)\"",
                "\"amount\":\(changed.amountMinor)", "\"status\":\(changed.responseStatus)",
            ]
        case .riskDecided(let decided):
            // A scorer chooses the words of its reasons, so the line has only their number.
            return [
                kind("risk_decided"), time, id("payment", decided.payment), "\"outcome\":\"\(decided.band)\"",
                "\"score\":\(decided.score)", "\"by\":\"\(decided.source)\"",
                "\"reasons\":\(decided.reasons.count)", "\"status\":\(decided.responseStatus)",
            ]
        case .eventApplied(let event):
            return [
                kind("event_applied"), time, id("payment", event.payment), "\"type\":\"\(event.type.name)\"",
                "\"effect\":\"\(event.fact.effect.name)\"", "\"amount\":\(event.fact.amountMinor)",
                "\"currency\":\"\(event.fact.currency)\"", "\"dispute\":\(event.dispute)",
                "\"status\":\(event.responseStatus)",
            ]
        case .refundBounced(let bounced):
            return [
                kind("refund_bounced"), time, id("payment", bounced.payment), id("refund", bounced.refund),
                "\"amount\":\(bounced.amountMinor)",
            ]
        case .balanceMark(let mark): return [kind("balance_mark"), time] + describe(mark)
        case .payoutChanged, .walletOpened, .exchangeQuoted, .exchangeConverted: return describeMoney(record)
        }
    }

    /// Records that are no payment's.
    private static func describeMoney(_ record: ShardRecord) -> [String] {
        let time = "\"time\":\(record.time)"
        switch record {
        case .payoutChanged(let changed):
            return [
                kind("payout_changed"), time, id("payout", changed.id),
                "\"event\":\"\(changed.event.map { "\($0)" } ?? "requested")\"", "\"amount\":\(changed.amountMinor)",
                "\"currency\":\"\(changed.currency)\"", "\"status\":\(changed.responseStatus)",
            ]
        case .walletOpened(let opened):
            return [kind("wallet_opened"), time, id("wallet", opened.id), "\"currency\":\"\(opened.currency)\""]
        case .exchangeQuoted(let quoted):
            return [
                kind("exchange_quoted"), time, id("quote", quoted.id), "\"sold\":\(quoted.terms.soldMinor)",
                "\"sold_currency\":\"\(quoted.terms.sold)\"", "\"bought\":\(quoted.terms.boughtMinor)",
                "\"bought_currency\":\"\(quoted.terms.bought)\"", "\"rate\":\"\(quoted.terms.rate)\"",
                "\"expires\":\(quoted.expiresAt)",
            ]
        case .exchangeConverted(let converted): return [kind("exchange_converted"), time, id("quote", converted.id)]
        case .paymentCreated, .operationStarted, .operationFinished, .operationUnresolved, .operationAttempted,
            .attemptEnded, .paymentChanged, .riskDecided, .eventApplied, .refundBounced, .balanceMark:
            return []
        }
    }

    private static func describe(_ ended: AttemptEnded) -> [String] {
        let outcome =
            switch ended.outcome {
            case .declined(let decline): "\"declined\":\"\(decline.code.name)\",\"class\":\"\(decline.category.name)\""
            case .notExecuted(let failure): "\"not_executed\":\"\(failure)\""
            }
        return [
            id("payment", ended.payment), operation(.authorize), "\"ordinal\":\(ended.ordinal)",
            "\"attempt\":\(ended.attempt)", "\"connector\":\(ended.connector.rawValue)", outcome,
            "\"next_connector\":\(ended.nextConnector.rawValue)",
        ]
    }

    private static func describe(_ mark: BalanceMark) -> [String] {
        let lines = mark.lines.map { line in
            "{\"account\":\"\(line.account.kind.name)\",\"currency\":\"\(line.account.currency)\","
                + "\"debits\":\(line.totals.debits),\"credits\":\(line.totals.credits)}"
        }
        let merchant = (0..<8).map { UInt8(truncatingIfNeeded: mark.merchant.rawValue >> UInt64(56 - 8 * $0)) }
        return [
            id("merchant", Hexadecimal.encode(merchant)), "\"number\":\(mark.number)",
            "\"records\":\(mark.records)", "\"newest\":\(mark.newest)", "\"previous_mark\":\(mark.previousMark)",
            "\"balances\":[" + lines.joined(separator: ",") + "]",
        ]
    }

    private static func kind(_ name: String) -> String { "\"kind\":\"\(name)\"" }

    private static func id(_ name: String, _ value: some CustomStringConvertible) -> String {
        "\"\(name)\":\"\(value)\""
    }

    private static func operation(_ value: ProviderOperation) -> String { "\"operation\":\"\(value.name)\"" }

    private static func copy(_ bytes: Span<UInt8>) -> [UInt8] {
        var copy: [UInt8] = []
        copy.reserveCapacity(bytes.count)
        for index in bytes.indices { copy.append(bytes[index]) }
        return copy
    }
}
