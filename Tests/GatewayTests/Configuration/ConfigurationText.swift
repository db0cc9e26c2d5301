@testable import Gateway

/// Configurations for tests, and the way to read them.
enum ConfigurationText {
    static let hashes = ["a", "b", "c"].map { "sha256:" + String(repeating: $0, count: 64) }

    static let merchants = """
        merchants:
          - id: books
            fee_basis_points: 150
            api_keys: ["\(hashes[0])"]

        """

    static let minimal = """
        listen:
          tls:
            certificate_file: server.pem
            key_file: server.key
        \(merchants)
        """

    static let everything = """
        loops: 4
        shards: 8
        data_directory: /var/lib/millrace
        log_level: debug
        drain_timeout: 30s
        lame_duck: 5s
        allow_shared_data_directory: true
        clock: {max_jump: 2d}
        listen:
          host: 0.0.0.0
          port: 443
          http1: false
          cleartext_h2: false
          tls:
            certificate_file: ./server.pem
            key_file: /keys/server.key
            minimum_version: 1.2
        journal:
          segment_bytes: 128MiB
          floor_microseconds: 500
          max_unflushed_bytes: 8MiB
          max_batch_bytes: 512KiB
          encryption:
            key_file: journal.keys
          scrub: {interval: 12h, bytes_per_second: 8MiB}
          checkpoints:
            signing_key_file: /keys/checkpoint.pem
            interval: 1m
        idempotency:
          ttl: 31d
          capacity_per_shard: 2_000_000
          parked_per_shard: 2048
          parked_per_merchant: 256
        payments:
          capacity_per_shard: 5000000
          parked_per_shard: 4096
          parked_per_merchant: 4096
        limits:
          max_body_bytes: 32KiB
          max_streams_per_connection: 100
          max_connections_per_loop: 5000
          max_requests_in_flight_per_loop: 4096
          handshake_timeout: 5s
          body_timeout: 20s
          idle_timeout: 5m
        provider:
          kind: simulated
          url: https://psp.example:8443
          tls_ca_file: psp-ca.pem
          connections_per_loop: 4
          deadline: 5000ms
          max_in_flight_per_loop: 1000
        admin:
          host: "::1"
          port: 9000
          names: [gateway.internal, Ops]
        merchants:
          - id: books
            name: Books & Co
            fee_basis_points: 150
            api_keys:
              - "\(hashes[0])"
              - \(hashes[1])
          - id: shoes
            api_keys: ["\(hashes[2])"]
        """

    static func parse(
        _ text: String,
        environment: [String: String] = [:]
    ) throws(ConfigurationError) -> GatewayConfiguration {
        try GatewayConfiguration.parse(
            Array(text.utf8),
            file: "/etc/millrace/millrace.yaml",
            environment: environment,
            coreCount: 3
        ) { $0.hasSuffix("missing.pem") ? "No such file or directory" : nil }
    }

    /// What `parse` throws; `nil` when it accepts the text.
    static func error(_ text: String) -> ConfigurationError? {
        do throws(ConfigurationError) {
            _ = try parse(text)
            return nil
        } catch {
            return error
        }
    }
}
