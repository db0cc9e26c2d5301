import PSPSimulator

/// Lasting faults: a slow or full disk, a failed network, a PSP with many errors.
extension World {
    /// The simulator's ready-made profiles with whole-number latencies: the tables of the others
    /// take floating-point functions, which are slow, and differ between machines.
    private static let profiles: [SimulatorProfile] = [SimulatorProfile.clean, .realistic, .drops5, .chaos].enumerated()
        .map { number, profile in
            var profile = profile
            profile.latency = .uniform(minimum: 1, maximum: [5, 300, 50, 1_500][number])
            return profile
        }

    func changeLastingFaults() {
        guard !isCalm else { return }
        let disk = lastingFaults.below(10)
        let net = lastingFaults.below(12)
        let days = psps.indices.map { _ in lastingFaults.below(4) }
        changeDisk(disk)
        changeNetwork(net)
        let hasTrouble = psps.indices.map { _ in connectors.below(3) == 0 }
        if has(.psp) {
            for number in psps.indices {
                var profile = Self.profiles[days[number]]
                if hasTrouble[number] { Self.makeTrouble(&profile) }
                setProfile(profile, of: number)
            }
        }
        queue.schedule(.lastingFaults, at: now + lastingFaults.skewed(scenario.lastingFaultsInterval))
    }

    /// Technical trouble of one connector: half of its authorizations are declined in a way that
    /// lets another connector try.
    private static func makeTrouble(_ profile: inout SimulatorProfile) {
        profile.declineRate = 0.5
        profile.declineCodes = ["issuer_unavailable": 2, "processing_error": 2, "currency_not_supported": 1]
    }

    private func changeDisk(_ draw: Int) {
        disk.faults.errors = has(.diskErrors) && draw != 0 ? scenario.diskErrorRate : 0
        disk.faults.isFull = has(.diskFull) && draw == 1
        disk.faults.slowness = !has(.diskSlow) ? 1 : draw == 2 ? 1_000 : draw == 3 ? 50 : 1
        if disk.faults.isFull { counts.diskFull += 1 }
        if disk.faults.slowness > 1 { counts.diskSlow += 1 }
        trace.note("disk", at: now, of: draw)
    }

    private func changeNetwork(_ draw: Int) {
        partition = has(.partitions) ? Partition(rawValue: draw) ?? .none : .none
        guard partition != .none else { return }
        counts.partitions += 1
        trace.note("partition", at: now, of: draw)
    }

    func setProfile(_ profile: SimulatorProfile, of number: Int) {
        var profile = profile
        profile.overCaptureBasisPoints = scenario.overCaptureBasisPoints
        do throws(PSPSimulatorError) {
            try psps[number].setProfile(profile)
        } catch {
            preconditionFailure("a ready-made profile is valid: \(error)")
        }
    }
}
