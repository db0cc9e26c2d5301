import Payments

/// The members that only few payments have: the wallet that a top-up fills, sellers' parts, a
/// capture by hand.
enum OptionalMembers {
    static func write(_ details: Span<UInt8>, _ output: inout ByteCursor) {
        guard isPresent(in: details) else { return }
        if let wallet = PaymentDetails.wallet(in: details, field: .wallet) {
            output.literal(",\"wallet_id\":\"")
            output.identifier(WalletID.prefix, high: wallet.high, low: wallet.low)
            output.literal("\"")
        }
        writeSplits(details, &output)
        guard let manual = PaymentDetails.manual(in: details) else { return }
        output.literal(",\"manual_capture\":")
        write(manual.method, reason: details.extracting(manual.reason), into: &output)
    }

    /// The bytes of these members beyond those of their fields in the details: names, numbers, at
    /// most five splits.
    static func extraBytes(_ details: Span<UInt8>) -> Int { isPresent(in: details) ? 640 : 0 }

    private static func isPresent(in details: Span<UInt8>) -> Bool {
        var index = 0
        while let field = PaymentDetails.field(in: details, at: index) {
            if field.field.rawValue >= PaymentDetails.Field.wallet.rawValue { return true }
            index = field.value.upperBound
        }
        return false
    }

    private static func writeSplits(_ details: Span<UInt8>, _ output: inout ByteCursor) {
        let splits = PaymentDetails.splits(in: details)
        guard !splits.isEmpty else { return }
        output.literal(",\"splits\":[")
        var isFirst = true
        for split in splits {
            guard let seller = split.seller else { continue }
            output.literal(isFirst ? "{\"seller\":" : ",{\"seller\":")
            isFirst = false
            output.quoted(seller.text.utf8.span)
            output.literal(",\"amount\":")
            output.decimal(split.amountMinor)
            output.literal(",\"settled\":")
            output.decimal(split.settledMinor)
            output.literal("}")
        }
        output.literal("]")
        guard let residue = splits.first(where: { $0.seller == nil }) else { return }
        output.literal(",\"split_residue\":")
        output.decimal(residue.amountMinor)
    }

    static func write(_ method: ManualMethod, reason: Span<UInt8>, into output: inout ByteCursor) {
        output.literal("{\"method\":\"")
        output.literal(method.name)
        output.literal("\",\"reason\":")
        output.quoted(reason)
        output.literal("}")
    }

    /// The plan of a capture, and why it was made by hand, as a timeline shows them.
    static func writeInstructions(_ instructions: Span<UInt8>, _ output: inout ByteCursor) {
        let plan = PaymentDetails.plan(in: instructions)
        if !plan.isEmpty {
            output.literal(",\"splits\":[")
            for (index, request) in plan.enumerated() {
                output.literal(index == 0 ? "{\"seller\":" : ",{\"seller\":")
                output.quoted(request.seller.text.utf8.span)
                switch request.share {
                case .amount(let minor):
                    output.literal(",\"amount\":")
                    output.decimal(minor)
                case .basisPoints(let points):
                    output.literal(",\"basis_points\":")
                    output.decimal(Int64(points))
                }
                output.literal("}")
            }
            output.literal("]")
        }
        guard let manual = PaymentDetails.manual(in: instructions) else { return }
        output.literal(",\"manual_capture\":")
        write(manual.method, reason: instructions.extracting(manual.reason), into: &output)
    }
}
