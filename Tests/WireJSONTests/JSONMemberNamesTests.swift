import Testing

@testable import WireJSON

@Suite struct JSONMemberNamesTests {
    private func readingDistinct(_ text: String) -> JSONError? {
        let bytes = Array(text.utf8)
        var cursor = JSONCursor()
        do throws(JSONError) {
            try cursor.beginObject(bytes.span)
            var names = JSONMemberNames()
            while try cursor.nextMember(bytes.span, distinctFrom: &names) != nil { try cursor.skipValue(bytes.span) }
            try cursor.finish(bytes.span)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [
        (#"{"a":1,"a":2}"#, 8), (#"{"a":1,"b":2,"\u0061":3}"#, 14), (#"{"\u0061":1,"a":2}"#, 13), (#"{"":1,"":2}"#, 7),
        (#"{"\n":1,"\u000a":2}"#, 9), (#"{"é":1,"\u00e9":2}"#, 9), (#"{"amount":1,"currency":2,"amount":1}"#, 26),
    ])
    func `a repeated name is refused however it is spelled`(text: String, offset: Int) {
        #expect(readingDistinct(text) == JSONError(.duplicateKey, at: offset))
    }

    @Test func `names that only look alike are distinct, and inner objects have their own`() {
        #expect(readingDistinct(#"{"a":{"a":{"a":1}},"A":1,"aa":2,"aba":3,"aca":4,"aab":5,"":6}"#) == nil)
        // Same length, first, middle and last byte.
        #expect(readingDistinct(#"{"abcda":1,"aXcda":2,"abcXa":3}"#) == nil)
    }

    @Test func `an object may have as many members as the limit says and not one more`() {
        func object(_ count: Int) -> String {
            "{" + (0..<count).map { "\"k\($0)\":\($0)" }.joined(separator: ",") + "}"
        }
        #expect(readingDistinct(object(JSONMemberNames.maximumCount)) == nil)
        #expect(readingDistinct(object(JSONMemberNames.maximumCount + 1))?.code == .tooManyMembers)
    }
}
