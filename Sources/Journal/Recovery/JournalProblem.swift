/// The first thing that is wrong in a journal, and where.
package struct JournalProblem: Error, Sendable, Equatable, CustomStringConvertible {
    /// `corrupt`, `format`, `key`, `io`, `diskFull`, `fenced` or `notFound`.
    package var code: JournalError.Code
    package var file: String
    package var offset: UInt64
    /// The first record that cannot be trusted; 0 if the problem is not about records.
    package var position: RecordPosition
    package var detail: String

    package var description: String {
        let record = position == 0 ? "" : ", record \(position)"
        return "\(file), offset \(offset)\(record): \(detail)"
    }

    init(_ code: JournalError.Code, file: String, offset: UInt64 = 0, position: RecordPosition = 0, _ detail: String) {
        self.code = code
        self.file = file
        self.offset = offset
        self.position = position
        self.detail = detail
    }

    init(_ error: JournalFileError) {
        let journalError = error.asJournalError
        self.init(journalError.code, file: error.path, journalError.description)
    }

    var asJournalError: JournalError { JournalError(code, description) }
}
