@testable import Journal

/// Damage to a file in the snapshot container (docs/journal.md).
enum SnapshotDamage {
    /// One change that a program of the fuzzer asks for. `isForged` becomes true where a checksum
    /// was made right again: then the file may say what was never written.
    static func damage(_ file: inout [UInt8], by input: inout FuzzInput, isForged: inout Bool) {
        let operation = input.byte() % 8
        let offset = input.word()
        switch operation {
        case 0: if offset < file.count { file[offset] ^= input.byte() }
        case 1:
            for (index, byte) in input.take(8).enumerated() where offset + index < file.count {
                file[offset + index] = byte
            }
        case 2: file.removeLast(min(file.count, offset))
        case 3: file += [UInt8](repeating: input.byte(), count: min(offset, 8_192))
        case 4:
            let source = input.word()
            let part = Array(file.dropFirst(source).prefix(64))
            for (index, byte) in part.enumerated() where offset + index < file.count { file[offset + index] = byte }
        default: forge(&file, operation: operation, by: &input, isForged: &isForged)
        }
    }

    /// A field of the header, of the first chunk's header or of the trailer, with the checksum made
    /// right.
    private static func forge(
        _ file: inout [UInt8],
        operation: UInt8,
        by input: inout FuzzInput,
        isForged: inout Bool
    ) {
        let field = Int(input.byte()) % 96
        let (width, value) = (1 << (Int(input.byte()) % 4), input.edge())
        guard file.count >= 3 * 4_096 else { return }
        isForged = true
        let start = operation == 5 ? 0 : operation == 6 ? 4_096 : file.count - 4_096
        for index in 0..<width { file[start + field + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index)) }
        file.withUnsafeMutableBytes { memory in
            let bytes = UnsafeRawBufferPointer(memory)
            let seed = crc32c(bytes.part(64, 16))
            switch operation {
            case 5: memory.store(crc32c(bytes.part(12, 4_084)), at: 8)
            case 6: memory.store(crc32c(bytes.part(start + 4, 28), seed: seed), at: start)
            default: memory.store(crc32c(bytes.part(start + 12, 4_084), seed: seed), at: start + 8)
            }
        }
    }
}
