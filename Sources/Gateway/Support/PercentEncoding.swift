/// Decoding of query components.
enum PercentEncoding {
    /// `%41` becomes `A` and `+` a space; what is not a valid escape stays as it is.
    static func decode(_ text: some StringProtocol) -> String {
        let input = Array(text.utf8)
        var output: [UInt8] = []
        var index = 0
        while index < input.count {
            let escape = index + 2 < input.count ? input[index + 1...index + 2] : []
            if input[index] == UInt8(ascii: "%"),
                let byte = Hexadecimal.decode(String(decoding: escape, as: UTF8.self))?.first
            {
                output.append(byte)
                index += 3
            } else {
                output.append(input[index] == UInt8(ascii: "+") ? UInt8(ascii: " ") : input[index])
                index += 1
            }
        }
        return String(decoding: output, as: UTF8.self)
    }
}
