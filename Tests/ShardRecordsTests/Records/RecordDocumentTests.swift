import Foundation
import Payments
import ShardRecords
import Testing

/// docs/records.md lists the fields of every kind in the order of their bytes: the list is the
/// code's.
@Suite struct RecordDocumentTests {
    @Test(arguments: RecordSamples.all.indices)
    func theDocumentListsTheFields(_ index: Int) throws {
        let record = RecordSamples.all[index]
        let documented = try Self.fields(ofKind: record.kind.rawValue)
        let isAboutPayment = record.kind.isAboutPayment
        let header = RecordHeader(
            record.facts,
            merchant: RecordSamples.merchant,
            status: isAboutPayment ? .processing : nil,
            paymentVersion: isAboutPayment ? 2 : 0
        )
        #expect(documented == record.fieldList(header), "kind \(record.kind.rawValue)")
    }

    /// The first two columns of the table under "### Kind N: ...".
    private static func fields(ofKind kind: UInt8) throws -> [String] {
        let text = try String(contentsOf: repository.appending(path: "docs/records.md"), encoding: .utf8)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard let start = lines.firstIndex(where: { $0.hasPrefix("### Kind \(kind): ") }) else { return [] }
        var rows: [String] = []
        for line in lines[(start + 1)...] {
            if line.hasPrefix("#") { break }
            guard line.hasPrefix("| ") else { continue }
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            rows.append("\(cells[0]) \(cells[1])")
        }
        // The head of the table and the rule below it.
        return Array(rows.dropFirst(2))
    }

    private static let repository = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
}
