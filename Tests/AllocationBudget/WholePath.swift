import API
import CAllocationCounter
import Gateway
import HTTPTransport
import Logging
import NIOCore
import NIOPosix
import PSPSimulator

/// One payment from TLS to the answer: HTTP/2, JSON, idempotency, two journal records, the PSP call
/// and back. Runs the real gateway, simulator and client in one process on real sockets and disk;
/// the counter tells threads apart, and only the gateway's are counted.
enum WholePath {
    /// Allocations of one payment on all threads of the gateway.
    static func measure(_ setting: Setting) async throws -> Double {
        let logger = Logger(label: "allocation-budget") { _ in SwiftLogNoOpLogHandler() }
        let simulator = try await PSPSimulatorServer.start(configuration: PSPSimulatorConfiguration(), logger: logger)
        let key = APIKey.generate()
        // Everything that runs by now, client and simulator, is not the gateway.
        _ = try await setting.loop.submit { Array(0..<100).map(String.init) }.get()
        let others = Set(threads().keys)

        let gateway = try await GatewayServer.start(
            configuration: configuration(setting, simulatorPort: simulator.port, key),
            makesDataDirectory: true,
            logger: logger
        )
        let client = try setting.client(port: gateway.port)
        try await Sender.send(Setting.warmUp, from: 0, on: setting.loop, client: client, key: key.text)
        let before = allocations(except: others)
        try await Sender.send(Setting.measured, from: Setting.warmUp, on: setting.loop, client: client, key: key.text)
        let after = allocations(except: others)
        await gateway.drain()
        await simulator.drain()
        return Double(after - before) / Double(Setting.measured)
    }

    private static func configuration(
        _ setting: Setting,
        simulatorPort: Int,
        _ key: APIKey
    ) -> GatewayConfiguration {
        var configuration = GatewayConfiguration(loops: 1, dataDirectory: setting.directory + "/data")
        configuration.listen.port = 0
        configuration.admin.port = 0
        configuration.tls.certificateFile = setting.certificates.certificateFile
        configuration.tls.keyFile = setting.certificates.keyFile
        configuration.idempotency.capacityPerShard = 1 << 17
        configuration.connectors[0].url = "http://127.0.0.1:\(simulatorPort)"
        configuration.merchants = [
            GatewayConfiguration.Merchant(id: "m", name: "m", feeBasisPoints: 250, apiKeyHashes: [key.hash])
        ]
        configuration.merchants[0].route = [configuration.connectors[0].name]
        return configuration
    }

    private static func threads() -> [Int32: UInt64] {
        var identifiers = [Int32](repeating: 0, count: 1024)
        var counts = [UInt64](repeating: 0, count: 1024)
        let total = Int(millrace_all_allocations(&identifiers, &counts, 1024))
        return Dictionary(zip(identifiers[..<total], counts[..<total])) { $0 + $1 }
    }

    private static func allocations(except others: Set<Int32>) -> UInt64 {
        threads().filter { !others.contains($0.key) }.reduce(0) { $0 + $1.value }
    }
}
