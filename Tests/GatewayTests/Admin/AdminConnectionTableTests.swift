import Testing

@testable import Gateway

@Suite struct AdminConnectionTableTests {
    @Test("a newcomer replaces the one that has waited longest without a request under way")
    func oldest() {
        var table = AdminConnectionTable<Int>(maximum: 3)
        for id in 1...3 { #expect(table.admit(id) == .admitted) }
        table.answering(1)
        #expect(table.admit(4) == .admittedInPlaceOf(2))
        table.answered(1)
        #expect(table.admit(5) == .admittedInPlaceOf(3))
        #expect(table.admit(6) == .admittedInPlaceOf(4))
        #expect(table.admit(7) == .admittedInPlaceOf(1))
        #expect(table.count == 3)
    }

    @Test("while all are being answered a newcomer is refused; one that leaves makes room")
    func busy() {
        var table = AdminConnectionTable<Int>(maximum: 2)
        for id in 1...2 {
            #expect(table.admit(id) == .admitted)
            table.answering(id)
        }
        #expect(table.admit(3) == .refused)
        table.remove(1)
        #expect(table.admit(3) == .admitted)
        // What a connection that was replaced says afterwards changes nothing.
        table.answered(1)
        #expect(table.count == 2)
    }
}
