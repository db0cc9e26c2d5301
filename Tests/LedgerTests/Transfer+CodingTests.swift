import Money
import Testing

@testable import Ledger

@Suite struct TransferCodingTests {
    @Test func `the encoding is stable`() {
        var bytes: [UInt8] = []
        PostingRules.hold(Parties(merchant: 0x0807_0605_0403_0201, connector: 9, currency: .eur), amountMinor: 258)
            .encode(into: &bytes)
        let expected: [UInt8] = [
            1, 2, 16, 0xD2, 0x03, 9, 0, 0, 0, 0, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0, 17, 0xD2, 0x03, 1, 2, 3, 4, 5, 6, 7,
            8,
            0xFE, 0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
        ]
        #expect(bytes == expected)
    }

    @Test func `raw values that are journaled never change`() {
        #expect(PostingRule.allCases.map(\.rawValue) == Array(1...16) + Array(20...29))
        #expect(AccountKind.allCases.map(\.rawValue) == Array(1...17) + Array(20...22))
        #expect(AccountKind.memoAuthorizationMerchant.rawValue == 17 && AccountKind.refundClearing.rawValue == 7)
    }

    @Test func `a sequence of transfers survives encoding and decoding`() throws {
        var random = SeededGenerator(seed: 3)
        let transfers = (0..<2_000).map { _ in Transfer.random(using: &random) }
        var bytes: [UInt8] = [0xAA]
        for transfer in transfers {
            let before = bytes.count
            transfer.encode(into: &bytes)
            #expect(bytes.count - before == transfer.encodedBytes)
        }
        var offset = 1
        for transfer in transfers { #expect(try Transfer.decode(from: bytes.span, at: &offset) == transfer) }
        #expect(offset == bytes.count)
    }

    @Test func `every truncation is refused and leaves the offset`() {
        var bytes: [UInt8] = []
        PostingRules.capture(someParties, amountMinor: 100, feeMinor: 3).encode(into: &bytes)
        for length in 0..<bytes.count {
            var offset = 0
            #expect(throws: LedgerDecodingError.truncated) {
                try Transfer.decode(from: Array(bytes[..<length]).span, at: &offset)
            }
            #expect(offset == 0)
        }
    }

    private func error(changing index: Int, to value: UInt8) -> LedgerDecodingError? {
        var bytes: [UInt8] = []
        PostingRules.capture(someParties, amountMinor: 100, feeMinor: 3).encode(into: &bytes)
        bytes[index] = value
        var offset = 0
        do throws(LedgerDecodingError) {
            _ = try Transfer.decode(from: bytes.span, at: &offset)
            return nil
        } catch {
            return error
        }
    }

    @Test func `each kind of damage has its own error`() {
        #expect(error(changing: 0, to: 0) == .unknownRule(0))
        #expect(error(changing: 0, to: 200) == .unknownRule(200))
        #expect(error(changing: 1, to: 1) == .postingCount(1))
        #expect(error(changing: 1, to: 9) == .postingCount(9))
        #expect(error(changing: 1, to: 2) == .unbalanced)
        #expect(error(changing: 2, to: 0) == .unknownAccountKind(0))
        #expect(error(changing: 3, to: 0) == .unknownCurrency(0x300))
        #expect(error(changing: 2, to: AccountKind.platformFees.rawValue) == .unexpectedOwner)
        #expect(error(changing: 13, to: 0) == .invalidAmount)
        #expect(error(changing: 13, to: 101) == .unbalanced)
        // JPY 392 is 0x188, one posting of three in another currency.
        #expect(error(changing: 3, to: 0x88) == .unknownCurrency(0x388))
    }

    @Test func `random bytes never trap, and what decodes encodes to the same bytes`() {
        var random = SeededGenerator(seed: 4)
        for _ in 0..<20_000 {
            var bytes: [UInt8] = []
            Transfer.random(using: &random).encode(into: &bytes)
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            var offset = 0
            guard let transfer = try? Transfer.decode(from: bytes.span, at: &offset) else { continue }
            var again: [UInt8] = []
            transfer.encode(into: &again)
            #expect(again == Array(bytes[..<offset]))
        }
    }
}
