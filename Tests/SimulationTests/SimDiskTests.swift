import Journal
import Testing

@testable import Simulation

/// What the simulated disk keeps of what was written, named and synced.
@Suite struct SimDiskTests {
    private let clock = SimClock()
    private let disk: SimDisk

    init() {
        clock.set(1_000_000)
        disk = SimDisk(seed: 1, clock: clock)
    }

    /// A file whose name and zeros are durable.
    private func file(_ blocks: Int = 4) throws -> SimDisk.Inode {
        let inode = try disk.open("d/a.tmp", .prepare)
        try write([UInt8](repeating: 0, count: blocks * 4_096), inode, at: 0)
        try disk.sync(inode, path: "d/a.tmp")
        try disk.rename("d/a.tmp", to: "d/a")
        try disk.syncDirectory("d")
        pass()
        return inode
    }

    private func write(_ bytes: [UInt8], _ inode: SimDisk.Inode, at offset: Int, isDurable: Bool = false) throws {
        try bytes.withUnsafeBytes { try disk.write($0, to: inode, at: offset, path: "d/a", isDurable: isDurable) }
    }

    private func pass() { clock.set(disk.idleAt(.recovery(log: 0)) + 1) }

    private let ones = [UInt8](repeating: 1, count: 4_096)

    @Test func aDurableWriteThatHasEndedSurvivesAPowerFailure() throws {
        let inode = try file()
        try write(ones, inode, at: 4_096, isDurable: true)
        pass()
        disk.powerFailed()
        #expect(Array(disk.names["d/a"]!.cached[4_096..<8_192]) == ones)
    }

    @Test func aWriteThatHasNotBegunIsUndone() throws {
        let inode = try file()
        try write(ones, inode, at: 0, isDurable: true)
        // Runs ahead of time: begins when the first ends.
        try write(ones, inode, at: 4_096, isDurable: true)
        disk.processEnded()
        #expect(Array(inode.cached[0..<4_096]) == ones, "had begun; the kernel ends it")
        #expect(inode.cached[4_096..<8_192].allSatisfy { $0 == 0 })
    }

    @Test func aWriteThatIsBeingWrittenSurvivesInPart() throws {
        var torn = 0
        for seed in 1...40 as ClosedRange<UInt64> {
            let world = SimDiskTests(seed: seed)
            let inode = try world.file()
            try world.write(world.ones, inode, at: 0, isDurable: true)
            world.disk.powerFailed()
            let sectors = stride(from: 0, to: 4_096, by: 512).count { inode.cached[$0] == 1 }
            if sectors > 0, sectors < 8 { torn += 1 }
        }
        #expect(torn > 5)
    }

    private init(seed: UInt64) {
        clock.set(1_000_000)
        disk = SimDisk(seed: seed, clock: clock)
    }

    @Test func theEndOfAProcessKeepsWhatWasNeverSyncedAndPowerMayStillTakeIt() throws {
        var lost = 0
        for seed in 1...40 as ClosedRange<UInt64> {
            let world = SimDiskTests(seed: seed)
            let inode = try world.file()
            try world.write(world.ones, inode, at: 0)
            world.pass()
            world.disk.processEnded()
            #expect(inode.cached[0] == 1)
            world.disk.powerFailed()
            if inode.cached[0] == 0 { lost += 1 }
        }
        #expect(lost > 5 && lost < 40)
    }

    @Test func namesAreDurableWithTheirDirectory() throws {
        _ = try file()
        var lost = 0
        for seed in 1...40 as ClosedRange<UInt64> {
            let world = SimDiskTests(seed: seed)
            _ = try world.file()
            try world.disk.rename("d/a", to: "d/b")
            world.pass()
            world.disk.powerFailed()
            #expect((world.disk.names["d/a"] == nil) != (world.disk.names["d/b"] == nil), "one name, whole")
            if world.disk.names["d/a"] != nil { lost += 1 }
        }
        #expect(lost > 5 && lost < 40)
    }

    /// One actor has run ahead of the time: what it does later is not made durable by what another
    /// syncs now.
    @Test func aSyncKnowsOnlyWhatHasBegun() throws {
        for seed in 1...20 as ClosedRange<UInt64> {
            let world = SimDiskTests(seed: seed)
            let inode = try world.file()
            world.disk.delay(.snapshot(shard: 0), until: world.clock.now + 5_000_000)
            world.disk.use(.snapshot(shard: 0))
            try world.write(world.ones, inode, at: 0)
            try world.disk.remove("d/a")
            world.disk.use(.writer(log: 0))
            try world.disk.sync(inode, path: "d/a")
            try world.disk.syncDirectory("d")
            world.clock.set(world.disk.idleAt(.writer(log: 0)) + 1)
            world.disk.powerFailed()
            #expect(world.disk.names["d/a"]?.cached[0] == 0)
        }
    }

    @Test func aSyncMakesTheNamesOfOneDirectoryDurable() throws {
        var lost = 0
        for seed in 1...40 as ClosedRange<UInt64> {
            let world = SimDiskTests(seed: seed)
            _ = try world.file()
            _ = try world.disk.open("d/keys/b", .create)
            try world.disk.rename("d/a", to: "d/c")
            try world.disk.syncDirectory("d")
            world.pass()
            world.disk.powerFailed()
            #expect(world.disk.names["d/c"] != nil)
            if world.disk.names["d/keys/b"] == nil { lost += 1 }
        }
        #expect(lost > 5 && lost < 40)
    }

    @Test func aLyingDiskKeepsNothing() throws {
        let inode = try file()
        disk.faults.neverDurable = true
        try write(ones, inode, at: 0, isDurable: true)
        #expect(inode.writes.count == 1 && inode.writes[0].durableAt == SimDisk.notDurable)
    }

    @Test func aFullDiskTakesNoMoreButKeepsWhatItHas() throws {
        let inode = try file()
        disk.faults.isFull = true
        try write(ones, inode, at: 0, isDurable: true)
        let error = #expect(throws: JournalFileError.self) { try write(ones, inode, at: 16_384) }
        #expect(error?.code == 28)
    }
}
