import NIOHPACK

/// Header blocks, made once and shared by all answers.
struct ResponseHeaders {
    private let json: [Int: HPACKHeaders]
    private let ok: HPACKHeaders
    private let replayed: HPACKHeaders
    private let replayedDecline: HPACKHeaders
    let lines: HPACKHeaders
    let page: HPACKHeaders

    init() {
        let statuses = Set(Refusal.allCases.map(\.status) + [200, 402])
        self.json = Dictionary(uniqueKeysWithValues: statuses.map { ($0, Self.make(status: $0, "application/json")) })
        self.ok = Self.make(status: 200, "application/json")
        self.replayed = Self.make(status: 200, "application/json", replayed: true)
        self.replayedDecline = Self.make(status: 402, "application/json", replayed: true)
        self.lines = Self.make(status: 200, "application/x-ndjson")
        self.page = Self.make(status: 200, "text/html; charset=utf-8")
    }

    func json(_ status: Int, replayed isReplay: Bool) -> HPACKHeaders {
        if isReplay { return status == 200 ? replayed : replayedDecline }
        if status == 200 { return ok }
        guard let headers = json[status] else { preconditionFailure("every status is prepared") }
        return headers
    }

    func lines(nextCursor: UInt32) -> HPACKHeaders {
        var headers = lines
        headers.add(name: "x-next-cursor", value: "\(nextCursor)")
        return headers
    }

    private static func make(status: Int, _ type: String, replayed: Bool = false) -> HPACKHeaders {
        var headers: HPACKHeaders = [":status": "\(status)", "content-type": type]
        if replayed { headers.add(name: "idempotent-replayed", value: "true") }
        if status == 429 || status == 503 { headers.add(name: "retry-after", value: "1") }
        return headers
    }
}
