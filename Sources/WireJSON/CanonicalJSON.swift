/// The canonical form of a JSON text by RFC 8785. It has no white space and minimal escapes, and
/// numbers as ECMAScript writes them. Members are sorted by the UTF-16 units of their names. Two
/// requests that mean the same have the same canonical form, so its digest tells a repeated request
/// from another one.
///
/// Keep a value and use it again: it owns its scratch arrays. In the common case (integers, no
/// escapes) it does not allocate.
///
/// One pass writes each member's canonical text straight to the output. If an object's members did
/// not come in order, it sorts them by copying those texts.
///
/// RFC 8785 takes I-JSON. So repeated names, lone surrogates and numbers that no double holds are
/// refused. Integers beyond 2^53 become the nearest double, as ECMAScript reads them. A caller that
/// must tell such numbers apart must refuse them before.
package struct CanonicalJSON: Sendable {
    /// A member that was written: where its text lies in the output, and its name's value in
    /// `names`.
    private struct Member: Sendable {
        /// The first eight bytes of the name as a number that orders as they do. A comparison
        /// rarely needs the other bytes.
        var prefix: UInt64
        var start: Int32
        var end: Int32
        var nameStart: Int32
        var nameEnd: Int32
        /// Of the name in the input, for errors.
        var inputOffset: Int32
    }

    private let maximumDepth: Int
    private var members: [Member] = []
    private var names: [UInt8] = []
    private var reordered: [UInt8] = []

    package init(maximumDepth: Int = JSONCursor.defaultMaximumDepth) {
        self.maximumDepth = maximumDepth
        members.reserveCapacity(64)
        names.reserveCapacity(1024)
        reordered.reserveCapacity(1024)
    }

    /// Appends the canonical form of all of `input` to `output`, without the top-level member
    /// `excluded` if there is one. After an error `output` holds a part of it.
    package mutating func canonicalize(
        _ input: Span<UInt8>,
        excludingTopLevelKey excluded: StaticString? = nil,
        into output: inout [UInt8]
    ) throws(JSONError) {
        members.removeAll(keepingCapacity: true)
        names.removeAll(keepingCapacity: true)
        var cursor = JSONCursor(maximumDepth: maximumDepth)
        try value(input, from: &cursor, excluded: excluded, into: &output)
        try cursor.finish(input)
    }

    private mutating func value(
        _ input: Span<UInt8>,
        from cursor: inout JSONCursor,
        excluded: StaticString?,
        into output: inout [UInt8]
    ) throws(JSONError) {
        switch try cursor.peekKind(input) {
        case .object: try object(input, from: &cursor, excluded: excluded, into: &output)
        case .array: try array(input, from: &cursor, into: &output)
        case .string: appendString(try cursor.lexString(input), in: input, into: &output)
        case .number: try appendNumber(try cursor.lexNumber(input), in: input, into: &output)
        case .bool: output.append(try cursor.readBool(input) ? "true" : "false")
        case .null:
            try cursor.readNull(input)
            output.append("null")
        }
    }

    private mutating func array(
        _ input: Span<UInt8>,
        from cursor: inout JSONCursor,
        into output: inout [UInt8]
    ) throws(JSONError) {
        try cursor.beginArray(input)
        output.append(UInt8(ascii: "["))
        var isFirst = true
        while try cursor.nextElement(input) {
            if !isFirst { output.append(UInt8(ascii: ",")) }
            isFirst = false
            try value(input, from: &cursor, excluded: nil, into: &output)
        }
        output.append(UInt8(ascii: "]"))
    }

    private mutating func object(
        _ input: Span<UInt8>,
        from cursor: inout JSONCursor,
        excluded: StaticString?,
        into output: inout [UInt8]
    ) throws(JSONError) {
        try cursor.beginObject(input)
        output.append(UInt8(ascii: "{"))
        let (firstMember, firstName) = (members.count, names.count)
        var isSorted = true
        var wasExcluded = false
        while let name = try cursor.nextMember(input) {
            if let excluded, name.equals(excluded, in: input) {
                guard !wasExcluded else { throw JSONError(.duplicateKey, at: Int(name.start)) }
                wasExcluded = true
                try cursor.skipValue(input)
                continue
            }
            try member(name, in: input, from: &cursor, into: &output, isFirst: members.count == firstMember)
            if isSorted, members.count - firstMember > 1 {
                let order = try Self.compare(members[members.count - 2], members[members.count - 1], names: names)
                isSorted = order < 0
            }
        }
        if !isSorted { try sort(from: firstMember, &output) }
        members.removeLast(members.count - firstMember)
        names.removeLast(names.count - firstName)
        output.append(UInt8(ascii: "}"))
    }

    private mutating func member(
        _ name: JSONString,
        in input: Span<UInt8>,
        from cursor: inout JSONCursor,
        into output: inout [UInt8],
        isFirst: Bool
    ) throws(JSONError) {
        if !isFirst { output.append(UInt8(ascii: ",")) }
        let (start, nameStart) = (output.count, names.count)
        name.unescape(input, into: &names)
        let nameEnd = names.count
        appendString(name, in: input, into: &output)
        output.append(UInt8(ascii: ":"))
        try value(input, from: &cursor, excluded: nil, into: &output)
        members.append(
            Member(
                prefix: Self.prefix(names, from: nameStart),
                start: Int32(start),
                end: Int32(output.count),
                nameStart: Int32(nameStart),
                nameEnd: Int32(nameEnd),
                inputOffset: name.start
            )
        )
    }

    /// Puts the members from `first` on, which are the last things in the output, in order.
    private mutating func sort(from first: Int, _ output: inout [UInt8]) throws(JSONError) {
        let bytesStart = Int(members[first].start)
        if members.count - first <= 16 { try sortFew(from: first) } else { try sortMany(from: first) }
        reordered.removeAll(keepingCapacity: true)
        for index in first..<members.count {
            if index > first { reordered.append(UInt8(ascii: ",")) }
            let member = members[index]
            reordered.append(output.span, Int(member.start)..<Int(member.end))
        }
        assert(reordered.count == output.count - bytesStart)
        output.removeLast(output.count - bytesStart)
        output.append(contentsOf: reordered)
    }

    /// By insertion, in place.
    private mutating func sortFew(from first: Int) throws(JSONError) {
        for index in first + 1..<members.count {
            let member = members[index]
            var position = index
            while position > first, try Self.compare(members[position - 1], member, names: names) > 0 {
                members[position] = members[position - 1]
                position -= 1
            }
            members[position] = member
        }
    }

    private mutating func sortMany(from first: Int) throws(JSONError) {
        let names = names
        members[first...].sort { Self.order($0, $1, names: names) < 0 }
        for index in first + 1..<members.count {
            _ = try Self.compare(members[index - 1], members[index], names: names)
        }
    }

    /// Negative if `left` comes first; equal names are an error.
    private static func compare(_ left: Member, _ right: Member, names: [UInt8]) throws(JSONError) -> Int {
        let order = order(left, right, names: names)
        guard order != 0 else {
            throw JSONError(.duplicateKey, at: Int(max(left.inputOffset, right.inputOffset)))
        }
        return order
    }

    /// The order of two names by UTF-16 units, found from their UTF-8 bytes. The two orders differ
    /// only for characters beyond U+FFFF (lead bytes F0...F4). UTF-16 puts these before
    /// U+E000...U+FFFF (lead bytes EE and EF), because their surrogates are smaller.
    private static func order(_ left: Member, _ right: Member, names: [UInt8]) -> Int {
        if left.prefix != right.prefix { return left.prefix < right.prefix ? -1 : 1 }
        let (leftStart, rightStart) = (Int(left.nameStart), Int(right.nameStart))
        let (leftCount, rightCount) = (Int(left.nameEnd) - leftStart, Int(right.nameEnd) - rightStart)
        for index in 0..<min(leftCount, rightCount) {
            let (a, b) = (names[leftStart + index], names[rightStart + index])
            if a != b { return Int(weight(a)) - Int(weight(b)) }
        }
        return leftCount - rightCount
    }

    /// A byte's place in the order. No byte of UTF-8 is above F4, so EE and EF get values above it.
    private static func weight(_ byte: UInt8) -> UInt8 {
        byte == 0xEE || byte == 0xEF ? byte + 0x10 : byte
    }

    /// The weights of the first eight bytes of the last name, first byte highest, short names
    /// filled with zeros.
    private static func prefix(_ names: [UInt8], from start: Int) -> UInt64 {
        var prefix: UInt64 = 0
        let end = min(start + 8, names.count)
        for index in start..<end { prefix = prefix << 8 | UInt64(weight(names[index])) }
        return end == start ? 0 : prefix << UInt64(8 * (8 - (end - start)))
    }

    private func appendString(_ string: JSONString, in input: Span<UInt8>, into output: inout [UInt8]) {
        guard string.hasEscapes else {
            // Copies the string with its quotes: it needs no escape in the output, as in the input.
            output.append(input, string.range.lowerBound - 1..<string.range.upperBound + 1)
            return
        }
        output.append(UInt8(ascii: "\""))
        var unescaper = JSONUnescaper(string)
        while let byte = unescaper.next(input) {
            if byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
                output.append(byte)
            } else {
                let escape = JSONEscape(byte)
                for position in 0..<escape.count { output.append(escape[position]) }
            }
        }
        output.append(UInt8(ascii: "\""))
    }

    private func appendNumber(
        _ number: JSONNumber,
        in input: Span<UInt8>,
        into output: inout [UInt8]
    ) throws(JSONError) {
        if case .integer(let value) = number.value, value.magnitude <= 1 << 53, value != 0 {
            output.append(input, number.range)
        } else if number.value == .integer(0) {
            // -0 is written 0.
            output.append(UInt8(ascii: "0"))
        } else {
            try ECMAScriptNumber.append(number, in: input, into: &output)
        }
    }
}

extension [UInt8] {
    fileprivate mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { append(contentsOf: $0) }
    }
}
