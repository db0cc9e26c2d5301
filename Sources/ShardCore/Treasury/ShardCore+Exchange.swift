import Journal
import Payments
import ShardRecords
import ShardState
import Time

// Currency exchange: a quote fixes the terms, a conversion books them, once.
extension ShardCore {
    mutating func makeQuote(
        _ request: QuoteRequest,
        _ admitted: AdmittedCommand,
        in turn: inout Turn
    ) {
        let most = configuration.treasury.quotes
        guard treasury.quotes.presentCount < most || treasury.hasForgettableQuote(at: turn.now),
            treasury.quoteCount(of: admitted.merchant, at: turn.now) < configuration.merchantShare.of(most)
        else {
            return refuse(admitted.caller, .quoteTableFull, in: &turn)
        }
        guard let terms = request.terms else { return refuse(admitted.caller, .exchangeAmountTooSmall, in: &turn) }
        var record = ExchangeQuoted(
            id: nextIdentifier(QuoteID.self, after: treasury.quotes.count, at: turn.now),
            merchant: admitted.merchant,
            terms: terms,
            expiresAt: turn.now.adding(milliseconds: request.validMilliseconds),
            key: admitted.key,
            responseStatus: 0,
            response: Self.noBody,
            time: turn.now
        )
        applyQuote(record, at: nextPosition)
        let quote = treasury.quotes[Int(record.id.sequence) - 1]
        let answer = answer(201) { $0.renderQuote(quote, into: &$1) }
        record.responseStatus = answer.status
        record.response = answer.body
        persist(.exchangeQuoted(record), in: &turn)
        respond(answer, to: admitted.caller, in: &turn)
    }

    mutating func applyQuote(_ record: ExchangeQuoted, at position: RecordPosition) {
        precondition(
            record.id.sequence == UInt64(treasury.quotes.count + 1) && record.id.shard == configuration.shard,
            "quotes are numbered without gaps"
        )
        var quote = ExchangeQuote(
            id: record.id,
            merchant: record.merchant,
            terms: record.terms,
            expiresAt: record.expiresAt
        )
        quote.lastRecord = position
        treasury.append(quote, at: record.time)
        keys.completeAtOnce(record.key, in: .requests, of: record.merchant, record: position, at: record.time)
    }

    mutating func convert(
        _ id: QuoteID,
        _ admitted: AdmittedCommand,
        in turn: inout Turn
    ) {
        guard let index = index(of: id, count: treasury.quotes.count), treasury.quotes.contains(index) else {
            return refuse(admitted.caller, .notFound, in: &turn)
        }
        let quote = treasury.quotes[index]
        guard quote.id == id, quote.merchant == admitted.merchant else {
            return refuse(admitted.caller, .notFound, in: &turn)
        }
        if quote.isConverted { return refuse(admitted.caller, .quoteUsed, in: &turn) }
        guard isTimeCertain else { return refuse(admitted.caller, .timeUncertain, in: &turn) }
        if quote.isExpired(at: turn.now) { return refuse(admitted.caller, .quoteExpired, in: &turn) }
        guard quote.terms.soldMinor <= owed(quote.source) else {
            return refuse(admitted.caller, .balanceInsufficient, in: &turn)
        }
        if let refusal = accountRefusal(admitted.merchant, quote.terms.bought) {
            return refuse(admitted.caller, refusal, in: &turn)
        }
        var record = ExchangeConverted(
            id: id,
            merchant: admitted.merchant,
            key: admitted.key,
            transfers: quote.postings,
            responseStatus: 0,
            response: Self.noBody,
            previous: quote.lastRecord,
            time: turn.now
        )
        applyConversion(record, at: nextPosition)
        let converted = treasury.quotes[index]
        let answer = answer(201) { $0.renderConversion(converted, into: &$1) }
        record.responseStatus = answer.status
        record.response = answer.body
        persist(.exchangeConverted(record), in: &turn)
        respond(answer, to: admitted.caller, in: &turn)
    }

    mutating func applyConversion(_ record: ExchangeConverted, at position: RecordPosition) {
        let index = Int(record.id.sequence) - 1
        precondition(
            treasury.quotes.contains(index) && treasury.quotes[index].id == record.id,
            "a record names no quote"
        )
        book(record.transfers, for: record.merchant, at: position)
        treasury.convertQuote(index, record: position, at: record.time)
        keys.completeAtOnce(record.key, in: .requests, of: record.merchant, record: position, at: record.time)
    }
}
