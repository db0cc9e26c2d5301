package import Journal
import Ledger
import Money
import NIOCore
package import Payments

// Layout (docs/records.md): the header, the fields in the order of the struct, and the merchant's record before this one that books
// something (u64, `EntryLink`). Variable-length parts stand behind a u32 length. The stored answer is the last field, so that a
// reader finds it without knowing the rest.
extension ShardRecord {
    /// The bytes behind the fields: the link of the merchant's entries.
    package static let trailerBytes = 8

    package enum Kind: UInt8 {
        case paymentCreated = 1
        case operationStarted = 2
        case operationFinished = 3
        case operationUnresolved = 4
        case refundBounced = 5
        case operationAttempted = 6
        case paymentChanged = 7
        case payoutChanged = 10
        case walletOpened = 11
        case exchangeQuoted = 12
        case exchangeConverted = 13
        case riskDecided = 14
        case eventApplied = 8
        case balanceMark = 15
        case attemptEnded = 16
    }

    /// Appends the record in the journal engine's framing: a little-endian `UInt32` length, then the bytes.
    /// - Parameter entryLink: the merchant's record before this one that books something, if this one does (`EntryChains`).
    package func encodeFramed(
        header: RecordHeader,
        entryLink: RecordPosition = EntryLink.none,
        into bytes: inout [UInt8]
    ) {
        let start = bytes.count
        bytes.appendInteger(UInt32(0))
        header.encode(into: &bytes)
        switch self {
        case .paymentCreated(let record): record.encode(into: &bytes)
        case .operationStarted(let record): record.encode(into: &bytes)
        case .operationFinished(let record): record.encode(into: &bytes)
        case .operationUnresolved(let record): record.encode(into: &bytes)
        case .refundBounced(let record): record.encode(into: &bytes)
        case .operationAttempted(let record): record.encode(into: &bytes)
        case .attemptEnded(let record): record.encode(into: &bytes)
        case .balanceMark(let record): record.encode(into: &bytes)
        case .paymentChanged(let record): record.encode(into: &bytes)
        case .riskDecided(let record): record.encode(into: &bytes)
        case .payoutChanged(let record): record.encode(into: &bytes)
        case .walletOpened(let record): record.encode(into: &bytes)
        case .exchangeQuoted(let record): record.encode(into: &bytes)
        case .exchangeConverted(let record): record.encode(into: &bytes)
        case .eventApplied(let record): record.encode(into: &bytes)
        }
        bytes.appendInteger(entryLink)
        let length = UInt32(bytes.count - start - 4)
        for index in 0..<4 { bytes[start + index] = UInt8(truncatingIfNeeded: length >> UInt32(index * 8)) }
    }
}

extension [UInt8] {
    package mutating func append(_ id: PaymentID) {
        appendInteger(id.high)
        appendInteger(id.low)
    }

    package mutating func append(_ key: RequestKey) {
        appendInteger(key.digest.high)
        appendInteger(key.digest.low)
        appendInteger(key.fingerprint.high)
        appendInteger(key.fingerprint.low)
        appendInteger(key.requestID.high)
        appendInteger(key.requestID.low)
    }

    /// No key is 48 zeros.
    package mutating func append(_ key: RequestKey?) {
        append(key ?? RequestKey.none)
    }

    package mutating func appendText(_ text: String) {
        var text = text
        text.withUTF8 { utf8 in
            appendInteger(UInt32(utf8.count))
            append(contentsOf: utf8)
        }
    }

    package mutating func append(_ transfers: Transfers) {
        append(UInt8(transfers.count))
        if let first = transfers.first { first.encode(into: &self) }
        if let second = transfers.second { second.encode(into: &self) }
    }

    package mutating func append(_ result: OperationResult) {
        switch result {
        case .succeeded: appendResult(1, 0, 0)
        case .declined(let category, let code): appendResult(2, category.rawValue, code.rawValue)
        case .notExecuted(let reason): appendResult(3, reason.rawValue, 0)
        case .conflicted: appendResult(4, 0, 0)
        case .actionRequired: appendResult(5, 0, 0)
        }
    }

    private mutating func appendResult(_ kind: UInt8, _ first: UInt8, _ second: UInt8) {
        append(kind)
        append(first)
        append(second)
    }
}

extension PaymentCreated {
    fileprivate func encode(into bytes: inout [UInt8]) {
        bytes.appendInteger(amountMinor)
        bytes.appendInteger(currency.numericCode)
        bytes.appendInteger(feeBasisPoints)
        bytes.append((capturesAutomatically ? 1 : 0) | traits.rawValue << 4)
        bytes.appendInteger(route.packed)
        bytes.append(flags.rawValue)
        bytes.appendInteger(overCaptureBasisPoints)
        bytes.append(key)
        bytes.appendInteger(UInt32(details.count))
        bytes.append(contentsOf: details)
    }
}

extension OperationStarted {
    fileprivate func encode(into bytes: inout [UInt8]) {
        bytes.append(operation.rawValue)
        bytes.appendInteger(ordinal)
        bytes.appendInteger(amountMinor)
        bytes.append(staysOpen ? 1 : 0)
        bytes.append(cause?.rawValue ?? 0)
        bytes.append(key)
        bytes.append(transfers)
        guard !instructions.isEmpty else { return }
        bytes.appendInteger(UInt32(instructions.count))
        bytes.append(contentsOf: instructions)
    }
}

extension OperationFinished {
    fileprivate func encode(into bytes: inout [UInt8]) {
        bytes.append(operation.rawValue)
        bytes.appendInteger(ordinal)
        bytes.appendInteger(connector.rawValue)
        bytes.append(UInt8(truncatingIfNeeded: attempt))
        bytes.append(result)
        bytes.append(advice.rawValue)
        bytes.appendInteger(amountMinor)
        bytes.appendInteger(executedMinor)
        bytes.appendInteger(executedCurrency.numericCode)
        bytes.append(staysOpen ? 1 : 0)
        bytes.appendInteger(deadline)
        bytes.appendText(providerReference)
        bytes.appendText(declineProviderCode)
        bytes.appendInteger(UInt32(nextAction.count))
        bytes.append(contentsOf: nextAction)
        bytes.append(transfers)
        bytes.appendInteger(responseStatus)
        bytes.appendInteger(UInt32(response.readableBytes))
        response.withUnsafeReadableBytes { bytes.append(contentsOf: $0) }
    }
}

extension OperationUnresolved {
    fileprivate func encode(into bytes: inout [UInt8]) {
        bytes.append(operation.rawValue)
        bytes.appendInteger(ordinal)
        bytes.append(reason.rawValue)
        bytes.appendText(providerReference)
    }
}

extension RefundBounced {
    fileprivate func encode(into bytes: inout [UInt8]) {
        bytes.appendInteger(refund.high)
        bytes.appendInteger(refund.low)
        bytes.appendInteger(amountMinor)
        bytes.append(transfers)
    }
}

extension OperationAttempted {
    fileprivate func encode(into bytes: inout [UInt8]) {
        bytes.append(operation.rawValue)
        bytes.appendInteger(ordinal)
        bytes.append(mode.rawValue + 1)
        bytes.append(answer.rawValue)
        bytes.append(reason?.rawValue ?? 0)
    }
}

extension PaymentChanged {
    fileprivate func encode(into bytes: inout [UInt8]) {
        bytes.append(change.rawValue)
        bytes.appendInteger(amountMinor)
        bytes.appendInteger(deadline)
        bytes.appendText(note)
        bytes.append(key)
        bytes.append(transfers)
        bytes.appendInteger(responseStatus)
        bytes.appendInteger(UInt32(response.readableBytes))
        response.withUnsafeReadableBytes { bytes.append(contentsOf: $0) }
    }
}
