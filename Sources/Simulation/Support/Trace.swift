/// What happened, as a hash over everything and a tail of the last entries for the reader.
struct Trace {
    struct Entry {
        var time: Int64
        var what: StaticString
        var first: Int
        var second: Int
    }

    static let tailLength = 60

    private var hash = WordHash()
    private var tail: [Entry] = []
    private var next = 0
    private(set) var count = 0

    /// The same for the same seed, on any machine.
    var value: UInt64 { hash.value }

    mutating func note(_ what: StaticString, at time: Int64, of first: Int = 0, with second: Int = 0) {
        hash.combine(UInt64(bitPattern: time))
        what.withUTF8Buffer { hash.combine(UnsafeRawBufferPointer($0)) }
        hash.combine(UInt64(bitPattern: Int64(first)))
        hash.combine(UInt64(bitPattern: Int64(second)))
        count += 1
        let entry = Entry(time: time, what: what, first: first, second: second)
        if tail.count < Self.tailLength { tail.append(entry) } else { tail[next % Self.tailLength] = entry }
        next += 1
    }

    /// The last entries, oldest first, a line each.
    var lines: [String] {
        let ordered =
            tail.count < Self.tailLength
            ? tail[...] : tail[(next % Self.tailLength)...] + tail[..<(next % Self.tailLength)]
        return ordered.map { "\(Self.clock($0.time))  \($0.what) \($0.first) \($0.second)" }
    }

    /// 00:12:34.567890
    static func clock(_ time: Int64) -> String {
        func padded(_ number: Int64, _ digits: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, digits - text.count)) + text
        }
        let seconds = time / 1_000_000
        return padded(seconds / 3_600, 2) + ":" + padded(seconds / 60 % 60, 2) + ":" + padded(seconds % 60, 2) + "."
            + padded(time % 1_000_000, 6)
    }
}
