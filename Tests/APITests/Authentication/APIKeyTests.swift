import Testing

@testable import API

@Suite struct APIKeyTests {
    @Test func `a new key has its form and matches its hash`() {
        let key = APIKey.generate()
        #expect(key.text.count == 46)
        #expect(key.text.hasPrefix("mk_"))
        #expect(key.text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F })
        #expect(APIKeyHash(ofKey: key.text) == key.hash)
        #expect(APIKey.generate().text != key.text)
    }

    @Test func `the hash is the SHA-256 of the key in hexadecimal`() {
        // echo -n abc | sha256sum
        let expected = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        #expect(APIKeyHash(ofKey: "abc").description == expected)
        #expect(APIKeyHash(configured: expected) == APIKeyHash(ofKey: "abc"))
        #expect(APIKeyHash(configured: expected.uppercased().replacing("SHA256", with: "sha256")) != nil)
    }

    @Test(arguments: [
        "", "sha256:", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a",
        "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015adf",
        "sha256:ga7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "sha512:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    ])
    func `a text that is no hash is refused`(_ text: String) {
        #expect(APIKeyHash(configured: text) == nil)
    }

    @Test func `two digests that differ in any one bit are different`() {
        let digest = Digest256(words: (1, 2, 3, 4))
        #expect(digest.constantTimeEquals(Digest256(words: (1, 2, 3, 4))))
        #expect(!digest.constantTimeEquals(Digest256(words: (0, 2, 3, 4))))
        #expect(!digest.constantTimeEquals(Digest256(words: (1, 3, 3, 4))))
        #expect(!digest.constantTimeEquals(Digest256(words: (1, 2, 2, 4))))
        #expect(!digest.constantTimeEquals(Digest256(words: (1, 2, 3, 4 | 1 << 63))))
    }
}
