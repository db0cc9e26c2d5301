import HTTPTransport
import NIOCore
import WireJSON

extension SimulatorApplication {
    private static let pageLimit = 100
    private static let defaultPage = 20

    /// `GET /v1/operations?key=`
    func readOperation(_ token: HTTPStreamToken, _ query: Span<UInt8>) {
        guard let key = QueryString.value(of: "key", in: query), !key.isEmpty else {
            return replyToQuery(token, response(.invalidRequest))
        }
        guard let number = core.operation(key: key.span, now: now) else {
            return replyToQuery(token, response(.operationNotFound))
        }
        guard interface.tells(core.store.operations[number].kind) else {
            return replyToQuery(token, response(.operationNotTold))
        }
        var body = ByteBufferAllocator().buffer(capacity: 384)
        AnswerWriter.write(operation: number, in: core.store, into: &body)
        replyToQuery(token, json(200, body))
    }

    /// `GET /v1/charges/{id}`
    func readCharge(_ token: HTTPStreamToken, _ charge: UInt32?) {
        guard let charge, charge < core.store.charges.count else {
            return replyToQuery(token, response(.chargeNotFound))
        }
        var body = ByteBufferAllocator().buffer(capacity: 384)
        var writer = JSONWriter()
        write(charge, &writer, into: &body)
        replyToQuery(token, json(200, body))
    }

    /// `GET /v1/charges`, all in the order of their making or those of one reference.
    func listCharges(_ token: HTTPStreamToken, _ query: Span<UInt8>) {
        if let reference = QueryString.value(of: "reference", in: query) {
            return replyToQuery(token, json(200, charges(ofReference: reference)))
        }
        let limit = min(max(QueryString.number(of: "limit", in: query) ?? Self.defaultPage, 1), Self.pageLimit)
        var first: UInt32 = 0
        if let after = QueryString.value(of: "starting_after", in: query) {
            guard let charge = Identifier.chargeNumber(after.span, epoch: core.store.epoch),
                charge < core.store.charges.count
            else { return replyToQuery(token, response(.chargeNotFound)) }
            first = charge + 1
        }
        replyToQuery(token, json(200, charges(from: first, limit: limit)))
    }

    private func charges(from first: UInt32, limit: Int) -> ByteBuffer {
        let end = min(Int(first) + limit, core.store.charges.count)
        return list(hasMore: end < core.store.charges.count) { writer, body in
            for number in Int(first)..<max(end, Int(first)) where !core.store.charges[UInt32(number)].isTombstone {
                write(UInt32(number), &writer, into: &body)
            }
        }
    }

    private func charges(ofReference reference: [UInt8]) -> ByteBuffer {
        let bytes = reference.span
        var number = core.store.authorization(reference: bytes, hash: core.hash(bytes)) ?? OperationRecord.none
        return list(hasMore: false) { writer, body in
            while number != OperationRecord.none {
                write(core.store.operations[number].charge, &writer, into: &body)
                number = core.store.operations[number].next
            }
        }
    }

    private func list(hasMore: Bool, _ elements: (inout JSONWriter, inout ByteBuffer) -> Void) -> ByteBuffer {
        var body = ByteBuffer()
        var writer = JSONWriter()
        writer.beginObject(into: &body)
        writer.name("data", into: &body)
        writer.beginArray(into: &body)
        elements(&writer, &body)
        writer.endArray(into: &body)
        writer.name("has_more", into: &body)
        writer.bool(hasMore, into: &body)
        writer.endObject(into: &body)
        return body
    }

    private func write(_ charge: UInt32, _ writer: inout JSONWriter, into body: inout ByteBuffer) {
        let now = now
        core.store.settleCharge(charge, now: now)
        AnswerWriter.write(charge: charge, in: core.store, now: now, &writer, into: &body)
    }
}
