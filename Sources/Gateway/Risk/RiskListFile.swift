import Risk

/// A file of the fraud hook's lists: UTF-8 text with one name a line. Lines end with LF, CR LF or
/// CR. A byte order mark, blanks at the ends of lines, empty lines and lines that begin with `#` do
/// not count.
enum RiskListFile {
    /// The largest file, in bytes.
    private static let maximumBytes = 512 << 20

    /// Reads the names; blocks.
    /// - Parameter mayBeEmpty: whether a file without a name is taken. A list that holds payments
    ///   back has lost its names then.
    /// - Returns: the file's content.
    static func read(
        _ path: String,
        into list: inout RiskList,
        _ key: RiskKey,
        mayBeEmpty: Bool
    ) throws(ConfigurationError) -> [UInt8] {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try Files.read(path, limit: maximumBytes)
        } catch {
            throw ConfigurationError(place: path, error.reason)
        }
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        var start = bytes.starts(with: mark) ? mark.count : 0
        var line = 1
        var names = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") } ?? bytes.count
            if let name = try name(bytes[start..<end], path, line: line) {
                guard list.count < RiskList.maximumEntries else {
                    throw ConfigurationError(place: path, line: line, "more than \(RiskList.maximumEntries) names")
                }
                if list.insert(name, key) { names += 1 }
            }
            let endsWithBoth =
                end + 1 < bytes.count && bytes[end] == UInt8(ascii: "\r") && bytes[end + 1] == UInt8(ascii: "\n")
            start = end + (endsWithBoth ? 2 : 1)
            line += 1
        }
        guard names > 0 || mayBeEmpty else {
            throw ConfigurationError(place: path, "holds no name; leave the setting out where there is no list")
        }
        return bytes
    }

    private static func name(
        _ line: ArraySlice<UInt8>,
        _ path: String,
        line number: Int
    ) throws(ConfigurationError) -> String? {
        guard let text = String(validating: line, as: UTF8.self) else {
            throw ConfigurationError(place: path, line: number, "is not UTF-8 text")
        }
        let name = text.utf8.allSatisfy { $0 < 0x80 } ? trimmedASCII(line) : trimmed(text)
        if name.isEmpty || name.hasPrefix("#") { return nil }
        // Text of another encoding (UTF-16) has zeros between its letters, and would never match.
        // Names between line separators would be one name.
        if name.unicodeScalars.contains(where: endsLine) {
            throw ConfigurationError(place: path, line: number, "holds a control character or a line separator")
        }
        guard name.utf8.count <= RiskList.maximumEntryBytes else {
            throw ConfigurationError(place: path, line: number, "is longer than a customer's name can be")
        }
        return name
    }

    private static func endsLine(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 9: false
        case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029: true
        default: false
        }
    }

    private static func trimmedASCII(_ line: ArraySlice<UInt8>) -> String {
        let isBlank = { (byte: UInt8) in byte == UInt8(ascii: " ") || (9...13).contains(byte) }
        guard let first = line.firstIndex(where: { !isBlank($0) }), let last = line.lastIndex(where: { !isBlank($0) })
        else { return "" }
        return String(decoding: line[first...last], as: UTF8.self)
    }

    private static func trimmed(_ text: String) -> String {
        // What nobody sees is no name, and no part of one at its ends.
        let isBlank = { (scalar: Unicode.Scalar) in
            scalar.properties.isWhitespace || scalar.properties.isDefaultIgnorableCodePoint
        }
        let scalars = text.unicodeScalars
        guard let first = scalars.firstIndex(where: { !isBlank($0) }),
            let last = scalars.lastIndex(where: { !isBlank($0) })
        else { return "" }
        return String(scalars[first...last])
    }
}
