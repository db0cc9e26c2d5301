import Testing

@testable import LoadTest

@Suite struct ScheduleTests {
    private func dueTimes(_ schedule: Schedule) -> [UInt64] {
        var schedule = schedule
        var times: [UInt64] = []
        while let due = schedule.due {
            times.append(due)
            schedule.advance()
        }
        return times
    }

    @Test func `constant arrivals are evenly spaced from the start`() {
        let schedule = Schedule(startRate: 1_000, endRate: 1_000, durationSeconds: 0.01, arrival: .constant)
        #expect(dueTimes(schedule) == (0..<10).map { $0 * 1_000_000 })
    }

    @Test(arguments: [1, 3, 7, 50]) func `loops share a constant rate without a gap or an overlap`(loops: Int) {
        let all = (0..<loops).flatMap { loop in
            dueTimes(
                Schedule(
                    startRate: 5_000,
                    endRate: 5_000,
                    durationSeconds: 0.1,
                    arrival: .constant,
                    loop: loop,
                    of: loops
                )
            )
        }
        let expected = (0..<500).map { UInt64($0) * 200_000 }
        let isSame = all.sorted() == expected
        #expect(isSame)
    }

    @Test(arguments: [(0.0, 1_000.0), (1_000.0, 0.0), (200.0, 1_800.0), (1_000.0, 1_000.000_000_1)])
    func `a ramp sends the integral of its rate, in order`(rates: (Double, Double)) {
        let times = dueTimes(
            Schedule(startRate: rates.0, endRate: rates.1, durationSeconds: 2, arrival: .constant)
        )
        let expected = Schedule.total(startRate: rates.0, endRate: rates.1, durationSeconds: 2)
        #expect(times.count == expected)
        #expect(times == times.sorted())
        #expect(times.allSatisfy { $0 <= 2_000_000_000 })
    }

    @Test func `a ramp from zero is half done after seventy percent of its time`() {
        let times = dueTimes(Schedule(startRate: 0, endRate: 10_000, durationSeconds: 1, arrival: .constant))
        let half = Double(times[times.count / 2]) / 1e9
        #expect(abs(half - 0.5.squareRoot()) < 0.001)
    }

    @Test func `Poisson arrivals have the rate on average and exponential gaps`() {
        let times = dueTimes(
            Schedule(startRate: 10_000, endRate: 10_000, durationSeconds: 10, arrival: .poisson, seed: 3)
        )
        #expect(abs(times.count - 100_000) < 1_500)
        let gaps = zip(times.dropFirst(), times).map { Double($0 - $1) }
        let long = gaps.filter { $0 > 200_000 }.count
        // Of exponential gaps with a mean of 0.1 ms, e^-2 are longer than 0.2 ms.
        #expect(abs(Double(long) / Double(gaps.count) - 0.1353) < 0.01)
    }

    @Test func `the same seed gives the same Poisson times, another seed others`() {
        func times(_ seed: UInt64) -> [UInt64] {
            dueTimes(Schedule(startRate: 100, endRate: 100, durationSeconds: 1, arrival: .poisson, seed: seed))
        }
        #expect(times(1) == times(1))
        #expect(times(1) != times(2))
    }
}
