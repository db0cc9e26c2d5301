import Foundation
import WireJSON

extension FuzzTarget {
    /// The JSON parser and the canonical form. What we accept, Foundation accepts and reads as the
    /// same value; the canonical form is its own canonical form and has the same value; a parser
    /// that only skips accepts whatever canonicalises.
    static let json = FuzzTarget(name: "json", maximumBytes: 4_096) { input in
        let bytes = [UInt8](input)
        let canonical = canonicalForm(bytes)
        let isSkipped = skips(bytes)
        guard let canonical else { return }
        precondition(isSkipped, "canonicalised, and yet refused by the cursor")
        precondition(canonicalForm(canonical) == canonical, "not the canonical form of itself")
        guard let value = foundation(bytes), let again = foundation(canonical) else {
            preconditionFailure("Foundation refuses what we accept")
        }
        precondition(sameJSON(value, again), "the canonical form has another value")
        var text: [UInt8] = []
        _ = CardNumberScan.documentContainsCardNumber(bytes.span, scratch: &text)
    }

    private static func canonicalForm(_ bytes: [UInt8]) -> [UInt8]? {
        var canonicalizer = CanonicalJSON()
        var output: [UInt8] = []
        guard (try? canonicalizer.canonicalize(bytes.span, into: &output)) != nil else { return nil }
        return output
    }

    private static func skips(_ bytes: [UInt8]) -> Bool {
        var cursor = JSONCursor()
        do throws(JSONError) {
            try cursor.skipValue(bytes.span)
            try cursor.finish(bytes.span)
            return true
        } catch {
            precondition(error.offset >= 0 && error.offset <= bytes.count, "an error outside the text")
            return false
        }
    }

    static func foundation(_ bytes: [UInt8]) -> Any? {
        try? JSONSerialization.jsonObject(with: Data(bytes), options: [.fragmentsAllowed])
    }

    /// Equal but for the last bits of numbers: how a parser rounds a long literal is its own
    /// affair.
    static func sameJSON(_ left: Any, _ right: Any) -> Bool {
        switch (left, right) {
        case (let left as [String: Any], let right as [String: Any]):
            return left.count == right.count
                && left.allSatisfy { name, value in right[name].map { sameJSON(value, $0) } ?? false }
        case (let left as [Any], let right as [Any]):
            return left.count == right.count && zip(left, right).allSatisfy { sameJSON($0, $1) }
        case (let left as String, let right as String): return Array(left.utf8) == Array(right.utf8)
        case (let left as NSNumber, let right as NSNumber):
            let (a, b) = (left.doubleValue, right.doubleValue)
            return a == b || abs(a - b) <= max(abs(a), abs(b)) * 1e-12
        case (is NSNull, is NSNull): return true
        default: return false
        }
    }
}
