import Glibc

/// The few operations on paths that the gateway needs.
package enum FilePaths {
    /// `path` itself when it is absolute, else below `directory` (the working directory unless told
    /// otherwise).
    package static func absolute(_ path: String, in directory: String? = nil) -> String {
        if path.hasPrefix("/") { return path }
        return join(directory ?? workingDirectory(), path)
    }

    /// `path` below `directory`, with one slash between them and no leading `./`.
    package static func join(_ directory: String, _ path: String) -> String {
        var relative = path[...]
        while relative.hasPrefix("./") { relative = relative.dropFirst(2) }
        return directory.hasSuffix("/") ? directory + relative : "\(directory)/\(relative)"
    }

    /// All but the last component: `/a/b.yaml` gives `/a`, and so does `/a/b.yaml/`.
    package static func directory(of path: String) -> String {
        var path = path[...]
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// The last component: `/a/b.yaml` gives `b.yaml`, and so does `/a/b.yaml/`.
    package static func name(of path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? path
    }

    private static func workingDirectory() -> String {
        guard let text = getcwd(nil, 0) else { return "." }
        defer { free(text) }
        return String(cString: text)
    }
}
