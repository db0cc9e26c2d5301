#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Says on standard output, unbuffered, which port is ready: a script waits for it.
package func announce(port: Int) {
    let line = Array("ready \(port)\n".utf8)
    _ = line.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
}
