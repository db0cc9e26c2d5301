/// Why a text is not acceptable JSON, and where.
package struct JSONError: Error, Equatable, Sendable {
    /// What is wrong; the names are stable enough to be shown to API users.
    package enum Code: UInt8, Sendable, CaseIterable {
        /// The text ends inside a value.
        case unexpectedEnd = 1
        /// A byte that cannot stand here.
        case unexpectedByte = 2
        /// Something follows the top-level value.
        case trailingBytes = 3
        /// A raw control character (below U+0020) inside a string.
        case controlCharacterInString = 4
        /// An escape that JSON does not have.
        case invalidEscape = 5
        /// `\uD800`..`\uDFFF` without its other half: no such character exists.
        case loneSurrogate = 6
        /// Bytes that are not UTF-8 (overlong, surrogate, truncated or above U+10FFFF).
        case invalidUTF8 = 7
        /// A number that the grammar does not allow (`01`, `1.`, `+1`, `.5`).
        case invalidNumber = 8
        /// A number with a fraction or an exponent where an integer is required.
        case notAnInteger = 9
        /// An integer outside `Int64`, or a number that no finite double holds.
        case numberOutOfRange = 10
        /// More nested arrays and objects than the reader allows.
        case tooDeep = 11
        /// An object has a name twice.
        case duplicateKey = 12
        /// More members in one object than a duplicate-checking reader holds
        /// (`JSONMemberNames.maximumCount`).
        case tooManyMembers = 13
        /// A value of another kind than the reader asked for.
        case wrongType = 14
        /// The text is longer than `JSONCursor.maximumBytes`.
        case tooLong = 15
    }

    package var code: Code
    /// The offset of the offending byte from the start of the text; the text's length at an
    /// unexpected end.
    package var offset: Int

    package init(_ code: Code, at offset: Int) {
        self.code = code
        self.offset = offset
    }
}
