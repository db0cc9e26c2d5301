import Testing

@testable import Gateway

@Suite struct BackupManifestTests {
    private var manifest: BackupManifest {
        var manifest = BackupManifest(seconds: 1_800_000_000)
        manifest.logs = [
            .init(number: 0, lastPosition: 12, headHash: "ab"), .init(number: 1, lastPosition: 0, headHash: "cd"),
        ]
        manifest.files = [
            .init(path: "shard-000/a file", bytes: 3, digest: "ef"), .init(path: "meta.yaml", bytes: 1, digest: "01"),
        ]
        return manifest
    }

    @Test func `text comes back`() {
        #expect(BackupManifest(manifest.text) == manifest)
    }

    @Test func `any changed or missing byte is refused`() {
        let text = manifest.text
        for index in text.indices {
            var changed = text
            changed[index] ^= 1
            #expect(BackupManifest(changed) == nil)
            #expect(BackupManifest(Array(text[..<index])) == nil)
        }
    }

    @Test(arguments: ["/etc/passwd", "../x", "shard-000/../../x"]) func `path that leads out is refused`(path: String) {
        var bad = manifest
        bad.files.append(.init(path: path, bytes: 0, digest: "00"))
        #expect(BackupManifest(bad.text) == nil)
    }
}
