import Foundation

/// What `millrace demo` writes when it is ready. Unknown members are ignored: the file is shared
/// with other tools.
struct DemoFile: Decodable, Equatable, Sendable {
    var baseURL: String
    var adminURL: String
    var pspURL: String
    var oracleURL: String
    var caCertificate: String?
    var apiKeys: [String]
    var gatewayPID: Int?
    var pspPID: Int?
    /// Of the second connector's simulator; only in a demo with two.
    var secondPSPURL: String?
    var secondPSPPID: Int?

    enum CodingKeys: String, CodingKey {
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

    /// All simulators: whatever moved at any of them is the gateway's money.
    var simulatorURLs: [String] { [pspURL] + (secondPSPURL.map { [$0] } ?? []) }
    var oracleURLs: [String] { [oracleURL] + (secondPSPURL.map { ["\($0)/oracle/charges"] } ?? []) }

    static func read(path: String) throws -> DemoFile {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw LoadUsageError("cannot read \(path); is the demonstration running (make run)?")
        }
        do {
            return try JSONDecoder().decode(DemoFile.self, from: data)
        } catch {
            throw LoadUsageError("\(path) is not a demo.json: \(error)")
        }
    }
}
