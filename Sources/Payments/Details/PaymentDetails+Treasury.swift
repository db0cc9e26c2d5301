// Fields of a payment's details that do decide something: which wallet a top-up fills, how a
// capture is shared, why it was made by hand. They are read on those payments only
// (`Payment.traits`). All but the wallet are in the payment's notes. The notes are apart from the
// details that the payment was created with.
//
// Layout, little-endian. The field `wallet` is the identifier's text. The field `manual` is method
// u8 and reason. The field `splitPlan` is there while a capture runs. For each seller it has kind
// u8 (1 amount, 2 basis points), share i64, length of the name u8, name. There is one field `split`
// for each seller: owner u64, amount i64, settled i64, name. A `split` without owner and name is
// what rounding left to the platform.
extension PaymentDetails {
    /// The wallet that pays for the payment, or that it fills.
    package static func wallet(in packed: Span<UInt8>, field wanted: Field) -> WalletID? {
        var found: WalletID?
        forEachField(in: packed) { field, range in
            guard field == wanted else { return }
            found = WalletID(packed.extracting(range).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) })
        }
        return found
    }

    package mutating func append(manual method: ManualMethod, reason: String) {
        append(.manual, ([method.rawValue] + Array(reason.utf8)).span)
    }

    package mutating func append(plan requests: [SplitRequest]) {
        var bytes: [UInt8] = []
        for request in requests {
            switch request.share {
            case .amount(let minor):
                bytes.append(1)
                bytes.appendMinor(minor)
            case .basisPoints(let points):
                bytes.append(2)
                bytes.appendMinor(Int64(points))
            }
            bytes.append(UInt8(request.seller.text.utf8.count))
            bytes.append(contentsOf: request.seller.text.utf8)
        }
        append(.splitPlan, bytes.span)
    }

    package mutating func append(_ split: PaymentSplit) {
        var bytes: [UInt8] = []
        bytes.appendMinor(Int64(bitPattern: split.owner))
        bytes.appendMinor(split.amountMinor)
        bytes.appendMinor(split.settledMinor)
        bytes.append(contentsOf: (split.seller?.text ?? "").utf8)
        append(.split, bytes.span)
    }

    /// What the running capture is to give sellers. Empty without a plan, or when the bytes are not
    /// a plan (a defect).
    package static func plan(in packed: Span<UInt8>) -> [SplitRequest] {
        var requests: [SplitRequest] = []
        forEachField(in: packed) { field, range in
            guard field == .splitPlan else { return }
            var index = range.lowerBound
            while index + 10 <= range.upperBound {
                let value = minor(packed, index + 1)
                let end = index + 10 + Int(packed[index + 9])
                guard end <= range.upperBound, let seller = seller(packed, index + 10..<end) else { return }
                let share: SplitRequest.Share =
                    packed[index] == 1 ? .amount(value) : .basisPoints(UInt16(clamping: value))
                requests.append(SplitRequest(seller: seller, share: share))
                index = end
            }
        }
        return requests
    }

    /// What sellers have of the payment, in the order in which they first got something.
    package static func splits(in packed: Span<UInt8>) -> [PaymentSplit] {
        var splits: [PaymentSplit] = []
        forEachField(in: packed) { field, range in
            guard field == .split, range.count >= 24 else { return }
            splits.append(
                PaymentSplit(
                    seller: seller(packed, range.lowerBound + 24..<range.upperBound),
                    owner: UInt64(bitPattern: minor(packed, range.lowerBound)),
                    amountMinor: minor(packed, range.lowerBound + 8),
                    settledMinor: minor(packed, range.lowerBound + 16)
                )
            )
        }
        return splits
    }

    /// How and why a capture was made by hand; nil when none was.
    package static func manual(in packed: Span<UInt8>) -> (method: ManualMethod, reason: Range<Int>)? {
        var found: (ManualMethod, Range<Int>)?
        forEachField(in: packed) { field, range in
            guard field == .manual, !range.isEmpty, let method = ManualMethod(rawValue: packed[range.lowerBound]) else {
                return
            }
            found = (method, range.lowerBound + 1..<range.upperBound)
        }
        return found
    }

    /// The same details with these splits instead of what sellers had. The plan of a capture that
    /// is running stays.
    package static func replacing(in packed: Span<UInt8>, splits: [PaymentSplit]) -> PaymentDetails {
        replacing(in: packed, splits: splits, dropping: [.split])
    }

    /// The same, and without the plan: its capture has ended.
    package static func endingPlan(in packed: Span<UInt8>, splits: [PaymentSplit]) -> PaymentDetails {
        replacing(in: packed, splits: splits, dropping: [.split, .splitPlan])
    }

    /// Takes the plan out of the details that a payment was created with. The plan is in the notes,
    /// and goes when its capture ends.
    package static func separatingPlan(in packed: Span<UInt8>) -> (details: PaymentDetails, notes: PaymentDetails) {
        var notes = PaymentDetails()
        forEachField(in: packed) { field, range in
            if field == .splitPlan { notes.append(.splitPlan, packed.extracting(range)) }
        }
        return (keeping(in: packed, without: [.splitPlan]), notes)
    }

    private static func replacing(
        in packed: Span<UInt8>,
        splits: [PaymentSplit],
        dropping dropped: Set<Field>
    ) -> PaymentDetails {
        var details = keeping(in: packed, without: dropped, capacity: 128)
        for split in splits { details.append(split) }
        return details
    }

    private static func seller(_ packed: Span<UInt8>, _ range: Range<Int>) -> SellerName? {
        SellerName(packed.extracting(range).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) })
    }

    private static func minor(_ packed: Span<UInt8>, _ start: Int) -> Int64 {
        var value: UInt64 = 0
        for index in 0..<8 { value |= UInt64(packed[start + index]) << UInt64(index * 8) }
        return Int64(bitPattern: value)
    }
}

extension [UInt8] {
    fileprivate mutating func appendMinor(_ value: Int64) {
        let bits = UInt64(bitPattern: value)
        for index in 0..<8 { append(UInt8(truncatingIfNeeded: bits >> UInt64(index * 8))) }
    }
}
