// What a shopper brought back from a provider's page. It is kept while the confirmation that
// carries it runs. So a call that is sent again is the same call, also after a restart. No answer,
// timeline or log shows it.
extension PaymentDetails {
    /// The longest, in bytes.
    package static let maximumReturnDataBytes = 4_096

    /// Packed as an operation's instructions; empty for nothing.
    package init(returnData: String) {
        self.init(minimumCapacity: returnData.isEmpty ? 0 : returnData.utf8.count + 3)
        if !returnData.isEmpty { append(.returnData, returnData) }
    }

    /// What the running confirmation carries; empty for nothing.
    package static func returnData(in packed: Span<UInt8>) -> String {
        var found = ""
        forEachField(in: packed) { field, range in
            guard field == .returnData else { return }
            found = packed.extracting(range).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
        }
        return found
    }

    /// The same details without it; nil where there is none.
    package static func withoutReturnData(in packed: Span<UInt8>) -> PaymentDetails? {
        var isThere = false
        forEachField(in: packed) { field, _ in isThere = isThere || field == .returnData }
        return isThere ? keeping(in: packed, without: [.returnData]) : nil
    }
}
