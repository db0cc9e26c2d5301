import Glibc

extension GatewayConfiguration {
    /// The environment's overrides (what each replaces), as docs/configuration.md lists them.
    package enum EnvironmentName {
        package static let listenHost = "MILLRACE_LISTEN_HOST"
        package static let listenPort = "MILLRACE_LISTEN_PORT"
        package static let adminHost = "MILLRACE_ADMIN_HOST"
        package static let adminPort = "MILLRACE_ADMIN_PORT"
        package static let certificateFile = "MILLRACE_TLS_CERTIFICATE_FILE"
        package static let keyFile = "MILLRACE_TLS_KEY_FILE"
        package static let dataDirectory = "MILLRACE_DATA_DIRECTORY"
        package static let loops = "MILLRACE_LOOPS"
        package static let logLevel = "MILLRACE_LOG_LEVEL"
        package static let providerURL = "MILLRACE_PROVIDER_URL"
        package static let providerCAFile = "MILLRACE_PROVIDER_TLS_CA_FILE"
        package static let providerAPIKey = "MILLRACE_PROVIDER_API_KEY"
        package static let riskScorerToken = "MILLRACE_RISK_SCORER_TOKEN"

        static let all: Set = [
            listenHost, listenPort, adminHost, adminPort, certificateFile, keyFile, dataDirectory, loops, logLevel,
            providerURL, providerCAFile, providerAPIKey, riskScorerToken,
        ]
    }

    /// The largest configuration file, in bytes.
    package static let maximumFileBytes = 16 << 20

    /// Reads and checks the file at `path`. `coreCount` is the default number of event loops.
    package static func load(
        path: String,
        environment: [String: String],
        coreCount: Int
    ) throws(ConfigurationError) -> GatewayConfiguration {
        let bytes: [UInt8]
        do {
            bytes = try Files.read(path, limit: maximumFileBytes)
        } catch {
            throw ConfigurationError(place: path, error.reason)
        }
        return try parse(bytes, file: path, environment: environment, coreCount: coreCount) { file in
            access(file, R_OK) == 0 ? nil : String(cString: strerror(errno))
        }
    }

    /// Reads and checks the text of a configuration. `readProblem` says why a file that it names
    /// cannot be read.
    static func parse(
        _ bytes: [UInt8],
        file: String,
        environment: [String: String] = [:],
        coreCount: Int = 1,
        readProblem: @escaping (String) -> String?
    ) throws(ConfigurationError) -> GatewayConfiguration {
        let directory = FilePaths.absolute(FilePaths.directory(of: file))
        let source = ConfigurationSource(
            file: file,
            directory: directory,
            environment: environment,
            readProblem: readProblem
        )
        var configuration = GatewayConfiguration(
            loops: max(1, coreCount),
            dataDirectory: FilePaths.join(directory, "data")
        )
        var document = try ConfigurationSection(document: bytes, source: source)
        try configuration.read(&document)
        try document.finish()
        return configuration
    }

    private mutating func read(_ document: inout ConfigurationSection) throws(ConfigurationError) {
        loops = try document.integer("loops", in: 1...256, override: EnvironmentName.loops) ?? loops
        shards = try document.integer("shards", in: 1...1_024) ?? shards
        dataDirectory =
            try document.path("data_directory", override: EnvironmentName.dataDirectory) ?? dataDirectory
        if let id = try document.value("data_directory_id") {
            guard DataDirectoryMeta.isID(id.text) else { throw id.error("must be 32 hexadecimal digits in lower case") }
            dataDirectoryID = id.text
        }
        allowsSharedDirectory =
            try document.boolean("allow_shared_data_directory") ?? allowsSharedDirectory
        logLevel = try document.choice("log_level", override: EnvironmentName.logLevel) ?? logLevel
        drainTimeout =
            try document.duration("drain_timeout", in: .zero...Duration.seconds(3_600)) ?? drainTimeout
        lameDuck = try document.duration("lame_duck", in: .zero...Duration.seconds(600)) ?? lameDuck

        var section = try document.section("listen")
        try readListen(&section)
        section = try document.section("clock")
        maxClockJump =
            try section.duration("max_jump", in: Duration.seconds(60)...Duration.seconds(3_650 * 86_400))
            ?? maxClockJump
        try section.finish()
        section = try document.section("journal")
        try journal.read(&section)
        section = try document.section("idempotency")
        try idempotency.read(&section)
        try checkRetention(section)
        section = try document.section("payments")
        try payments.read(&section)
        section = try document.section("limits")
        try limits.read(&section)
        connectors = try Connector.readAll(&document)
        section = try document.section("risk")
        try risk.read(&section)
        section = try document.section("admin")
        try admin.read(&section)
        var identities = Merchant.Identities(source: document.source)
        merchants = try Merchant.readAll(&document, &identities, connectors: connectors.map(\.name))
        operators = try Operator.readAll(&document, &identities)
        try treasury.read(&document)
        try refuseUnsafe(document)
    }

    /// Refuses settings that send secrets in clear text, or open ports without authentication to
    /// others, unless another setting permits it.
    private func refuseUnsafe(_ document: ConfigurationSection) throws(ConfigurationError) {
        func refuse(_ problem: String) -> ConfigurationError {
            ConfigurationError(place: document.source.file, problem)
        }
        if listen.cleartextHTTP2, !listen.allowsRemoteCleartext, !Self.isLoopback(listen.host) {
            throw refuse(
                "listen.cleartext_h2 on \(listen.host) would receive API keys in clear text from other hosts; "
                    + "listen on loopback, or set listen.allow_remote_cleartext: true"
            )
        }
        if listen.cleartextHTTP2, tls.certificateFile != nil || tls.keyFile != nil {
            throw refuse(
                "listen.cleartext_h2 and listen.tls exclude each other: nothing would be encrypted although a certificate "
                    + "is configured; take one of them out"
            )
        }
        if !admin.allowsRemote, !Self.isLoopback(admin.host) {
            throw refuse(
                "admin.host \(admin.host) would serve the admin port, which asks for no key, to other hosts; "
                    + "use loopback, or set admin.allow_remote: true"
            )
        }
        for connector in connectors {
            guard let url = ProviderURL(connector.url), !url.usesTLS, !connector.allowsCleartext,
                !Self.isLoopback(url.host)
            else { continue }
            throw refuse(
                "the url of \(connector.name) would send the provider's secret in clear text to \(url.host); "
                    + "use https, or set allow_cleartext: true"
            )
        }
        if let scorer = risk.scorer, !scorer.url.authority.usesTLS, !scorer.allowsCleartext,
            !Self.isLoopback(scorer.url.authority.host)
        {
            throw refuse(
                "risk.scorer.url would send the scorer's token and payments in clear text to \(scorer.url.authority.host); "
                    + "use https, or set risk.scorer.allow_cleartext: true"
            )
        }
        if listen.port != 0, listen.port == admin.port, Self.overlap(listen.host, admin.host) {
            throw refuse("listen.port and admin.port are both \(listen.port)")
        }
    }

    private static func overlap(_ one: String, _ other: String) -> Bool {
        let everything: Set = ["0.0.0.0", "::"]
        return one == other || everything.contains(one) || everything.contains(other)
    }

    static func isLoopback(_ host: String) -> Bool {
        if host == "localhost" || host == "::1" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    /// Refuses an archive that is kept too short. Stored answers are read from archived segments,
    /// so none may be deleted while a key needs it.
    private func checkRetention(_ section: ConfigurationSection) throws(ConfigurationError) {
        guard let keep = journal.archive.keep, keep < idempotency.ttl + .seconds(86_400) else { return }
        throw ConfigurationError(
            place: section.source.file,
            line: section.line ?? 1,
            "journal.archive.keep must be at least a day longer than idempotency.ttl"
        )
    }

    private mutating func readListen(_ section: inout ConfigurationSection) throws(ConfigurationError) {
        listen.host = try section.text("host", override: EnvironmentName.listenHost) ?? listen.host
        listen.port = try section.integer("port", in: 0...65_535, override: EnvironmentName.listenPort) ?? listen.port
        listen.http1 = try section.boolean("http1") ?? listen.http1
        listen.cleartextHTTP2 = try section.boolean("cleartext_h2") ?? listen.cleartextHTTP2
        listen.allowsRemoteCleartext =
            try section.boolean("allow_remote_cleartext") ?? listen.allowsRemoteCleartext
        var nested = try section.section("tls")
        try tls.read(&nested)
        try section.finish()
        guard listen.cleartextHTTP2 || (tls.certificateFile != nil && tls.keyFile != nil) else {
            throw ConfigurationError(
                place: section.source.file,
                line: section.line ?? 1,
                "listen.tls needs certificate_file and key_file (or listen.cleartext_h2: true)"
            )
        }
    }
}
