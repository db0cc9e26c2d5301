import ShardCore

extension ProblemRule {
    /// The request as HTTP.
    static let http: [Self] = [
        Self(
            code: .malformedRequest,
            name: "malformed_request",
            status: 400,
            category: .validation,
            retry: .never,
            title: "The request is not well-formed HTTP",
            detail: "Check the request line, the headers and the framing."
        ),
        Self(
            code: .headersTooLarge,
            name: "headers_too_large",
            status: 431,
            category: .validation,
            retry: .never,
            title: "The header fields are too large",
            detail: "Send at most 16384 bytes of names and values, 32 more counted for each field."
        ),
        Self(
            code: .unsupportedTransferCoding,
            name: "unsupported_transfer_coding",
            status: 501,
            category: .validation,
            retry: .never,
            title: "The transfer coding is not known",
            detail: "Send the body with content-length, or with transfer-encoding: chunked alone."
        ),
        Self(
            code: .bodyTooLarge,
            name: "body_too_large",
            status: 413,
            category: .validation,
            retry: .never,
            title: "The body is too large",
            detail: "Send at most 65536 bytes."
        ),
        Self(
            code: .requestTimeout,
            name: "request_timeout",
            status: 408,
            category: .validation,
            retry: .later,
            title: "The body did not arrive in time",
            detail: "Send the whole body within the time limit; nothing was executed."
        ),
        Self(
            code: .overloaded,
            name: "overloaded",
            refusal: .overloaded,
            category: .rateLimit,
            title: "The gateway is busy",
            detail: "Try again with the same idempotency key after the time that Retry-After says."
        ),
        Self(
            code: .routeNotFound,
            name: "route_not_found",
            status: 404,
            category: .validation,
            retry: .never,
            title: "No such route",
            detail: "See /openapi.yaml for the routes."
        ),
        Self(
            code: .methodNotAllowed,
            name: "method_not_allowed",
            status: 405,
            category: .validation,
            retry: .never,
            title: "The route does not know this method",
            detail: "See the Allow header for the methods of this route."
        ),
        Self(
            code: .unsupportedMediaType,
            name: "unsupported_media_type",
            status: 415,
            category: .validation,
            retry: .never,
            title: "The body must be application/json",
            detail: "Send the header content-type: application/json."
        ),
        Self(
            code: .unsupportedContentEncoding,
            name: "unsupported_content_encoding",
            status: 415,
            category: .validation,
            retry: .never,
            title: "The body must not be compressed",
            detail: "Send the body as it is, without the header content-encoding."
        ),
    ]

    /// Who asks, and under which key.
    static let credentials: [Self] = [
        Self(
            code: .apiKeyMissing,
            name: "api_key_missing",
            status: 401,
            category: .auth,
            retry: .never,
            title: "An API key is required",
            detail: "Send the header authorization: Bearer mk_... with your API key."
        ),
        Self(
            code: .apiKeyInvalid,
            name: "api_key_invalid",
            status: 401,
            category: .auth,
            retry: .never,
            title: "The API key is not valid",
            detail: "The key is malformed, unknown or revoked."
        ),
        Self(
            code: .apiKeyRoleWrong,
            name: "api_key_role_wrong",
            status: 403,
            category: .auth,
            retry: .never,
            title: "The API key may not do this",
            detail: "A merchant's key was used where an operator's is needed, or the reverse."
        ),
        Self(
            code: .manualCaptureNotPermitted,
            name: "manual_capture_not_permitted",
            status: 403,
            category: .auth,
            retry: .never,
            title: "The merchant may not capture by hand",
            detail: "Ask the gateway's operator to permit manual captures to this merchant."
        ),
        Self(
            code: .idempotencyKeyMissing,
            name: "idempotency_key_missing",
            status: 400,
            category: .validation,
            retry: .never,
            title: "An idempotency key is required",
            detail: "Send an Idempotency-Key header with a value of its own for each operation."
        ),
        Self(
            code: .idempotencyKeyInvalid,
            name: "idempotency_key_invalid",
            status: 400,
            category: .validation,
            retry: .never,
            title: "The idempotency key is not valid",
            detail: "A key has 1 to 255 visible ASCII characters."
        ),
        Self(
            code: .idempotencyKeyConflict,
            name: "idempotency_key_conflict",
            status: 400,
            category: .validation,
            retry: .never,
            title: "The request names two idempotency keys",
            detail: "Send one value, in the header or in the member idempotency_key."
        ),
    ]
}
