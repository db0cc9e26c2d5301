package import Ledger
import Money
import NIOCore
import Payments
import Risk
package import ShardCore
import ShardRecords
import Time

/// What a shard did, in lines of text: every record with its fields and transfers, every call,
/// every answer.
///
/// Fields are found by reflection, so that what a record gains is in the traces without a line
/// here. Left out is what is 0, nil, false or empty. Times are written from the beginning of the
/// run, payments by their number.
package struct Trace {
    private let names: [PaymentID: String]

    package init(_ driver: borrowing ShardDriver) {
        var names: [PaymentID: String] = [:]
        for (number, payment) in driver.payments { names[payment.id] = "p\(number)" }
        self.names = names
    }

    package func lines(_ driver: borrowing ShardDriver) -> [String] {
        var position = driver.journal.count
        for timed in driver.events {
            if case .record = timed.event { position -= 1 }
        }
        var lines: [String] = []
        for timed in driver.events {
            switch timed.event {
            case .record(let record):
                position += 1
                lines += text(record, at: position)
            case .call(let call, let number): lines.append("call \(number) \(text(call))")
            case .response(let response): lines.append(text(response))
            case .replay(let record): lines.append("response as stored in record \(record)")
            case .load: lines.append("read back from the disk")
            case .question(let question):
                let reasons = question.reasons.joined(separator: " ")
                lines.append("question to the scorer: \(question.score) \(reasons)")
            case .other(let text): lines.append(text)
            }
        }
        return lines
    }

    // MARK: Records

    private func text(_ record: ShardRecord, at position: Int) -> [String] {
        let mirror = Mirror(reflecting: record)
        guard let (kind, value) = mirror.children.first, let kind else { return ["record \(position)"] }
        let fields = self.fields(value).map { " \($0)" }.joined()
        let transfers = (0..<record.transfers.count).map { "  " + text(record.transfers[$0]) }
        return ["record \(position) \(kind)\(fields)"] + transfers
    }

    private func fields(_ value: Any) -> [String] {
        Mirror(reflecting: value).children.compactMap { label, child in
            guard let label, let text = text(child) else { return nil }
            return "\(label)=\(text)"
        }
    }

    /// nil for what is left out.
    private func text(_ value: Any) -> String? {
        switch value {
        case let id as PaymentID: return names[id] ?? "\(id)"
        case let id as RefundID: return "\(id)"
        case let id as MerchantID: return "\(id.rawValue)"
        case let key as RequestKey: return "\(key.digest.low)"
        case is Transfers: return nil
        case let currency as Currency: return "\(currency)"
        case let body as ByteBuffer: return body.readableBytes == 0 ? nil : "\(body.readableBytes)B"
        case let bytes as [UInt8]: return bytes.isEmpty ? nil : "\(bytes.count)B"
        case let text as String: return text.isEmpty ? nil : "\"\(text.replacing("\n", with: "\\n"))\""
        case let flag as Bool: return flag ? "yes" : nil
        case let time as Timestamp: return time == .none ? nil : Self.text(time.milliseconds)
        case let number as Int64: return number == 0 ? nil : Self.text(number)
        default: return other(value)
        }
    }

    private func other(_ value: Any) -> String? {
        let mirror = Mirror(reflecting: value)
        switch mirror.displayStyle {
        case .optional: return mirror.children.first.flatMap { text($0.value) }
        case .collection:
            let parts = mirror.children.compactMap { text($0.value) }
            return parts.isEmpty ? nil : "[\(parts.joined(separator: " "))]"
        case .enum:
            guard let (label, payload) = mirror.children.first, let label else { return "\(value)" }
            let parts = Mirror(reflecting: payload)
            let values =
                parts.displayStyle == .tuple ? parts.children.compactMap { text($0.value) } : [text(payload) ?? ""]
            return "\(label)(\(values.joined(separator: " ")))"
        case .struct:
            let parts = fields(value)
            return parts.isEmpty ? nil : "{\(parts.joined(separator: " "))}"
        default:
            let text = "\(value)"
            return text == "0" ? nil : text
        }
    }

    /// A number, or a time from the beginning of the run on.
    private static func text(_ number: Int64) -> String {
        let year: Int64 = 365 * 86_400_000
        guard number >= ShardDriver.start, number < ShardDriver.start + 10 * year else { return "\(number)" }
        return "t+\(Step.duration(number - ShardDriver.start))"
    }

    private func text(_ transfer: Transfer) -> String {
        let postings = (0..<transfer.count).map { index in
            let posting = transfer[index]
            let side = posting.amountMinor < 0 ? "Cr" : "Dr"
            return "\(side) \(Self.text(posting.account)) \(abs(posting.amountMinor)) \(posting.account.currency)"
        }
        return "\(transfer.rule): \(postings.joined(separator: ", "))"
    }

    static func text(_ account: Account) -> String {
        account.owner == 0 ? "\(account.kind.name)" : "\(account.kind.name)(\(account.owner))"
    }

    // MARK: Effects

    private func text(_ call: ProviderCall) -> String {
        var words = ["\(call.operation.name)", names[call.payment] ?? "\(call.payment)"]
        if call.mode != .execute { words.append("\(call.mode)") }
        if call.connector != .first { words.append("at=\(call.connector.rawValue)") }
        words += ["\(call.amountMinor)", "\(call.currency)"]
        if call.capturesAutomatically { words.append("sale") }
        if call.acceptsPartialAuthorization { words.append("partial") }
        if !call.paymentMethod.isEmpty { words.append("method=\(call.paymentMethod)") }
        if !call.providerReference.isEmpty { words.append("reference=\(call.providerReference)") }
        return words.joined(separator: " ") + " key=\(call.providerKey)"
    }

    private func text(_ response: Response) -> String {
        let retry = response.retryAfterSeconds == 0 ? "" : " retry-after=\(response.retryAfterSeconds)"
        return
            "response \(response.status)\(retry)\(response.isReplay ? " replay" : "") \(String(buffer: response.body))"
    }

    // MARK: State

    /// Status and counters of a payment.
    package static func text(_ payment: PaymentView, number: Int) -> String {
        var text =
            "payment p\(number) \(payment.status.name) amount=\(payment.amountMinor) authorized=\(payment.authorizedMinor)"
            + " capturable=\(payment.capturableMinor) captured=\(payment.capturedMinor) refunded=\(payment.refundedMinor)"
            + " refund_pending=\(payment.refundPendingMinor)"
        if payment.settledMinor != 0 { text += " settled=\(payment.settledMinor)" }
        if payment.disputedMinor != 0 { text += " disputed=\(payment.disputedMinor)" }
        if let failure = payment.failure { text += " failure=\(failure)" }
        if payment.expiresAt != .none { text += " deadline=\(self.text(payment.expiresAt.milliseconds))" }
        return text
    }

    package static func text(_ balance: TrialBalance) -> [String] {
        balance.kinds.map {
            "balance \($0.currency) \($0.kind.name) debits=\($0.totals.debits) credits=\($0.totals.credits)"
        } + ["balance is \(balance.isBalanced ? "zero in every currency" : "NOT ZERO")"]
    }
}
