@testable import Journal

/// What a fuzzer does to the seed journal: a program of edits. Edits of the first kind are what
/// disks and people do; those of the second forge checksums, so that they reach what lies behind
/// them.
struct JournalDamage {
    private(set) var files = JournalSeed.shared.files
    /// Whether checksums were made right again: then other records than the seed's may be accepted.
    private(set) var isForged = false
    private(set) var touchesWitness = false

    static let names =
        (1...4).map { JournalSeed.path(JournalDirectory.segmentName(UInt64($0))) }
        + [
            JournalSeed.path("witness"), JournalSeed.path(JournalDirectory.segmentName(5)),
            JournalSeed.path(JournalDirectory.segmentName(.max)), JournalSeed.path(JournalDirectory.segmentName(0)),
            JournalSeed.path("x.tmp"), JournalSeed.path("lock"),
        ]
    private static let batchFields = [12, 14, 16, 24, 32, 36, 40, 48, 56, 64, 72, 80, 84, 96, 112]
    private static let segmentFields = [0, 12, 14, 16, 20, 24, 32, 40, 48, 56, 64, 72, 80, 96, 128, 136, 200]
    private static let slotFields = [4, 8, 16, 24, 32, 40, 48, 64, 96]
    private static let witnessFields = [0, 12, 16, 20, 24, 32]

    init(_ input: inout FuzzInput) {
        for _ in 0..<64 where !input.isEmpty { edit(&input) }
    }

    private mutating func edit(_ input: inout FuzzInput) {
        let operation = input.byte() % 13
        let name = Self.names[Int(input.byte()) % Self.names.count]
        if name == JournalSeed.path("witness") { touchesWitness = true }
        switch operation {
        case 0: change(name, at: input.word(), [input.byte()], isExclusive: true)
        case 1: change(name, at: input.word(), input.take(Int(input.byte())))
        case 2: change(name, at: Int(input.byte()) * 512, [UInt8](repeating: 0, count: Int(input.byte()) * 512))
        case 3: resize(name, to: input.word())
        case 4: files[name] = nil
        case 5: copy(&input, from: name)
        case 6: rename(name, &input)
        case 7: forgeBatch(name, &input)
        case 8: forgeSegment(name, &input)
        case 9: forgeWitness(&input)
        case 10: forgeRecordLength(name, &input)
        case 11: forgeSlot(&input)
        default: rechain(name, from: Int(input.byte()) % 8)
        }
    }

    private mutating func change(_ name: String, at offset: Int, _ bytes: [UInt8], isExclusive: Bool = false) {
        guard var content = files[name] else { return }
        files[name] = nil
        for (index, byte) in bytes.enumerated() where offset + index < content.count {
            content[offset + index] = isExclusive ? content[offset + index] ^ byte : byte
        }
        files[name] = content
    }

    private mutating func resize(_ name: String, to count: Int) {
        guard let content = files[name] else { return }
        files[name] = Array(content.prefix(count)) + [UInt8](repeating: 0, count: max(0, count - content.count))
    }

    /// Blocks of one file over those of another, or of itself.
    private mutating func copy(_ input: inout FuzzInput, from name: String) {
        let target = Self.names[Int(input.byte()) % Self.names.count]
        if target == JournalSeed.path("witness") { touchesWitness = true }
        let (source, destination) = (Int(input.byte()) % 9 * blockBytes, Int(input.byte()) % 9 * blockBytes)
        let count = Int(input.byte()) % 4 * blockBytes + blockBytes
        guard let content = files[name] else { return }
        if files[target] == nil { files[target] = [UInt8](repeating: 0, count: JournalSeed.segmentBytes) }
        change(target, at: destination, Array(content.dropFirst(source).prefix(count)))
    }

    private mutating func rename(_ name: String, _ input: inout FuzzInput) {
        let target = Self.names[Int(input.byte()) % Self.names.count]
        if target == JournalSeed.path("witness") { touchesWitness = true }
        swapFiles(name, target)
    }

    private mutating func swapFiles(_ left: String, _ right: String) {
        let (first, second) = (files[left], files[right])
        files[left] = second
        files[right] = first
    }
}

/// The edits that make checksums right again.
extension JournalDamage {
    private mutating func forge(_ name: String, _ body: (UnsafeMutableRawBufferPointer) -> Void) {
        guard var content = files[name] else { return }
        isForged = true
        files[name] = nil
        content.withUnsafeMutableBytes(body)
        files[name] = content
    }

    private static func put(_ value: UInt64, bytes: Int, _ memory: UnsafeMutableRawBufferPointer, at offset: Int) {
        for index in 0..<bytes where offset + index < memory.count {
            memory[offset + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index))
        }
    }

    private mutating func forgeBatch(_ name: String, _ input: inout FuzzInput) {
        let offset = (Int(input.byte()) % 8) * blockBytes
        let field = Self.batchFields[Int(input.byte()) % Self.batchFields.count]
        let (width, value) = (1 << (Int(input.byte()) % 4), input.edge())
        forge(name) { memory in
            guard offset + blockBytes <= memory.count else { return }
            Self.put(value, bytes: width, memory, at: offset + field)
            Self.seal(memory, at: offset)
        }
    }

    private mutating func forgeRecordLength(_ name: String, _ input: inout FuzzInput) {
        let offset = (Int(input.byte()) % 8) * blockBytes
        let (place, value) = (input.word() % 6_000, input.edge())
        forge(name) { memory in
            guard offset + blockBytes <= memory.count else { return }
            Self.put(value, bytes: 4, memory, at: offset + BatchHeader.byteCount + place)
            Self.seal(memory, at: offset)
        }
    }

    /// Makes the links right from a frame on, by the lengths that the frames name.
    private mutating func rechain(_ name: String, from block: Int) {
        forge(name) { memory in
            var offset = max(block, 1) * blockBytes
            var previous: ChainHash?
            for _ in 0..<8 where offset + blockBytes <= memory.count {
                if let previous {
                    memory.storeBytes(of: previous.bytes, toByteOffset: offset + 112, as: SIMD32<UInt8>.self)
                }
                let length = Int(UnsafeRawBufferPointer(memory).integer(offset + 36, as: UInt32.self))
                guard offset + BatchHeader.byteCount + length <= memory.count else { return }
                Self.seal(memory, at: offset)
                let frame = UnsafeRawBufferPointer(rebasing: memory[offset...])
                previous = BatchHeader.hash(frame, length: length)
                offset += paddedToBlock(BatchHeader.byteCount + length)
            }
        }
    }

    private static func seal(_ memory: UnsafeMutableRawBufferPointer, at offset: Int) {
        let bytes = UnsafeRawBufferPointer(memory)
        let seed = crc32c(bytes.part(80, Salt.byteCount))
        let length = Int(bytes.integer(offset + 36, as: UInt32.self))
        let present = min(length, bytes.count - offset - BatchHeader.byteCount)
        memory.store(crc32c(bytes.part(offset + BatchHeader.byteCount, present)), at: offset + 4)
        memory.store(crc32c(bytes.part(offset + 4, BatchHeader.byteCount - 4), seed: seed), at: offset)
    }

    private mutating func forgeSegment(_ name: String, _ input: inout FuzzInput) {
        let field = Self.segmentFields[Int(input.byte()) % Self.segmentFields.count]
        let (width, value) = (1 << (Int(input.byte()) % 4), input.edge())
        forge(name) { memory in
            guard memory.count >= blockBytes else { return }
            Self.put(value, bytes: width, memory, at: field)
            memory.store(crc32c(UnsafeRawBufferPointer(memory).part(12, blockBytes - 12)), at: 8)
        }
    }

    private mutating func forgeWitness(_ input: inout FuzzInput) {
        touchesWitness = true
        let field = Self.witnessFields[Int(input.byte()) % Self.witnessFields.count]
        let (width, value) = (1 << (Int(input.byte()) % 4), input.edge())
        forge(JournalSeed.path("witness")) { memory in
            guard memory.count >= blockBytes else { return }
            Self.put(value, bytes: width, memory, at: field)
            memory.store(crc32c(UnsafeRawBufferPointer(memory).part(12, blockBytes - 12)), at: 8)
        }
    }

    private mutating func forgeSlot(_ input: inout FuzzInput) {
        touchesWitness = true
        let start = WitnessHeader.byteCount + Int(input.byte()) % 64 * WitnessSlot.byteCount
        let field = Self.slotFields[Int(input.byte()) % Self.slotFields.count]
        let (width, value) = (1 << (Int(input.byte()) % 4), input.edge())
        forge(JournalSeed.path("witness")) { memory in
            guard memory.count >= start + WitnessSlot.byteCount else { return }
            memory.store(WitnessSlot.magic, at: start + 4)
            Self.put(value, bytes: width, memory, at: start + field)
            let bytes = UnsafeRawBufferPointer(memory)
            let seed = crc32c(bytes.part(32, Salt.byteCount))
            memory.store(crc32c(bytes.part(start + 4, WitnessSlot.byteCount - 4), seed: seed), at: start)
        }
    }
}
