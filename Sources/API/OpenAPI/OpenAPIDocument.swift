import HTTPTransport
import NIOCore
import Payments

/// The description of this API that `GET /openapi.yaml` answers with.
package enum OpenAPIDocument {
    private static let body = ByteBuffer(string: text)

    static func response(requestID: RequestID) -> HTTPServerResponse {
        HTTPServerResponse(
            headers: ResponseHeaders.openAPI(requestID: requestID, bodyBytes: body.readableBytes),
            body: body
        )
    }
}
