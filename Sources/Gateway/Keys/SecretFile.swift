import CoreFoundation
import Glibc

/// Reads files with keys, and only those that no other user of the machine can read.
package enum SecretFile {
    private static let maximumBytes = 1 << 20

    /// The file's bytes. Refuses a file that its group or others may read, change or execute. There
    /// is one exception: a group may read root's file, as with mounted secrets. Pipes are taken as
    /// they are.
    package static func read(_ path: String) throws(ConfigurationError) -> [UInt8] {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw ConfigurationError(place: path, String(cString: strerror(errno)))
        }
        let permissions = status.st_mode & 0o777
        let permitted: mode_t = status.st_uid == 0 ? 0o740 : 0o700
        let isRegular = status.st_mode & S_IFMT == S_IFREG
        guard !isRegular || permissions & ~permitted == 0 else {
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
