/// Reads files with keys, and only those that no other user of the machine can read.
package enum SecretFile {
    private static let maximumBytes = 1 << 20

    /// The file's bytes. Refuses a file that its group or others may read, change or execute. There
    /// is one exception: a group may read root's file, as with mounted secrets. Pipes are taken as
    /// they are.
    package static func read(_ path: String) throws(ConfigurationError) -> [UInt8] {
        let status: FileStatus
        do throws(FileError) {
            status = try FileStatus(of: path)
        } catch {
            throw ConfigurationError(place: path, error.reason)
        }
        let permissions = status.permissions & 0o777
        let permitted: UInt32 = status.owner == 0 ? 0o740 : 0o700
        guard !status.isRegular || permissions & ~permitted == 0 else {
            let mode = String(permissions, radix: 8)
            throw ConfigurationError(
                place: path,
                "holds a key and has mode 0\(mode): nobody but its owner may read it (chmod 600)"
            )
        }
        do throws(FileError) {
            return try Files.read(path, limit: maximumBytes)
        } catch {
            throw ConfigurationError(place: path, error.reason)
        }
    }
}
