import Foundation
import Testing

@testable import Gateway

@Suite struct DemoDirectoryTests {
    private let temporary: TemporaryDirectory
    private let now: Int64 = 1_800_000_000

    init() throws {
        temporary = try TemporaryDirectory()
    }

    private func open(_ merchants: Int?) throws -> DemoDirectory {
        try DemoDirectory.open(path: temporary.file("demo"), certificates: nil, merchants: merchants, now: now)
    }

    private func json(_ path: String) throws -> [String: Any] {
        let object = try JSONSerialization.jsonObject(with: Data(try Files.read(path)))
        return try #require(object as? [String: Any])
    }

    @Test("a new directory has keys, certificates and a configuration that the gateway accepts")
    func new() throws {
        let directory = try open(13)
        #expect(directory.state.apiKeys.count == 13)
        #expect(Set(directory.state.apiKeys).count == 13)
        let configuration = try GatewayConfiguration.load(
            path: directory.configurationFile,
            environment: [:],
            coreCount: 2
        )
        #expect(configuration.merchants.count == 13)
        #expect(Set(configuration.merchants.map(\.feeBasisPoints)).count == 12, "different fees")
        #expect(configuration.tls.keyFile == directory.certificates.keyFile)
        #expect(configuration.dataDirectory == FilePaths.join(directory.path, "data"))
    }

    @Test("keys and an edited configuration are kept")
    func kept() throws {
        let first = try open(2)
        let edited = try Files.read(first.configurationFile) + Array("\n# edited\n".utf8)
        try Files.writeAtomically(edited, to: first.configurationFile)
        let second = try open(nil)
        #expect(second.state == first.state)
        #expect(try Files.read(second.configurationFile) == edited)
    }

    @Test("another number of merchants is refused rather than ignored")
    func otherMerchants() throws {
        _ = try open(2)
        #expect(throws: ConfigurationError.self) { try open(3) }
    }

    @Test("a demo with two connectors has both in every merchant's route, and stays one with two")
    func twoConnectors() throws {
        func open(_ connectors: Int?) throws -> DemoDirectory {
            try DemoDirectory.open(
                path: temporary.file("demo"),
                certificates: nil,
                merchants: 2,
                connectors: connectors,
                now: now
            )
        }
        let directory = try open(2)
        let configuration = try GatewayConfiguration.load(
            path: directory.configurationFile,
            environment: ["MILLRACE_CONNECTOR_BETA_URL": "http://127.0.0.1:9091"],
            coreCount: 2
        )
        #expect(configuration.connectors.map(\.name) == ["alpha", "beta"])
        #expect(configuration.connectors[1].url == "http://127.0.0.1:9091")
        #expect(configuration.merchants.allSatisfy { $0.route == ["alpha", "beta"] })
        #expect(try open(nil).state == directory.state)
        #expect(throws: ConfigurationError.self) { _ = try open(1) }
    }

    @Test("files with keys are their owner's alone")
    func secrets() throws {
        var directory = try open(1)
        try directory.updateState { $0.port = 1 }
        try directory.updateDemoFile(creating: true) { _ in }
        #expect(try permissions(FilePaths.join(directory.path, "state.json")) == 0o600)
        #expect(try permissions(directory.demoFile) == 0o600)
        #expect(try permissions(directory.configurationFile) == 0o600)
    }

    @Test("the configuration holds hashes and no keys")
    func noKeys() throws {
        let directory = try open(2)
        let text = String(decoding: try Files.read(directory.configurationFile), as: UTF8.self)
        for key in directory.state.apiKeys { #expect(!text.contains(key)) }
    }

    @Test("demo.json has exactly the names that tools rely on")
    func demoFile() throws {
        let directory = try open(2)
        try directory.updateDemoFile(creating: true) { file in
            file.simulatorStarted(pid: 12, url: "http://127.0.0.1:9090")
            file.gatewayStarted(pid: 34, port: 8443, adminPort: 9464)
        }
        let file = try json(directory.demoFile)
        #expect(
            Set(file.keys) == [
                "base_url", "admin_url", "psp_url", "oracle_url", "ca_cert", "api_keys", "gateway_pid", "psp_pid",
            ]
        )
        #expect(file["base_url"] as? String == "https://127.0.0.1:8443")
        #expect(file["admin_url"] as? String == "http://127.0.0.1:9464")
        #expect(file["psp_url"] as? String == "http://127.0.0.1:9090")
        #expect(file["oracle_url"] as? String == "http://127.0.0.1:9090/oracle/charges")
        #expect(file["ca_cert"] as? String == directory.certificates.authorityFile)
        #expect(file["api_keys"] as? [String] == directory.state.apiKeys)
        #expect(file["gateway_pid"] as? Int == 34)
        #expect(file["psp_pid"] as? Int == 12)
    }

    @Test("a gateway that stops leaves its address and the simulator's process")
    func stopped() throws {
        let directory = try open(1)
        try directory.updateDemoFile(creating: true) { file in
            file.simulatorStarted(pid: 12, url: "http://127.0.0.1:9090")
            file.gatewayStarted(pid: 34, port: 8443, adminPort: 9464)
        }
        try directory.updateDemoFile(creating: false) { $0.gatewayStopped() }
        let file = try json(directory.demoFile)
        #expect(file["gateway_pid"] is NSNull)
        #expect(file["base_url"] as? String == "https://127.0.0.1:8443")
        #expect(file["psp_pid"] as? Int == 12)
    }

    @Test("a change without a file makes none unless asked to")
    func noFile() throws {
        let directory = try open(1)
        try directory.updateDemoFile(creating: false) { $0.gatewayStopped() }
        #expect(!Files.exists(directory.demoFile))
    }

    @Test("changes at the same time are all kept, and a reader never sees half a file")
    func concurrentChanges() async throws {
        let directory = try open(1)
        try directory.updateDemoFile(creating: true) { _ in }
        try await withThrowingTaskGroup { group in
            for round in 1...40 {
                group.addTask {
                    try directory.updateDemoFile(creating: false) { file in
                        if round.isMultiple(of: 2) {
                            file.gatewayPID = (file.gatewayPID ?? 0) + 1
                        } else {
                            file.pspPID = (file.pspPID ?? 0) + 1
                        }
                    }
                }
                group.addTask {
                    let file = try JSONFile.read(directory.demoFile, as: DemoFile.self)
                    #expect(file?.apiKeys.count == 1)
                }
            }
            try await group.waitForAll()
        }
        let file = try #require(try JSONFile.read(directory.demoFile, as: DemoFile.self))
        #expect(file.gatewayPID == 20)
        #expect(file.pspPID == 20)
    }
}
