import Glibc
import Journal
import Testing

@testable import Gateway

/// Where keys come from, and when they are not taken.
@Suite struct KeySourceTests {
    private let line = MasterKeyRing.newLine(id: 3)

    private func withFile(_ text: String, mode: mode_t, _ body: (String) throws -> Void) throws {
        let template = Array("/tmp/millrace-keys-XXXXXX".utf8CString)
        let path = template.withUnsafeBufferPointer { template -> String in
            var copy = Array(template)
            let descriptor = mkstemp(&copy)
            close(descriptor)
            return String(decoding: copy.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
        defer { unlink(path) }
        try Files.writeAtomically(Array(text.utf8), to: path, permissions: UInt32(mode))
        try body(path)
    }

    @Test(arguments: [0o600, 0o400] as [mode_t]) func `a file that only its owner can read is taken`(
        mode: mode_t
    ) throws {
        try withFile(line, mode: mode) { path in
            let ring = try KeySource.file(path).ring()
            #expect(ring.activeKeyID == 3 && ring.source == path)
        }
    }

    @Test(arguments: [0o644, 0o604, 0o602, 0o660, 0o620] as [mode_t])
    func `a file that others could have read or changed is refused by name and mode`(mode: mode_t) throws {
        try withFile(line, mode: mode) { path in
            let text =
                "holds a key and has mode 0\(String(mode, radix: 8)): nobody but its owner may read it (chmod 600)"
            #expect(throws: ConfigurationError(place: path, text)) { _ = try KeySource.file(path).ring() }
        }
    }

    @Test func `a group may read root's file, and nobody else's`() throws {
        try withFile(line, mode: 0o640) { path in
            let isRoot = getuid() == 0
            #expect((try? KeySource.file(path).ring().activeKeyID) == (isRoot ? 3 : nil))
        }
    }

    @Test func `what is wrong in a file is named with its line`() throws {
        try withFile("# keys\n3: short\n", mode: 0o600) { path in
            #expect(throws: ConfigurationError(place: path, line: 2, "key 3 is not 32 bytes in base64")) {
                _ = try KeySource.file(path).ring()
            }
        }
        #expect(throws: ConfigurationError(place: "/nowhere/keys", "No such file or directory")) {
            _ = try KeySource.file("/nowhere/keys").ring()
        }
    }

    @Test func `a command's output is a key text`() throws {
        let ring = try KeySource.command(["printf", "%s\n", line], timeout: .seconds(60)).ring()
        #expect(ring.activeKeyID == 3 && ring.source == "the output of printf")
    }

    @Test func `a command that is not there, fails, or takes too long is refused by name`() {
        func error(_ arguments: [String], _ timeout: Duration = .seconds(60)) -> ConfigurationError? {
            do throws(ConfigurationError) {
                _ = try KeySource.command(arguments, timeout: timeout).ring()
                return nil
            } catch {
                return error
            }
        }
        #expect(error(["/nowhere/vault"])?.description == "command /nowhere/vault: No such file or directory")
        #expect(error(["sh", "-c", "echo '\(line)'; exit 7"])?.description == "command sh: ended with status 7")
        #expect(error(["sh", "-c", "kill -9 $$"])?.description == "command sh: ended with signal 9")
        #expect(error(["true"])?.description == "the output of true: holds no key")
        let slow = error(["sh", "-c", "exec sleep 600"], .milliseconds(50))
        #expect(slow?.problem.hasPrefix("printed no end within") == true)
        #expect(error(["cat", "/dev/zero"])?.problem.hasPrefix("printed no end within") == true)
    }
}
