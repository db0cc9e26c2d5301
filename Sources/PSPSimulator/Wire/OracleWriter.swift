import NIOCore
import WireJSON

/// Tells what really happened: one JSON line per reference and operation, by the rules in
/// `docs/psp-simulator.md`. Declined, pending and never executed operations do not appear: nothing
/// moved.
enum OracleWriter {
    /// Writes the lines of the references whose first authorisation is in `range`, until at least
    /// `lines` lines or `bytes` bytes are there. A reference is never split. Returns where to carry
    /// on; nil after the last.
    static func write(
        from range: Range<UInt32>,
        lines: Int,
        bytes: Int,
        in store: inout SimulatorStore,
        now: UInt32,
        into buffer: inout ByteBuffer
    ) -> UInt32? {
        var written = 0
        for number in range {
            if written >= lines || buffer.readableBytes >= bytes { return number }
            if store.operations[number].isFirstOfReference {
                written += writeReference(first: number, in: &store, now: now, into: &buffer)
            }
        }
        return nil
    }

    /// Writes the lines of one reference; returns how many.
    @discardableResult
    static func writeReference(
        first: UInt32,
        in store: inout SimulatorStore,
        now: UInt32,
        into buffer: inout ByteBuffer
    ) -> Int {
        var number = first
        while number != OperationRecord.none {
            store.settleCharge(store.operations[number].charge, now: now)
            number = store.operations[number].next
        }
        var lines = writeAuthorization(first: first, in: store, into: &buffer)
        number = first
        while number != OperationRecord.none {
            lines += writeMovements(authorization: number, in: store, into: &buffer)
            number = store.operations[number].next
        }
        return lines
    }

    /// One line for all authorisations of a reference. Two of them are a double charge, which the
    /// oracle has to show.
    private static func writeAuthorization(
        first: UInt32,
        in store: borrowing SimulatorStore,
        into buffer: inout ByteBuffer
    ) -> Int {
        var executed: [UInt32] = []
        var number = first
        while number != OperationRecord.none {
            if store.operations[number].outcome == .succeeded { executed.append(number) }
            number = store.operations[number].next
        }
        guard let leader = executed.first else { return 0 }
        writeLine(.authorize, like: leader, executed, in: store, into: &buffer)
        return 1
    }

    /// One line for the capture inside a sale, and one for every capture, cancellation and refund
    /// of the charge.
    private static func writeMovements(
        authorization: UInt32,
        in store: borrowing SimulatorStore,
        into buffer: inout ByteBuffer
    ) -> Int {
        let operation = store.operations[authorization]
        var lines = 0
        if operation.isSale, operation.outcome == .succeeded {
            writeLine(.capture, like: authorization, [authorization], in: store, into: &buffer)
            lines += 1
        }
        // A charge that was cancelled while it waited for its shopper held nothing.
        guard operation.outcome == .succeeded else { return lines }
        var followUp = store.charges[operation.charge].followUps
        while followUp != OperationRecord.none {
            if store.operations[followUp].outcome == .succeeded {
                writeLine(store.operations[followUp].kind, like: followUp, [followUp], in: store, into: &buffer)
                lines += 1
            }
            followUp = store.operations[followUp].next
        }
        return lines
    }

    private static func writeLine(
        _ kind: OperationKind,
        like leader: UInt32,
        _ executed: [UInt32],
        in store: borrowing SimulatorStore,
        into buffer: inout ByteBuffer
    ) {
        let operation = store.operations[leader]
        var writer = JSONWriter()
        writer.beginObject(into: &buffer)
        AnswerWriter.writeReference(ofCharge: operation.charge, in: store, &writer, into: &buffer)
        writer.name("operation", into: &buffer)
        writer.string(kind.name, into: &buffer)
        AnswerWriter.writeAmount(operation.amount, currency: operation.currency, writer: &writer, into: &buffer)
        writer.name("executions", into: &buffer)
        writer.integer(Int64(executed.count), into: &buffer)
        writer.name("keys", into: &buffer)
        writer.beginArray(into: &buffer)
        for number in executed {
            AnswerWriter.writeBytes(at: store.operations[number].key, in: store, &writer, into: &buffer)
        }
        writer.endArray(into: &buffer)
        writeDifferentAmounts(operation.amount, executed: executed, in: store, writer: &writer, into: &buffer)
        writer.endObject(into: &buffer)
        buffer.writeInteger(UInt8(ascii: "\n"))
    }

    private static func writeDifferentAmounts(
        _ amount: Int64,
        executed: [UInt32],
        in store: borrowing SimulatorStore,
        writer: inout JSONWriter,
        into buffer: inout ByteBuffer
    ) {
        var differ = false
        for number in executed where store.operations[number].amount != amount { differ = true }
        guard differ else { return }
        writer.name("amounts", into: &buffer)
        writer.beginArray(into: &buffer)
        for number in executed { writer.integer(store.operations[number].amount, into: &buffer) }
        writer.endArray(into: &buffer)
    }
}
