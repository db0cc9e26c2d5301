import Payments
import Testing

@Suite("What a provider declares of an operation's fate")
struct ResolutionMeansTests {
    @Test("a query names the way to ask whose \"not found\" proves soonest")
    func query() {
        #expect(ResolutionMeans().query == nil)
        #expect(ResolutionMeans(queryByID: 0, queryByReference: 0, queryByList: 0).query?.lookup == .byID)
        #expect(ResolutionMeans(queryByReference: 0, queryByList: 0).query?.lookup == .byReference)
        let list = ResolutionMeans(queryByReference: 3_600_000, queryByList: 60_000).query
        #expect(list == .init(lookup: .byList, lag: 60_000))
    }

    @Test("what is declared can be narrowed: later answers, or none")
    func narrowed() {
        var means = ResolutionMeans(queryByID: 0, queryByList: 5_000, replayWindow: 1)
        means.raiseLags(to: 1_000)
        #expect(means == ResolutionMeans(queryByID: 1_000, queryByList: 5_000, replayWindow: 1))
        means.removeQueries()
        #expect(means == ResolutionMeans(replayWindow: 1) && means.query == nil)
    }

    @Test("a table holds a value of its own for each operation", arguments: ProviderOperation.allCases)
    func table(operation: ProviderOperation) {
        var table = OperationTable(0)
        table[operation] = 7
        for other in ProviderOperation.allCases { #expect(table[other] == (other == operation ? 7 : 0)) }
        #expect(table == OperationTable { $0 == operation ? 7 : 0 })
    }
}
