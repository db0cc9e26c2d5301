import Journal
import NIOCore

/// What protects the journals' contents and history: keys for encryption, and a signer of
/// checkpoints.
package struct JournalProtection: Sendable {
    let keys: JournalKeys?
    let checkpoints: CheckpointSettings?

    /// Reads the keys that the configuration points to. Blocks.
    package init(_ settings: GatewayConfiguration.JournalSettings) throws(ConfigurationError) {
        keys = try settings.encryption.map { source throws(ConfigurationError) in JournalKeys(try source.ring()) }
        checkpoints = try settings.checkpoints.map { settings throws(ConfigurationError) in
            CheckpointSettings(
                signer: try Self.signer(settings.signingKeyFile),
                intervalNanoseconds: UInt64(TimeAmount(settings.interval).nanoseconds)
            )
        }
    }

    private static func signer(_ path: String) throws(ConfigurationError) -> CheckpointSigner {
        let text = try SecretFile.read(path)
        do throws(KeyTextError) {
            return try CheckpointSigner(text: text, source: path)
        } catch {
            throw ConfigurationError(error)
        }
    }
}
