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
                list.insert(name, key)
                names += 1
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
        let blanks = { (scalar: Unicode.Scalar) in scalar.properties.isWhitespace }
        let scalars = text.unicodeScalars
        guard let first = scalars.firstIndex(where: { !blanks($0) }),
            let last = scalars.lastIndex(where: { !blanks($0) })
        else { return nil }
        let name = String(scalars[first...last])
        if name.hasPrefix("#") { return nil }
        // Text of another encoding (UTF-16) has zeros between its letters, and would never match.
        if name.unicodeScalars.contains(where: { $0.properties.generalCategory == .control && $0 != "\t" }) {
            throw ConfigurationError(place: path, line: number, "holds a control character")
        }
        guard name.utf8.count <= RiskList.maximumEntryBytes else {
            throw ConfigurationError(place: path, line: number, "is longer than a customer's name can be")
        }
        return name
    }
}
