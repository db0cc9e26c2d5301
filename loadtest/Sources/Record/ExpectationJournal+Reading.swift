import Foundation

/// What one run expected, in memory or read back from a journal.
struct ExpectedRun: Sendable {
    /// Milliseconds since 1970 before the first request.
    var startMilliseconds: UInt64
    var currencies: [String]
    var expectations: [KeyExpectation]
}

extension ExpectationJournal {
    /// The runs in a journal's text. A torn last line (the harness was killed) is ignored; any
    /// other line that cannot be read is an error.
    static func read(_ text: String, file: String) throws -> [ExpectedRun] {
        var runs: [ExpectedRun] = []
        var indices: [UInt64: Int] = [:]
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        lines.removeLast()
        for (number, line) in lines.enumerated() where !line.isEmpty {
            let fields = line.split(separator: " ")
            let isRead =
                switch fields.first {
                case "M": begin(fields, into: &runs, indices: &indices)
                case "I": intend(fields, into: &runs, indices: &indices)
                case "A": answer(fields, into: &runs, indices: indices)
                default: false
                }
            guard isRead else { throw LoadUsageError("\(file):\(number + 1): not a line of an expectation journal") }
        }
        return runs
    }

    private static func begin(
        _ fields: [Substring],
        into runs: inout [ExpectedRun],
        indices: inout [UInt64: Int]
    ) -> Bool {
        guard fields.count == 5, fields[1] == "1", let start = UInt64(fields[2]) else { return false }
        let currencies = fields[4].split(separator: ",").map(String.init)
        runs.append(ExpectedRun(startMilliseconds: start, currencies: currencies, expectations: []))
        indices.removeAll()
        return true
    }

    private static func intend(
        _ fields: [Substring],
        into runs: inout [ExpectedRun],
        indices: inout [UInt64: Int]
    ) -> Bool {
        guard fields.count == 7, !runs.isEmpty, let sequence = UInt64(fields[1]),
            let operation = UInt8(fields[2]).flatMap(Operation.init(rawValue:)), let merchant = UInt16(fields[3]),
            let amount = Int64(fields[4]), let currency = UInt8(fields[5]), let payment = identifier(fields[6])
        else { return false }
        indices[sequence] = runs[runs.count - 1].expectations.count
        runs[runs.count - 1].expectations.append(
            KeyExpectation(
                sequence: sequence,
                amount: amount,
                payment: payment,
                merchant: merchant,
                operation: operation,
                currency: currency
            )
        )
        return true
    }

    private static func answer(
        _ fields: [Substring],
        into runs: inout [ExpectedRun],
        indices: [UInt64: Int]
    ) -> Bool {
        guard fields.count == 5, let sequence = UInt64(fields[1]), let index = indices[sequence],
            let status = UInt16(fields[2]), let payment = identifier(fields[3])
        else { return false }
        let last = runs.count - 1
        runs[last].expectations[index].answer = status
        if payment != .none { runs[last].expectations[index].payment = payment }
        runs[last].expectations[index].status = fields[4] == "-" ? .none : EntityStatus(String(fields[4]))
        return true
    }

    private static func identifier(_ text: Substring) -> EntityID? {
        text == "-" ? EntityID.none : EntityID(String(text))
    }
}
