import Testing

@testable import Risk

@Suite struct RiskDigestTests {
    /// Key 00 01 ... 0f; messages 00 01 ... of 0 to 3 bytes and of 15: `vectors_sip128` of the
    /// reference implementation.
    @Test(arguments: [
        (0, "a3817f04ba25a8e66df67214c7550293"),
        (1, "da87c1d86b99af44347659119b22fc45"),
        (2, "8177228da4a45dc7fca38bdef60affe4"),
        (3, "9c70b60c5267a94e5f33b6b02985ed51"),
    ])
    func `the reference's vectors`(_ length: Int, _ expected: String) {
        let key = RiskKey(first: 0x0706_0504_0302_0100, second: 0x0f0e_0d0c_0b0a_0908)
        var hash = SipHash128(key)
        let message = (0..<length).map { UInt8($0) }
        let (first, second) = hash.finish(message.span, before: 0)
        #expect(hexadecimal(first) + hexadecimal(second) == expected)
    }

    @Test func `words before the bytes are the message's first bytes`() {
        let key = RiskKey(first: 1, second: 2)
        let bytes = (0..<29).map { UInt8($0) }
        var whole = SipHash128(key)
        let expected = whole.finish(bytes.span, before: 0)
        let rest = Array(bytes[16...])
        let digest = RiskDigest(key, first: 0x0706_0504_0302_0100, second: 0x0f0e_0d0c_0b0a_0908, bytes: rest.span)
        #expect((digest.low, digest.high) == expected)
    }

    private func hexadecimal(_ word: UInt64) -> String {
        (0..<8).map {
            let text = String(UInt8(truncatingIfNeeded: word >> UInt64(8 * $0)), radix: 16)
            return text.count == 1 ? "0" + text : text
        }.joined()
    }
}
