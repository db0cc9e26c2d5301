import Foundation

extension LoadReport {
    /// Writes `report.json`, `report.txt` and one `.hgrm` for final and first answers each into
    /// `directory`.
    func write(to directory: String, total record: PhaseRecord) throws {
        do {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            encoder.keyEncodingStrategy = .convertToSnakeCase
            try encoder.encode(self).write(to: URL(fileURLWithPath: "\(directory)/report.json"))
            try write(lines.joined(separator: "\n") + "\n", to: "\(directory)/report.txt")
            try write(record.final.percentileDistribution(), to: "\(directory)/final.hgrm")
            try write(record.first.percentileDistribution(), to: "\(directory)/first.hgrm")
        } catch {
            throw LoadUsageError("cannot write the report to \(directory): \(error)")
        }
    }

    private func write(_ text: String, to path: String) throws {
        try text.write(toFile: path, atomically: true, encoding: .utf8)
    }
}
