import Foundation
import Testing

/// Every input of the committed corpus and every finding, in the ordinary build: what was found once stays fixed.
@Suite struct FuzzCorpusTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()

    @Test(arguments: FuzzTarget.all.map(\.name))
    func `the corpus breaks no promise`(_ name: String) throws {
        let target = try #require(FuzzTarget.named(name))
        var count = 0
        for kind in ["Corpus", "Findings"] {
            let files = try? FileManager.default.contentsOfDirectory(
                at: Self.folder.appending(path: "\(kind)/\(name)"),
                includingPropertiesForKeys: nil
            )
            for file in files ?? [] {
                try Data(contentsOf: file).withUnsafeBytes { target.run($0) }
                count += 1
            }
        }
        #expect(count > 0, "no corpus for \(name)")
    }
}
