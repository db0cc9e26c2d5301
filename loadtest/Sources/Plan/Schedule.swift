import Foundation

/// The due times of one phase on one loop: fixed before the first request is sent, whatever the
/// target does. Latency is counted from them, which is what keeps a slow target from hiding its
/// slowness (no coordinated omission).
struct Schedule: Sendable {
    /// How due times are spread.
    enum Arrival: Sendable, Equatable {
        /// Evenly: the n-th request is due when the rate's integral reaches n.
        case constant
        /// Exponential gaps: independent merchants.
        case poisson
    }

    /// The rate at the start and at the end of the phase, in requests a second; linear in between.
    let startRate: Double
    let endRate: Double
    let durationSeconds: Double
    let arrival: Arrival
    private var random: SplitMix64
    // The rate's integral at the next due time, in this loop's requests.
    private var position: Double
    private let share: Double
    private let end: Double

    /// - Parameters:
    ///   - loop: this loop's number of `loops`: constant arrivals interleave, Poisson arrivals are
    ///     independent.
    init(
        startRate: Double,
        endRate: Double,
        durationSeconds: Double,
        arrival: Arrival,
        loop: Int = 0,
        of loops: Int = 1,
        seed: UInt64 = 0
    ) {
        precondition(startRate >= 0 && endRate >= 0 && durationSeconds > 0 && loop < loops)
        self.startRate = startRate
        self.endRate = endRate
        self.durationSeconds = durationSeconds
        self.arrival = arrival
        self.share = 1 / Double(loops)
        self.end = (startRate + endRate) / 2 * durationSeconds
        self.random = SplitMix64(seed: SplitMix64.mix(seed) ^ UInt64(loop))
        self.position = 0
        switch arrival {
        case .constant: position = Double(loop)
        case .poisson: position = exponential() / share
        }
    }

    /// When the next request is due, in nanoseconds from the start of the phase; `nil` after the
    /// last one.
    var due: UInt64? {
        // A request due exactly at the end belongs to the next phase; half a unit in the 10^9
        // absorbs rounding.
        guard position < end - 1e-6 else { return nil }
        return UInt64((seconds(at: position) * 1e9).rounded())
    }

    /// Moves on to the one after.
    mutating func advance() {
        switch arrival {
        case .constant: position += 1 / share
        case .poisson: position += exponential() / share
        }
    }

    /// How many requests a constant phase has on all loops.
    static func total(startRate: Double, endRate: Double, durationSeconds: Double) -> Int {
        Int(((startRate + endRate) / 2 * durationSeconds - 1e-6).rounded(.up))
    }

    /// The time at which the rate's integral a·t + (b - a)·t²/2T reaches `amount`.
    private func seconds(at amount: Double) -> Double {
        guard amount > 0 else { return 0 }
        let slope = (endRate - startRate) / durationSeconds
        guard abs(slope) > 1e-9 else { return amount / startRate }
        // The form without cancellation, good for a slope near zero and for a start at zero alike.
        return 2 * amount / (startRate + max(startRate * startRate + 2 * slope * amount, 0).squareRoot())
    }

    private mutating func exponential() -> Double {
        -log(1 - random.nextUnit())
    }
}
