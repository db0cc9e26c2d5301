import Foundation

@_silgen_name("LLVMFuzzerRunDriver")
private func LLVMFuzzerRunDriver(
    _ count: UnsafeMutablePointer<CInt>,
    arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    body: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// Chosen once, before the driver starts.
private let target: FuzzTarget = {
    let names = FuzzTarget.all.map(\.name).joined(separator: " ")
    if CommandLine.arguments.dropFirst().first == "list" {
        print(names)
        exit(0)
    }
    guard CommandLine.arguments.count > 1, let target = FuzzTarget.named(CommandLine.arguments[1]) else {
        FileHandle.standardError.write(Data("millrace-fuzz TARGET [libFuzzer's arguments]; targets: \(names)\n".utf8))
        exit(64)
    }
    return target
}()

/// One binary for all targets, so that a second build of everything happens once:
/// `millrace-fuzz TARGET ARGUMENTS...`.
@main
struct FuzzMain {
    static func main() {
        let rest = [CommandLine.arguments[0], "-max_len=\(target.maximumBytes)"] + CommandLine.arguments.dropFirst(2)
        var pointers: [UnsafeMutablePointer<CChar>?] = rest.map { strdup($0) } + [nil]
        var count = CInt(rest.count)
        let status = pointers.withUnsafeMutableBufferPointer { buffer -> CInt in
            guard var base = buffer.baseAddress else { return 64 }
            return LLVMFuzzerRunDriver(&count, arguments: &base) { bytes, count in
                target.run(UnsafeRawBufferPointer(start: bytes, count: count))
                return 0
            }
        }
        exit(status)
    }
}
