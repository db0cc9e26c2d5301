import Foundation

/// `demo.json`: what tools need to know of a running demo. Other programs rely on its names; add,
/// never change.
package struct DemoFile: Codable, Sendable, Equatable {
    /// The merchants' API, `https://127.0.0.1:PORT`. The gateway's members are `null` while it is
    /// not running.
    package var baseURL: String?
    /// The operators' server, `http://127.0.0.1:PORT`.
    package var adminURL: String?
    /// The simulator. The simulator's members are `null` while it is not running.
    package var pspURL: String?
    /// The full address of the simulator's oracle.
    package var oracleURL: String?
    /// The path of the authority's certificate.
    package var caCertificate: String
    /// One per merchant, in the order of the configuration. Secrets: the file is readable by its
    /// owner only.
    package var apiKeys: [String]
    package var gatewayPID: Int32?
    package var pspPID: Int32?
    /// The simulator of the second connector; absent in a demo with one.
    package var secondPSPURL: String?
    package var secondPSPPID: Int32?

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case baseURL = "base_url"
        case adminURL = "admin_url"
        case pspURL = "psp_url"
        case oracleURL = "oracle_url"
        case caCertificate = "ca_cert"
        case apiKeys = "api_keys"
        case gatewayPID = "gateway_pid"
        case pspPID = "psp_pid"
        case secondPSPURL = "second_psp_url"
        case secondPSPPID = "second_psp_pid"
    }

    package init(caCertificate: String, apiKeys: [String]) {
        self.caCertificate = caCertificate
        self.apiKeys = apiKeys
    }

    /// Every member, also where it is `null`; those of a second simulator where there is one.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(baseURL, forKey: .baseURL)
        try container.encode(adminURL, forKey: .adminURL)
        try container.encode(pspURL, forKey: .pspURL)
        try container.encode(oracleURL, forKey: .oracleURL)
        try container.encode(caCertificate, forKey: .caCertificate)
        try container.encode(apiKeys, forKey: .apiKeys)
        try container.encode(gatewayPID, forKey: .gatewayPID)
        try container.encode(pspPID, forKey: .pspPID)
        guard let secondPSPURL else { return }
        try container.encode(secondPSPURL, forKey: .secondPSPURL)
        try container.encode(secondPSPPID, forKey: .secondPSPPID)
    }

    /// Records a running gateway.
    package mutating func gatewayStarted(pid: Int32, port: Int, adminPort: Int) {
        gatewayPID = pid
        baseURL = "https://127.0.0.1:\(port)"
        adminURL = "http://127.0.0.1:\(adminPort)"
    }

    /// Records a running simulator.
    package mutating func simulatorStarted(pid: Int32, url: String) {
        pspPID = pid
        pspURL = url
        oracleURL = url + "/oracle/charges"
    }

    /// Records the second connector's simulator.
    package mutating func secondSimulatorStarted(pid: Int32, url: String) {
        secondPSPPID = pid
        secondPSPURL = url
    }

    /// The gateway's address stays: it comes back there.
    package mutating func gatewayStopped() { gatewayPID = nil }

    /// The simulator's address stays: it comes back there.
    package mutating func simulatorStopped() { pspPID = nil }

    /// The same of the second.
    package mutating func secondSimulatorStopped() { secondPSPPID = nil }
}
