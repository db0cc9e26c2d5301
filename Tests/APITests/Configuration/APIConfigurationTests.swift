import Payments
import Testing

@testable import API

@Suite struct APIConfigurationTests {
    static func merchant(_ name: String, fee: UInt16 = 0, keys: [APIKeyHash]) -> APIConfiguration.Merchant {
        .init(name: name, feeBasisPoints: fee, route: RoutePlan(.first), keyHashes: keys)
    }

    static func failure(_ merchants: [APIConfiguration.Merchant], seedLength: Int = 32) -> APIConfigurationError? {
        do throws(APIConfigurationError) {
            _ = try APIConfiguration(
                merchants: merchants,
                idempotencySeed: [UInt8](repeating: 1, count: seedLength)
            )
            return nil
        } catch {
            return error
        }
    }

    @Test func `a merchant's identifier is the head of its name's digest`() {
        // echo -n abc | sha256sum | cut -c1-16
        #expect(MerchantID(configured: "abc").rawValue == 0xba78_16bf_8f01_cfea)
    }

    @Test func `a merchant named twice is refused`() {
        let one = Self.merchant("acme", keys: [APIKey.generate().hash])
        let two = Self.merchant("acme", keys: [APIKey.generate().hash])
        #expect(Self.failure([one, two]) == .merchantTwice("acme", "acme"))
    }

    @Test func `a key of two merchants is refused`() {
        let hash = APIKey.generate().hash
        #expect(
            Self.failure([Self.merchant("acme", keys: [hash]), Self.merchant("bolt", keys: [hash])])
                == .keyTwice(merchant: "bolt")
        )
    }

    @Test func `a fee above all of the amount is refused`() {
        #expect(Self.failure([Self.merchant("acme", fee: 10_001, keys: [])]) == .feeTooLarge(merchant: "acme"))
        #expect(Self.failure([Self.merchant("acme", fee: 10_000, keys: [])]) == nil)
    }

    @Test(arguments: [(15, false), (16, true), (32, true), (33, false)])
    func `the seed has 16 to 32 bytes`(_ length: Int, _ isAccepted: Bool) {
        #expect((Self.failure([], seedLength: length) == nil) == isAccepted)
    }

    @Test func `each of many keys leads to its merchant, and no other key does`() throws {
        let keys = (0..<500).map { _ in APIKey.generate() }
        let merchants = stride(from: 0, to: 500, by: 2).map {
            Self.merchant("m\($0)", keys: [keys[$0].hash, keys[$0 + 1].hash])
        }
        let directory = try MerchantDirectory(merchants, operators: [])
        for (index, key) in keys.enumerated() {
            #expect(directory.principal(of: key.hash.digest) == .merchant(index / 2))
        }
        for _ in 0..<500 { #expect(directory.principal(of: APIKey.generate().hash.digest) == nil) }
    }
}
