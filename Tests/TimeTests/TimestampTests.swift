import Testing

@testable import Time

@Suite("Points of time")
struct TimestampTests {
    private let noon: Timestamp = 1_790_000_000_123

    @Test("A time and a duration make a time; two times have a distance, which may be negative")
    func arithmetic() {
        let later = noon.adding(milliseconds: 877)
        #expect(later == 1_790_000_001_000 && later.milliseconds(since: noon) == 877)
        #expect(later.subtracting(milliseconds: 877) == noon && noon.milliseconds(since: later) == -877)
        #expect(noon.adding(milliseconds: 0) == noon)
    }

    @Test("No time is before every time of a clock; the ends are beyond all others")
    func order() {
        #expect(Timestamp.none < 1 && Timestamp.none == 0 && Timestamp.none.milliseconds == 0)
        #expect(Timestamp.earliest < .none && noon < .latest)
        #expect(max(noon, .none) == noon && min(noon, .latest) == noon)
    }

    @Test("A clamped sum ends at the latest time")
    func clamped() {
        #expect(noon.addingClamped(milliseconds: 5) == noon.adding(milliseconds: 5))
        #expect(noon.addingClamped(milliseconds: .max) == .latest)
        #expect(Timestamp.latest.addingClamped(milliseconds: 1) == .latest)
    }

    @Test("Whole seconds are cut off, and never beyond what four bytes say")
    func seconds() {
        #expect(noon.seconds == 1_790_000_000 && Timestamp(milliseconds: 999).seconds == 0)
        #expect(Timestamp.earliest.seconds == 0 && Timestamp.latest.seconds == .max)
    }

    @Test("A time takes the eight bytes of its milliseconds, and reads as they do")
    func layout() {
        #expect(MemoryLayout<Timestamp>.size == 8 && MemoryLayout<Timestamp>.stride == 8)
        #expect(MemoryLayout<Timestamp?>.stride == MemoryLayout<Int64?>.stride)
        #expect("\(noon)" == "1790000000123")
    }
}
