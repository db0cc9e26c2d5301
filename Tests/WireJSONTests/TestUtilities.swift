import NIOCore

@testable import WireJSON

/// SplitMix64: the same sequence on every machine.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

/// The error of reading all of `bytes` as one value, or nil.
func readingError(_ bytes: [UInt8], maximumDepth: Int = 32) -> JSONError? {
    var cursor = JSONCursor(maximumDepth: maximumDepth)
    do throws(JSONError) {
        try cursor.skipValue(bytes.span)
        try cursor.finish(bytes.span)
        return nil
    } catch {
        return error
    }
}

func readingError(_ text: String, maximumDepth: Int = 32) -> JSONError? {
    readingError(Array(text.utf8), maximumDepth: maximumDepth)
}

/// What `body` writes.
func written(_ body: (inout ByteBuffer) -> Void) -> String {
    var buffer = ByteBuffer()
    body(&buffer)
    return String(buffer: buffer)
}

/// The canonical form, or the error's code and offset.
func canonical(_ text: String, excluding key: StaticString? = nil, maximumDepth: Int = 32) -> String {
    var canonicalizer = CanonicalJSON(maximumDepth: maximumDepth)
    var output: [UInt8] = []
    do throws(JSONError) {
        try canonicalizer.canonicalize(Array(text.utf8).span, excludingTopLevelKey: key, into: &output)
        return String(decoding: output, as: UTF8.self)
    } catch {
        return "\(error.code)@\(error.offset)"
    }
}
