import NIOCore
import Testing

@testable import PSPSimulator

@Suite("The oracle")
struct OracleWriterTests {
    @Test("a sale is an authorisation and a capture under one key")
    func sale() throws {
        let provider = try TestProvider()
        provider.charge()
        #expect(
            provider.oracle() == [
                line("authorize", executions: 1, keys: #""k1""#), line("capture", executions: 1, keys: #""k1""#),
            ]
        )
    }

    private func line(_ operation: String, executions: Int, keys: String) -> String {
        #"{"reference":"pay_1","operation":"\#(operation)","amount":1000,"currency":"EUR","#
            + #""executions":\#(executions),"keys":[\#(keys)]}"#
    }

    @Test("a charge made twice under two keys counts twice")
    func doubleCharge() throws {
        let provider = try TestProvider()
        provider.charge(key: "first")
        provider.charge(key: "second")
        let lines = provider.oracle()
        #expect(lines.count == 3)
        #expect(lines[0] == line("authorize", executions: 2, keys: #""first","second""#))
        #expect(lines[1].contains(#""keys":["first"]"#) && lines[2].contains(#""keys":["second"]"#))
    }

    @Test("replays do not count")
    func replay() throws {
        let provider = try TestProvider()
        for _ in 0..<5 { provider.charge(capture: false) }
        #expect(provider.oracle().count == 1)
        #expect(provider.oracle()[0].contains(#""executions":1"#))
    }

    @Test("a double charge over different amounts names them all")
    func differentAmounts() throws {
        let provider = try TestProvider()
        provider.charge(key: "a", capture: false)
        provider.charge(key: "b", amount: 5, capture: false)
        #expect(provider.oracle().count == 1)
        #expect(provider.oracle()[0].contains(#""executions":2,"keys":["a","b"],"amounts":[1000,5]"#))
    }

    @Test("captures and refunds are told per key, refusals are not told")
    func followUps() throws {
        let provider = try TestProvider()
        provider.charge(capture: false)
        provider.followUp(.capture, key: "c", amount: 900)
        provider.followUp(.refund, key: "r1", amount: 100)
        provider.followUp(.refund, key: "r2", amount: 200)
        provider.followUp(.refund, key: "r3", amount: 5_000)
        let lines = provider.oracle()
        #expect(lines.count == 4)
        #expect(lines.contains { $0.contains(#""operation":"refund","amount":200"#) && $0.contains(#"["r2"]"#) })
        #expect(lines.contains { $0.contains(#""operation":"capture","amount":900"#) && $0.contains(#"["c"]"#) })
    }

    @Test("a decline followed by a success under one reference is one execution")
    func declineThenSuccess() throws {
        let provider = try TestProvider()
        provider.charge("tok_decline_lost_card", key: "a")
        provider.charge(key: "b")
        let lines = provider.oracle()
        #expect(lines.count == 2)
        #expect(lines[0].contains(#""executions":1,"keys":["b"]"#))
    }

    @Test("pages together are the whole, whatever their size", arguments: [1, 2, 3, 7, 1_000])
    func pages(lines: Int) throws {
        let provider = try TestProvider()
        for payment in 0..<20 {
            provider.charge(key: "a\(payment)", reference: "pay_\(payment)", capture: payment.isMultiple(of: 2))
            if payment.isMultiple(of: 5) { provider.charge(key: "b\(payment)", reference: "pay_\(payment)") }
        }
        let whole = provider.oracle()
        let end = UInt32(provider.core.store.operations.count)
        var collected: [String] = []
        var next: UInt32? = 0
        while let start = next {
            var buffer = ByteBuffer()
            next = OracleWriter.write(
                from: start..<end,
                lines: lines,
                bytes: .max,
                in: &provider.core.store,
                now: 0,
                into: &buffer
            )
            collected += String(buffer: buffer).split(separator: "\n").map(String.init)
        }
        #expect(collected == whole)
    }
}
