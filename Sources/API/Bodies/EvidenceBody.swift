import Payments
import WireJSON

/// The body of `POST /v1/disputes/{id}/evidence`.
struct EvidenceBody {
    private static let maximumUploadBytes = 128
    private static let maximumTextBytes = 2_000

    /// - Returns: as `Dispute.evidence`.
    static func parse(_ input: Span<UInt8>, scratch: inout RequestScratch) throws(Rejection) -> String {
        guard !input.isEmpty else { throw Rejection(.bodyMissing) }
        var upload = ""
        var text = ""
        var reader = BodyReader()
        try reader.begin(input)
        while let name = try reader.next(input) {
            if name.equals("idempotency_key", in: input) {
                try reader.idempotencyKey(input, &scratch)
            } else if name.equals("upload", in: input) {
                upload = try reader.anyText("upload", atMost: maximumUploadBytes, in: input, scratch: &scratch)
                guard VisibleASCII.isAll(upload.utf8.span) else {
                    throw Rejection(.parameterCharactersInvalid, .known("upload"))
                }
            } else if name.equals("text", in: input) {
                text = try reader.anyText("text", atMost: maximumTextBytes, in: input, scratch: &scratch)
            } else {
                throw reader.unknown(name, in: input, scratch: &scratch)
            }
        }
        guard !upload.isEmpty || !text.isEmpty else { throw Rejection(.parameterMissing, .known("upload")) }
        return upload + "\n" + text
    }
}
