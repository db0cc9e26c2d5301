import CMillrace

/// What a path names, and who may use it.
struct FileStatus {
    /// Permission bits, 0o7777 at most.
    let permissions: UInt32
    /// The user id of the owner.
    let owner: UInt32
    let isRegular: Bool
    let isDirectory: Bool

    /// Asks the system. Throws `FileError`, also when nothing has that name.
    /// - Parameter follows: whether a symbolic link stands for what it leads to.
    init(of path: String, follows: Bool = true) throws(FileError) {
        var status = millrace_file_status()
        let result = millrace_file_status_of(path, follows ? 1 : 0, &status)
        guard result == 0 else { throw FileError(follows ? "stat" : "lstat", path, code: -result) }
        permissions = status.permissions
        owner = status.owner
        isRegular = status.is_regular != 0
        isDirectory = status.is_directory != 0
    }
}
