import NIOHPACK
import Testing

@testable import API

@Suite struct HTTPDateTests {
    @Test(arguments: [
        (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (-1, "Thu, 01 Jan 1970 00:00:00 GMT"), (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
        (951_868_799, "Tue, 29 Feb 2000 23:59:59 GMT"), (1_795_996_800, "Mon, 30 Nov 2026 00:00:00 GMT"),
        (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"), (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"),
        (.max, "Fri, 31 Dec 9999 23:59:59 GMT"),
    ])
    func `a time is an IMF-fixdate`(seconds: Int64, expected: String) {
        #expect(HTTPDate.text(unixSeconds: seconds) == expected)
    }

    @Test func `answers, refusals and the description are dated once the time is known`() throws {
        let edge = try Edge()
        func dates() -> [[String]] {
            edge.send("GET", "/openapi.yaml")
            let description = edge.answer?.headers["date"]
            edge.send("GET", "/v2")
            return [description ?? ["none"], edge.answer?.headers["date"] ?? ["none"]]
        }
        #expect(dates() == [[], []])
        edge.api.timePassed(unixSeconds: 784_111_777)
        #expect(dates() == [["Sun, 06 Nov 1994 08:49:37 GMT"], ["Sun, 06 Nov 1994 08:49:37 GMT"]])
        edge.api.timePassed(unixSeconds: 784_111_778)
        #expect(dates() == [["Sun, 06 Nov 1994 08:49:38 GMT"], ["Sun, 06 Nov 1994 08:49:38 GMT"]])
    }
}
