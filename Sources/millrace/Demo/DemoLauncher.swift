import Foundation
import Gateway
import Glibc
import NIOCore
import NIOPosix
import Synchronization

/// Starts the demo's processes, says when they are ready, and stops them in order.
final class DemoLauncher: Sendable {
    /// From SIGTERM to SIGKILL: more than the default drain timeout of a gateway.
    static let stopPatience = Duration.seconds(30)
    /// Between two looks at a child that is starting.
    static let pollInterval = Duration.milliseconds(20)

    private enum Event: Sendable {
        case stop
        case ended(ChildProcess, ChildProcess.Exit)
    }

    private let plan: DemoPlan
    private let directory: DemoDirectory
    private let events: AsyncStream<Event>
    private let continuation: AsyncStream<Event>.Continuation
    /// Children in the order in which they are stopped, and the number of signals so far.
    private let state = Mutex(State())

    private struct State {
        var children: [ChildProcess] = []
        var stops = 0
    }

    init(plan: DemoPlan, directory: DemoDirectory, signals: AsyncStream<Int32>) {
        self.plan = plan
        self.directory = directory
        (events, continuation) = AsyncStream.makeStream(of: Event.self)
        Task {
            for await _ in signals { self.stopRequested() }
        }
    }

    /// Returns when everything has stopped as asked; throws when a child ended by itself.
    func run() async throws {
        do {
            try await start()
            try await supervise()
        } catch {
            await stopChildren()
            throw error
        }
    }

    private func stopRequested() {
        let (count, children) = state.withLock { state in
            state.stops += 1
            return (state.stops, state.children)
        }
        if count == 1 {
            continuation.yield(.stop)
        } else {
            for child in children { child.send(SIGKILL) }
        }
    }

    // MARK: Starting

    private func start() async throws {
        // A program that waits for the file must not find the one of the last run.
        if plan.startsGateway && plan.startsSimulator { unlink(directory.demoFile) }
        try directory.updateDemoFile(creating: false) { file in
            if plan.startsGateway { file.gatewayStopped() }
            if plan.startsSimulator { file.simulatorStopped() }
            if plan.startsSimulator { file.secondSimulatorStopped() }
        }
        let simulator = plan.startsSimulator ? try await startSimulator() : nil
        let second = plan.startsSimulator ? try await startSecondSimulator() : nil
        let ports = [simulator?.port ?? plan.pspPort] + (plan.secondPSPPort.map { [second?.port ?? $0] } ?? [])
        let gateway = plan.startsGateway ? try await startGateway(simulatorPorts: ports) : nil
        try record(simulator: simulator, second: second, gateway: gateway)
        DemoMessages.ready(try DemoMessages.Facts(directory: directory, gateway: gateway, simulator: simulator))
    }

    private func startSimulator() async throws -> ReadyFile {
        let child = try spawn("psp", arguments: plan.simulatorArguments(directory), environment: [:])
        return try await waitUntilReady(child) { _ in true }
    }

    /// - Returns: nil in a demo with one connector.
    private func startSecondSimulator() async throws -> ReadyFile? {
        guard let port = plan.secondPSPPort else { return nil }
        let arguments = plan.secondSimulatorArguments(port: port, directory)
        let child = try spawn(DemoPlan.secondSimulator, arguments: arguments, environment: [:])
        return try await waitUntilReady(child) { _ in true }
    }

    private func startGateway(simulatorPorts: [Int]) async throws -> ReadyFile {
        guard !simulatorPorts.contains(0) else {
            throw Failure(ExitStatus.configuration, "the simulator's port is not known: run --psp-only first")
        }
        let environment = plan.gatewayEnvironment(directory, simulatorPorts: simulatorPorts)
        let arguments = plan.gatewayArguments(
            directory,
            makesDataDirectory: directory.needsDataDirectory(
                environment: ProcessInfo.processInfo.environment.merging(environment) { $1 }
            )
        )
        let child = try spawn("gateway", arguments: arguments, environment: environment)
        return try await waitUntilReady(child) { ready in
            guard let port = ready.adminPort else { return false }
            let group = MultiThreadedEventLoopGroup.singleton
            return await AdminProbe.status(host: "127.0.0.1", port: port, path: "/readyz", group: group) == 200
        }
    }

    private func spawn(_ name: String, arguments: [String], environment: [String: String]) throws -> ChildProcess {
        unlink(directory.readyFile(name))
        let child = try ChildProcess.spawn(
            name: name,
            arguments: arguments,
            environment: environment,
            logFile: directory.logFile(name)
        )
        state.withLock { $0.children.insert(child, at: 0) }
        Task { continuation.yield(.ended(child, await child.exit())) }
        return child
    }

    private func waitUntilReady(
        _ child: ChildProcess,
        probe: (ReadyFile) async -> Bool
    ) async throws -> ReadyFile {
        let deadline = ContinuousClock.now + plan.startTimeout
        let path = directory.readyFile(child.name)
        while true {
            if let exit = child.exitNow { throw endedEarly(child, exit) }
            if state.withLock({ $0.stops > 0 }) { throw Failure(ExitStatus.unavailable, "stopped before it was ready") }
            if let ready = try JSONFile.read(path, as: ReadyFile.self), ready.pid == child.pid, await probe(ready) {
                return ready
            }
            guard ContinuousClock.now < deadline else {
                let log = directory.logFile(child.name)
                throw Failure(
                    ExitStatus.unavailable,
                    "the \(child.name) is not ready after \(plan.startTimeout); see \(log)"
                )
            }
            try await Task.sleep(for: Self.pollInterval)
        }
    }

    private func endedEarly(_ child: ChildProcess, _ exit: ChildProcess.Exit) -> Failure {
        let tail = DemoMessages.tail(of: directory.logFile(child.name))
        return Failure(status(exit), "the \(child.name) \(exit) before it was ready\n\(tail)")
    }

    private func record(simulator: ReadyFile?, second: ReadyFile?, gateway: ReadyFile?) throws {
        var directory = directory
        try directory.updateState { state in
            if let simulator {
                state.pspPort = simulator.port
                state.pspUsesTLS = plan.pspUsesTLS
            }
            if let second { state.secondPSPPort = second.port }
            if let gateway {
                state.port = gateway.port
                state.adminPort = gateway.adminPort
                state.hasDataDirectory = true
            }
        }
        try directory.updateDemoFile(creating: true) { file in
            if let simulator {
                file.simulatorStarted(pid: simulator.pid, url: plan.simulatorURL(port: simulator.port))
            }
            if let second {
                file.secondSimulatorStarted(pid: second.pid, url: plan.simulatorURL(port: second.port))
            }
            if let gateway, let adminPort = gateway.adminPort {
                file.gatewayStarted(pid: gateway.pid, port: gateway.port, adminPort: adminPort)
            }
        }
    }

    // MARK: Running and stopping

    private func supervise() async throws {
        var firstFailure: Failure?
        supervision: for await event in events {
            switch event {
            case .stop:
                break supervision
            case .ended(let child, let exit):
                let failure = Failure(status(exit), "the \(child.name) (pid \(child.pid)) \(exit)")
                let survivors = state.withLock { state in
                    state.children.removeAll { $0 === child }
                    return state.children
                }
                try forget(child)
                firstFailure = firstFailure ?? failure
                // A person, a tool or the kernel sends SIGKILL, not the program. The other child
                // goes on, so that this one can be started again beside it.
                guard exit == .signal(SIGKILL), let survivor = survivors.first else { throw failure }
                Console.error("millrace: \(failure); the \(survivor.name) (pid \(survivor.pid)) goes on until Ctrl-C")
            }
        }
        Console.line("Draining ...")
        await stopChildren()
        Console.line("Stopped.")
        if let firstFailure { throw firstFailure }
    }

    private func stopChildren() async {
        let children = state.withLock { $0.children }
        for child in children {
            child.send(SIGTERM)
            let patience = Task {
                try await Task.sleep(for: Self.stopPatience)
                child.send(SIGKILL)
            }
            _ = await child.exit()
            patience.cancel()
            // A launcher that is ending can report a full disk only to the person at the console.
            do { try forget(child) } catch { Console.error("millrace: \(error)") }
        }
    }

    /// Takes a child that has ended out of `demo.json`, unless another has taken its place there.
    private func forget(_ child: ChildProcess) throws {
        try directory.updateDemoFile(creating: false) { file in
            if file.gatewayPID == child.pid { file.gatewayStopped() }
            if file.pspPID == child.pid { file.simulatorStopped() }
            if file.secondPSPPID == child.pid { file.secondSimulatorStopped() }
        }
    }

    /// The child's own status where it has one to give, so that 75 and 78 keep their meaning.
    private func status(_ exit: ChildProcess.Exit) -> Int32 {
        switch exit {
        case .status(let status) where status != 0: status
        case .status, .signal: ExitStatus.unavailable
        }
    }
}
