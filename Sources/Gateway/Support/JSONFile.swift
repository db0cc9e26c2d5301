import Foundation

/// Small JSON files of tools. No code that serves payments uses them.
package enum JSONFile {
    /// The decoded file; `nil` when there is none.
    package static func read<Value: Decodable>(_ path: String, as type: Value.Type) throws(FileError) -> Value? {
        guard Files.exists(path) else { return nil }
        let bytes = try Files.read(path)
        do {
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch {
            throw FileError("read", path, reason: "not the JSON that is expected here")
        }
    }

    /// Replaces the file at once or not at all.
    package static func write(_ value: some Encodable, to path: String, permissions: UInt32) throws(FileError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let data: Data
        do {
            data = try encoder.encode(value)
        } catch {
            throw FileError("write", path, reason: "\(error)")
        }
        try Files.writeAtomically(Array(data) + [UInt8(ascii: "\n")], to: path, permissions: permissions)
    }
}
