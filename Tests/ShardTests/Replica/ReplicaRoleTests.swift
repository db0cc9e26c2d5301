import ShardHost
import Testing

@Suite("What a host is to a shard: every state meets every event")
struct ReplicaRoleTests {
    /// The machine with what its shell is doing: the piece of work that will report its end, and
    /// the stop of an owner.
    struct Course: Equatable {
        var role: ReplicaRole
        var work: ReplicaRole.Work?
        var isRenewing = false
        /// The host has been built and never owned the shard since.
        var isClean = false
        var time: UInt64 = 0
    }

    enum Event: CaseIterable {
        case wantReleased, wantFollower, wantOwner
        case workSucceeds, claimRefused, workFails
        case lost, renewed, renewalRefused
        case records, quarter, half
    }

    static let lease: UInt64 = 1_000

    private func start(lease: UInt64 = Self.lease) -> Course {
        Course(role: ReplicaRole(leaseNanoseconds: lease, retryNanoseconds: 100))
    }

    /// The next course, nil where the event cannot come: no work of that kind runs.
    private func step(_ course: Course, _ event: Event) throws -> Course? {
        var next = course
        let work: ReplicaRole.Work
        switch event {
        case .wantReleased: work = next.role.want(.released)
        case .wantFollower: work = next.role.want(.follower)
        case .wantOwner: work = next.role.want(.owner)
        case .workSucceeds:
            guard let running = course.work else { return nil }
            next.work = nil
            switch running {
            case .build, .replay:
                if running == .build { next.isClean = true }
                work = next.role.replayed()
            case .acquire: work = next.role.acquired(epoch: 7, at: next.time)
            case .stop:
                next.isClean = false
                work = next.role.stopped()
            default: preconditionFailure("\(running) reports no end")
            }
        case .claimRefused:
            guard course.work == .acquire else { return nil }
            next.work = nil
            work = next.role.refused()
        case .workFails:
            guard let running = course.work, [.build, .replay, .acquire].contains(running) else { return nil }
            next.work = nil
            work = next.role.failed()
        case .lost: work = next.role.lost()
        case .renewed, .renewalRefused:
            guard course.isRenewing else { return nil }
            next.isRenewing = false
            if event == .renewed { next.role.renewed(at: next.time) }
            work = event == .renewed ? .nothing : next.role.lost()
        case .records: work = next.role.tick(at: next.time, hasMore: true)
        case .quarter, .half:
            next.time += event == .half ? Self.lease / 2 : Self.lease / 4
            work = next.role.tick(at: next.time, hasMore: false)
        }
        try check(course, event, began: work, next: &next)
        return next
    }

    private func check(
        _ course: Course,
        _ event: Event,
        began work: ReplicaRole.Work,
        next: inout Course
    ) throws {
        let place = "\(event) in \(course.role.state), goal \(course.role.goal): \(work)"
        switch work {
        case .nothing: break
        case .renew:
            try #require(!next.isRenewing || course.role != next.role, "one renewal at a time: \(place)")
            next.isRenewing = true
        case .own:
            #expect(next.isClean && next.role.goal == .owner && next.role.isOwner, "\(place)")
            next.isClean = false
            next.isRenewing = false
        case .discard:
            #expect(next.work == nil && next.role.state == .released, "\(place)")
            next.isClean = false
        case .build, .replay, .acquire, .stop:
            #expect(next.work == nil, "one piece of work at a time: \(place)")
            if work == .replay || work == .acquire { #expect(next.isClean, "\(place)") }
            next.work = work
        }
        // An owner that may have lost its journal is none any more.
        if [.lost, .renewalRefused, .half].contains(event), course.role.isOwner {
            #expect(!next.role.isOwner, "\(place)")
        }
        if event == .workFails { #expect(next.role.state == .failed) }
    }

    /// Every course that can be reached, times apart.
    private func reachable() throws -> [Course] {
        var found: [Course] = []
        var known: Set<String> = []
        var open = [start()]
        while let course = open.popLast() {
            guard course.time < Self.lease, known.insert("\(course)").inserted else { continue }
            found.append(course)
            for event in Event.allCases {
                if let next = try step(course, event) { open.append(next) }
            }
        }
        return found
    }

    @Test("No course has two pieces of work, an owner of an old state, or an owner without a lease")
    func exhaustive() throws {
        let courses = try reachable()
        let states = Set(courses.map { String("\($0.role.state)".prefix { $0 != "(" }) })
        #expect(
            states == [
                "released", "building", "following", "replaying", "acquiring", "owner", "stopping", "failed",
            ]
        )
        #expect(courses.count > 300)
    }

    @Test(
        "Whatever happened, a host becomes what was wanted last",
        arguments: [
            ReplicaRole.Goal.released, .follower, .owner,
        ]
    )
    func reachesTheGoal(goal: ReplicaRole.Goal) throws {
        let wish: Event = goal == .released ? .wantReleased : goal == .follower ? .wantFollower : .wantOwner
        for start in try reachable() where start.role.state != .failed {
            var course = try #require(try step(start, wish))
            for _ in 0..<12 {
                if let next = try step(course, .workSucceeds) {
                    course = next
                    continue
                }
                if course.role.goal != goal {
                    course = try #require(try step(course, wish))
                    continue
                }
                if course.role.state == .following, goal == .owner {
                    course = try #require(try step(course, .quarter))
                    continue
                }
                break
            }
            switch goal {
            case .released: #expect(course.role.state == .released, "from \(start)")
            case .follower: #expect(course.role.state == .following, "from \(start)")
            case .owner: #expect(course.role.isOwner, "from \(start)")
            }
        }
    }

    @Test("A lease is renewed at a quarter and relied on for half")
    func lease() throws {
        var course = start()
        for event in [Event.wantOwner, .workSucceeds, .workSucceeds] { course = try #require(try step(course, event)) }
        #expect(course.role.tick(at: 249, hasMore: false) == .nothing)
        #expect(course.role.tick(at: 250, hasMore: false) == .renew)
        #expect(course.role.tick(at: 251, hasMore: false) == .nothing)
        course.role.renewed(at: 300)
        #expect(course.role.tick(at: 799, hasMore: false) == .renew)
        #expect(course.role.tick(at: 800, hasMore: false) == .stop(.expired))
        #expect(course.role.goal == .owner, "nobody else is known to own the shard")
    }

    @Test("A lease without an end is never renewed")
    func endlessLease() throws {
        var course = start(lease: .max)
        for event in [Event.wantOwner, .workSucceeds, .workSucceeds] { course = try #require(try step(course, event)) }
        #expect(course.role.tick(at: .max - 1, hasMore: false) == .nothing)
    }

    @Test("A refused claim is repeated after a pause, and what comes meanwhile is replayed")
    func refusedClaim() throws {
        var course = start()
        for event in [Event.wantOwner, .workSucceeds, .claimRefused] { course = try #require(try step(course, event)) }
        #expect(course.role.state == .following)
        #expect(course.role.tick(at: 99, hasMore: true) == .replay)
        #expect(course.role.replayed() == .nothing)
        #expect(course.role.tick(at: 100, hasMore: false) == .acquire)
    }
}
