import Payments
import WireJSON

extension BodyReader {
    /// `splits`: at most four sellers, each once, each with `amount` or `basis_points`.
    mutating func splits(
        _ input: Span<UInt8>,
        _ scratch: inout RequestScratch
    ) throws(Rejection) -> [SplitRequest] {
        var splits: [SplitRequest] = []
        try beginArray("splits", input)
        while try nextElement(input) {
            let split = try split(input, &scratch)
            guard !splits.contains(where: { $0.seller == split.seller }) else {
                throw Rejection(.parameterValueUnknown, .known("splits"))
            }
            splits.append(split)
            guard splits.count <= SplitAllocation.maximumSellers else {
                throw Rejection(.tooManySellers, .known("splits"))
            }
        }
        return splits
    }

    private mutating func split(
        _ input: Span<UInt8>,
        _ scratch: inout RequestScratch
    ) throws(Rejection) -> SplitRequest {
        var seller: SellerName?
        var share: SplitRequest.Share?
        try beginObject("splits", input)
        while let name = try next(input) {
            if name.equals("seller", in: input) {
                seller = try self.seller(input, &scratch)
            } else if name.equals("amount", in: input), share == nil {
                share = .amount(try amount("amount", input))
            } else if name.equals("basis_points", in: input), share == nil {
                let points = try amount("basis_points", input)
                guard points <= 10_000 else { throw Rejection(.parameterOutOfRange, .known("basis_points")) }
                share = .basisPoints(UInt16(points))
            } else {
                throw unknown(name, in: input, scratch: &scratch)
            }
        }
        guard let seller else { throw Rejection(.parameterMissing, .known("seller")) }
        guard let share else { throw Rejection(.parameterMissing, .known("amount")) }
        return SplitRequest(seller: seller, share: share)
    }

    /// `manual`: how a capture was made by hand, and why.
    mutating func manual(
        _ input: Span<UInt8>,
        _ scratch: inout RequestScratch
    ) throws(Rejection) -> (method: ManualMethod, reason: String) {
        var method: ManualMethod?
        var reason: String?
        try beginObject("manual", input)
        while let name = try next(input) {
            if name.equals("method", in: input) {
                method = try manualMethod(input)
            } else if name.equals("reason", in: input) {
                reason = try manualReason(input, &scratch)
            } else {
                throw unknown(name, in: input, scratch: &scratch)
            }
        }
        guard let method else { throw Rejection(.parameterMissing, .known("method")) }
        guard let reason else { throw Rejection(.parameterMissing, .known("reason")) }
        return (method, reason)
    }

    /// `method`: who has the money of a capture by hand.
    mutating func manualMethod(_ input: Span<UInt8>) throws(Rejection) -> ManualMethod {
        let value = try string("method", input)
        guard let method = ManualMethod.allCases.first(where: { value.equals($0.name, in: input) }) else {
            throw Rejection(.parameterValueUnknown, .known("method"))
        }
        return method
    }

    /// `reason`: why a capture was made by hand.
    mutating func manualReason(
        _ input: Span<UInt8>,
        _ scratch: inout RequestScratch
    ) throws(Rejection) -> String {
        try text("reason", lengths: 1...Payout.maximumTextBytes, in: input, scratch: &scratch)
    }
}
