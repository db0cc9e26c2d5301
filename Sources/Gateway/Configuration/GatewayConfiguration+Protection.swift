import Yams

// The journal's encryption and checkpoints. Both are off when their section is absent.

extension KeySource {
    static func read(_ section: inout ConfigurationSection) throws(ConfigurationError) -> KeySource? {
        let file = try section.file("key_file")
        let command = try readCommand(&section)
        let timeout = try section.duration("key_command_timeout", in: .seconds(1)...Duration.seconds(300))
        try section.finish()
        switch (file, command) {
        case (let file?, nil):
            guard timeout == nil else { throw section.problem("key_command_timeout is for a key_command") }
            return .file(file)
        case (nil, let command?): return .command(command, timeout: timeout ?? .seconds(10))
        case (nil, nil) where !section.isPresent: return nil
        case (nil, nil), (.some, .some): throw section.problem("needs a key_file or a key_command")
        }
    }

    private static func readCommand(_ section: inout ConfigurationSection) throws(ConfigurationError) -> [String]? {
        guard let nodes = try section.list("key_command") else { return nil }
        var arguments: [String] = []
        for node in nodes {
            guard let text = node.scalar?.string else {
                throw section.source.error(node, "\(section.path).key_command must be a list of texts")
            }
            arguments.append(text)
        }
        guard let program = arguments.first, !program.isEmpty else {
            throw section.problem("key_command must name a program")
        }
        return arguments
    }
}

extension GatewayConfiguration.Checkpoints {
    static func read(_ section: inout ConfigurationSection) throws(ConfigurationError) -> Self? {
        let key = try section.file("signing_key_file")
        let interval = try section.duration("interval", in: .seconds(1)...Duration.seconds(3_600))
        try section.finish()
        guard let key else {
            if !section.isPresent { return nil }
            throw section.problem("needs a signing_key_file")
        }
        var checkpoints = Self(signingKeyFile: key)
        checkpoints.interval = interval ?? checkpoints.interval
        return checkpoints
    }
}
