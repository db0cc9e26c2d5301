import Money
import Payments
import Yams

// Each section reads itself; the permitted ranges stand here, the defaults in
// GatewayConfiguration.swift.

extension GatewayConfiguration.TLS {
    mutating func read(_ section: inout ConfigurationSection) throws(ConfigurationError) {
        typealias Name = GatewayConfiguration.EnvironmentName
        certificateFile = try section.file("certificate_file", override: Name.certificateFile)
        keyFile = try section.file("key_file", override: Name.keyFile)
        minimumVersion = try section.choice("minimum_version") ?? minimumVersion
        try section.finish()
    }
}

extension GatewayConfiguration.JournalSettings {
    /// The file system's and the format's unit.
    private static let blockBytes = 4_096

    mutating func read(_ section: inout ConfigurationSection) throws(ConfigurationError) {
        segmentBytes = try blocks("segment_bytes", in: 2 << 20...1 << 32, &section) ?? segmentBytes
        floorMicroseconds = try section.integer("floor_microseconds", in: 0...10_000) ?? floorMicroseconds
        maxUnflushedBytes = try section.size("max_unflushed_bytes", in: 1 << 20...1 << 30) ?? maxUnflushedBytes
        maxBatchBytes = try blocks("max_batch_bytes", in: 128 << 10...1 << 20, &section) ?? maxBatchBytes
        var nested = try section.section("encryption")
        encryption = try KeySource.read(&nested)
        nested = try section.section("archive")
        try archive.read(&nested)
        nested = try section.section("checkpoints")
        checkpoints = try GatewayConfiguration.Checkpoints.read(&nested)
        nested = try section.section("snapshot")
        try snapshot.read(&nested)
        nested = try section.section("scrub")
        try scrub.read(&nested)
        onFailure = try section.choice("on_failure") ?? onFailure
        try section.finish()
    }

    private func blocks(
        _ key: String,
        in range: ClosedRange<Int>,
        _ section: inout ConfigurationSection
    ) throws(ConfigurationError) -> Int? {
        guard let value = try section.value(key) else { return nil }
        guard let size = ConfigurationValues.size(value.text), range.contains(size), size % Self.blockBytes == 0 else {
            throw value.error(
                "must be a multiple of 4KiB such as 64MiB, from \(range.lowerBound) to \(range.upperBound) bytes"
            )
        }
        return size
    }
}

extension GatewayConfiguration.Snapshot {
    mutating func read(_ section: inout ConfigurationSection) throws(ConfigurationError) {
        journalBytes = try section.size("journal_bytes", in: 64 << 10...64 << 30) ?? journalBytes
        payments = try section.integer("payments", in: 1...100_000_000) ?? payments
        interval = try section.duration("interval", in: .seconds(1)...Duration.seconds(86_400)) ?? interval
        bytesPerSecond = try section.size("bytes_per_second", in: 0...16 << 30) ?? bytesPerSecond
        try section.finish()
    }
}

extension GatewayConfiguration.Scrubbing {
    mutating func read(_ section: inout ConfigurationSection) throws(ConfigurationError) {
        interval = try section.duration("interval", in: .seconds(1)...Duration.seconds(365 * 86_400)) ?? interval
        bytesPerSecond = try section.size("bytes_per_second", in: 1 << 20...16 << 30) ?? bytesPerSecond
        try section.finish()
    }
}

extension GatewayConfiguration.Archive {
    mutating func read(_ section: inout ConfigurationSection) throws(ConfigurationError) {
        directory = try section.path("directory")
        if let value = try section.value("keep"), value.text != "forever" {
            let range = Duration.seconds(2 * 86_400)...Duration.seconds(36_525 * 86_400)
            guard let time = ConfigurationValues.duration(value.text), range.contains(time) else {
                throw value.error("must be forever, or a duration such as 2557d, from 2d to 36525d")
            }
            keep = time
        }
        spareSegments = try section.integer("spare_segments", in: 0...1_024) ?? spareSegments
        try section.finish()
    }
}

extension GatewayConfiguration.Idempotency {
    mutating func read(_ section: inout ConfigurationSection) throws(ConfigurationError) {
        ttl = try section.duration("ttl", in: .seconds(86_400)...Duration.seconds(31 * 86_400)) ?? ttl
        capacityPerShard = try section.integer("capacity_per_shard", in: 1_024...500_000_000) ?? capacityPerShard
        capacity = try section.integer("capacity", in: 1_024...500_000_000)
        eventsPerShard = try section.integer("events_per_shard", in: 1_024...100_000_000) ?? eventsPerShard
        try section.readParking(shard: &parkedPerShard, merchant: &parkedPerMerchant)
        try section.finish()
    }
}

extension GatewayConfiguration.PaymentTable {
    mutating func read(_ section: inout ConfigurationSection) throws(ConfigurationError) {
        capacityPerShard = try section.integer("capacity_per_shard", in: 1_024...500_000_000) ?? capacityPerShard
        capacity = try section.integer("capacity", in: 1_024...500_000_000)
        accountsPerShard = try section.integer("accounts_per_shard", in: 1_024...500_000_000) ?? accountsPerShard
        accounts = try section.integer("accounts", in: 1_024...500_000_000)
        waitingPerShard = try section.integer("waiting_per_shard", in: 1_024...100_000_000) ?? waitingPerShard
        resolutionsPerShard = try section.integer("resolutions_per_shard", in: 1...16_384) ?? resolutionsPerShard
        try section.readParking(shard: &parkedPerShard, merchant: &parkedPerMerchant)
        coldAfter = try section.duration("cold_after", in: .zero...Duration.seconds(365 * 86_400)) ?? coldAfter
        let days = { Duration.seconds($0 * 86_400) }
        abandonAfter = try section.duration("abandon_after", in: .seconds(1)...days(7)) ?? abandonAfter
        attentionAfter = try section.duration("attention_after", in: .seconds(1)...days(30)) ?? attentionAfter
        actionTimeout = try section.duration("action_timeout", in: .seconds(1)...days(7)) ?? actionTimeout
        try section.finish()
    }
}

extension ConfigurationSection {
    /// How many commands may wait for something that is read from the disk, and how many of one
    /// merchant.
    fileprivate mutating func readParking(shard: inout Int, merchant: inout Int) throws(ConfigurationError) {
        // With fewer than 32, no place would be left for operators and events.
        shard = try integer("parked_per_shard", in: 32...65_536) ?? shard
        merchant = try integer("parked_per_merchant", in: 1...65_536) ?? min(merchant, shard)
        guard merchant <= shard else { throw problem("parked_per_merchant must not be above parked_per_shard") }
    }
}

extension GatewayConfiguration.Limits {
    mutating func read(_ section: inout ConfigurationSection) throws(ConfigurationError) {
        let timeout = Duration.milliseconds(100)...Duration.seconds(3_600)
        maxBodyBytes = try section.size("max_body_bytes", in: 1_024...65_536) ?? maxBodyBytes
        maxStreamsPerConnection =
            try section.integer("max_streams_per_connection", in: 1...10_000) ?? maxStreamsPerConnection
        maxConnectionsPerLoop =
            try section.integer("max_connections_per_loop", in: 1...1_000_000) ?? maxConnectionsPerLoop
        maxRequestsInFlightPerLoop =
            try section.integer("max_requests_in_flight_per_loop", in: 1...1_000_000) ?? maxRequestsInFlightPerLoop
        merchantSharePercent = try section.integer("merchant_share_percent", in: 1...100) ?? merchantSharePercent
        handshakeTimeout = try section.duration("handshake_timeout", in: timeout) ?? handshakeTimeout
        bodyTimeout = try section.duration("body_timeout", in: timeout) ?? bodyTimeout
        idleTimeout = try section.duration("idle_timeout", in: timeout) ?? idleTimeout
        try section.finish()
    }
}

extension GatewayConfiguration.Connector {
    /// - Parameter variables: what overrides the section's values.
    mutating func read(
        _ section: inout ConfigurationSection,
        _ variables: Variables
    ) throws(ConfigurationError) {
        kind = try section.choice("kind") ?? kind
        if let value = try section.value("url", override: variables.url) {
            guard ProviderURL(value.text) != nil else {
                throw value.error("must be https://HOST:PORT or http://HOST:PORT, without a path")
            }
            url = value.text
        }
        allowsCleartext = try section.boolean("allow_cleartext") ?? allowsCleartext
        tlsCAFile = try section.file("tls_ca_file", override: variables.caFile)
        apiKey = section.source.environment[variables.apiKey]
        connectionsPerLoop = try section.integer("connections_per_loop", in: 1...256) ?? connectionsPerLoop
        let timeout = Duration.milliseconds(10)...Duration.seconds(120)
        deadline = try section.duration("deadline", in: timeout) ?? deadline
        var nested = try section.section("deadlines")
        for operation in ProviderOperation.allCases {
            guard let time = try nested.duration("\(operation.name)", in: timeout) else { continue }
            deadlines[operation] = time
        }
        try nested.finish()
        maxInFlightPerLoop = try section.integer("max_in_flight_per_loop", in: 1...1_000_000) ?? maxInFlightPerLoop
        try readCapabilities(&section)
        reservesOnWarning = try section.boolean("reserve_on_warning") ?? reservesOnWarning
        var fees = try section.section("dispute_fees")
        disputeFees = try Self.readDisputeFees(&fees)
        try readResolution(&section)
        try section.finish()
    }

    /// A member for each currency.
    private static func readDisputeFees(
        _ section: inout ConfigurationSection
    ) throws(ConfigurationError) -> [Currency: Int64] {
        var fees: [Currency: Int64] = [:]
        for currency in Currency.all {
            guard let fee = try section.integer("\(currency.code)", in: 0...1_000_000) else { continue }
            fees[currency] = Int64(fee)
        }
        try section.finish()
        return fees
    }
}

extension GatewayConfiguration.Connector {
    private mutating func readCapabilities(_ section: inout ConfigurationSection) throws(ConfigurationError) {
        multipleCaptures = try section.boolean("multiple_captures") ?? multipleCaptures
        increments = try section.boolean("increments") ?? increments
        cancelByReference = try section.boolean("cancel_by_reference") ?? cancelByReference
        overCaptureBasisPoints =
            try section.integer("over_capture_basis_points", in: 0...10_000) ?? overCaptureBasisPoints
        let lifetime = Duration.seconds(1)...Duration.seconds(90 * 86_400)
        authorizationLifetime = try section.duration("authorization_lifetime", in: lifetime) ?? authorizationLifetime
    }
}

extension GatewayConfiguration.Admin {
    mutating func read(_ section: inout ConfigurationSection) throws(ConfigurationError) {
        typealias Name = GatewayConfiguration.EnvironmentName
        host = try section.text("host", override: Name.adminHost) ?? host
        port = try section.integer("port", in: 0...65_535, override: Name.adminPort) ?? port
        allowsRemote = try section.boolean("allow_remote") ?? allowsRemote
        names = try readNames(&section) ?? names
        try section.finish()
    }

    private func readNames(_ section: inout ConfigurationSection) throws(ConfigurationError) -> [String]? {
        guard let nodes = try section.list("names") else { return nil }
        guard nodes.count <= 16 else { throw section.problem("names must list at most 16 hosts") }
        var names: [String] = []
        for node in nodes {
            guard let name = node.scalar?.string, (1...253).contains(name.utf8.count),
                name.utf8.allSatisfy(ConfigurationValues.isHostByte)
            else { throw section.source.error(node, "admin.names: must list host names such as gateway.internal") }
            names.append(name)
        }
        return names
    }
}
