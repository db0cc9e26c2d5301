import NIOHPACK

/// Whether an answer declares itself as JSON.
enum JSONMediaType {
    /// True for exactly one `content-type` that is `application/json`, with or without parameters.
    static func isDeclared(by headers: HPACKHeaders) -> Bool {
        var count = 0
        var isJSON = false
        for header in headers where header.name == "content-type" {
            count += 1
            isJSON = isApplicationJSON(header.value.utf8)
        }
        return count == 1 && isJSON
    }

    private static func isApplicationJSON(_ value: String.UTF8View) -> Bool {
        let name: StaticString = "application/json"
        var rest = value[...]
        for index in 0..<name.utf8CodeUnitCount {
            guard let character = rest.popFirst() else { return false }
            let isUppercase = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(character)
            guard (isUppercase ? character | 0x20 : character) == name.utf8Start[index] else { return false }
        }
        while rest.first == UInt8(ascii: " ") || rest.first == UInt8(ascii: "\t") { rest.removeFirst() }
        return rest.isEmpty || rest.first == UInt8(ascii: ";")
    }
}
