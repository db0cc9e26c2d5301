// Made from docs/openapi.yaml by docs/embed-openapi.sh; a test holds the two equal.
// swift-format-ignore-file
extension OpenAPIDocument {
    static let part1 = #"""
openapi: 3.1.0
info:
  title: Millrace
  version: 1.0.0
  summary: A payment gateway with exactly-once effect
  description: |
    Amounts are integers in minor units of the currency (cents for EUR, whole yen for JPY). Every `POST` needs an
    `Idempotency-Key`, but for `/v1/provider_events`, where the provider's name and identifier of the event are the key: the
    same key with the same request is executed once, and answered byte for byte as the first
    time (`Idempotent-Replayed: true`). Problems are RFC 9457 documents; decide by `code`, which is stable
    (docs/errors.md lists them all). A request that holds a card number is refused (in a provider's event, `id` and
    `psp_reference` are the provider's and not searched). Unknown members and unknown query
    parameters are refused; `null` is not a value of any member. Every answer carries `request-id`.

    Aliases, for clients of other interfaces: every path is also served as `/api/v1/…`, the header `X-Idempotency-Key` and the
    member `idempotency_key` name the idempotency key as `Idempotency-Key` does, and `payment_method_id` is `payment_method`. Two
    different keys in one request are 400 `idempotency_key_conflict`. A key has one meaning under both paths.
  license: {name: Apache-2.0, identifier: Apache-2.0}
servers:
  - url: https://localhost:8443
    description: make run
security:
  - apiKey: []
tags:
  - name: payments
  - name: refunds
  - name: money
  - name: disputes
  - name: operators
  - name: ledger
  - name: meta
paths:
  /v1/payments:
    post:
      operationId: createPayment
      tags: [payments]
      summary: Authorize a payment, and capture it at once unless capture is false
      parameters:
        - $ref: '#/components/parameters/IdempotencyKey'
        - $ref: '#/components/parameters/Prefer'
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: '#/components/schemas/CreatePayment'}
            examples:
              sale:
                value: {amount: 1250, currency: EUR, payment_method: pm_sim_success}
              authorization:
                value:
                  amount: 1250
                  currency: EUR
                  payment_method: pm_sim_success
                  capture: false
                  description: Two books
                  reference: order-1042
                  statement_descriptor: MILLRACE BOOKS
                  metadata: {cart: c-77}
      responses:
        '201':
          description: Authorized, or captured.
          headers: {request-id: {$ref: '#/components/headers/RequestID'}}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Payment'}
              examples:
                captured: {$ref: '#/components/examples/CapturedPayment'}
        '202': {$ref: '#/components/responses/PaymentProcessing'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthenticated'}
        '402': {$ref: '#/components/responses/PaymentDeclined'}
        '409': {$ref: '#/components/responses/Conflict'}
        '422': {$ref: '#/components/responses/Unprocessable'}
        '502': {$ref: '#/components/responses/NotExecuted'}
        '503': {$ref: '#/components/responses/Unavailable'}
        default: {$ref: '#/components/responses/Problem'}
  /v1/payments/{id}:
    parameters:
      - $ref: '#/components/parameters/PaymentID'
    get:
      operationId: getPayment
      tags: [payments]
      summary: Read a payment
      responses:
        '200': {$ref: '#/components/responses/Payment'}
        '401': {$ref: '#/components/responses/Unauthenticated'}
        '404': {$ref: '#/components/responses/NotFound'}
        default: {$ref: '#/components/responses/Problem'}
  /v1/payments/{id}/capture:
    parameters:
      - $ref: '#/components/parameters/PaymentID'
    post:
      operationId: capturePayment
      tags: [payments]
      summary: Capture an authorized payment, in full or in part; the rest is released
      parameters:
        - $ref: '#/components/parameters/IdempotencyKey'
        - $ref: '#/components/parameters/Prefer'
      requestBody:
        required: false
        content:
          application/json:
            schema: {$ref: '#/components/schemas/Capture'}
            examples:
              part: {value: {amount: 1000}}
              full: {value: {}}
      responses: &operationResponses
        '200': {$ref: '#/components/responses/Payment'}
        '202': {$ref: '#/components/responses/PaymentProcessing'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthenticated'}
        '402': {$ref: '#/components/responses/PaymentDeclined'}
        '403': {$ref: '#/components/responses/Problem'}
        '404': {$ref: '#/components/responses/NotFound'}
        '409': {$ref: '#/components/responses/Conflict'}
        '422': {$ref: '#/components/responses/Unprocessable'}
        '502': {$ref: '#/components/responses/NotExecuted'}
        '503': {$ref: '#/components/responses/Unavailable'}
        default: {$ref: '#/components/responses/Problem'}
  /v1/payments/{id}/cancel:
    parameters:
      - $ref: '#/components/parameters/PaymentID'
    post:
      operationId: cancelPayment
      tags: [payments]
      summary: Cancel an authorized payment
      parameters:
        - $ref: '#/components/parameters/IdempotencyKey'
        - $ref: '#/components/parameters/Prefer'
      requestBody:
        required: false
        content:
          application/json:
            schema: {$ref: '#/components/schemas/Cancel'}
            examples:
              abandoned: {value: {reason: abandoned}}
      responses: *operationResponses
  /v1/payments/{id}/increment:
    parameters:
      - $ref: '#/components/parameters/PaymentID'
    post:
      operationId: incrementPayment
      tags: [payments]
      summary: Raise an open authorization to a new total
      description: |
        Where the payment's provider declares it (else `operation_not_supported`). `amount` is the new total, as Stripe and Adyen
        have it, and must be above `amount_authorized`. A refused increment leaves the authorization as it was.
      parameters:
        - $ref: '#/components/parameters/IdempotencyKey'
        - $ref: '#/components/parameters/Prefer'
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: '#/components/schemas/Increment'}
            examples:
              hotel: {value: {amount: 15000}}
      responses: *operationResponses
  /v1/payments/{id}/confirm:
    parameters:
      - $ref: '#/components/parameters/PaymentID'
    post:
      operationId: confirmPayment
      tags: [payments]
      summary: Go on with a payment whose shopper has done what next_action asked for
      description: |
        Of a payment with status `requires_action`. If the provider still waits for the shopper, the status stays as it is; ask again
        with a new key. A payment whose shopper does not come back before `expires_at` fails.
      parameters:
        - $ref: '#/components/parameters/IdempotencyKey'
        - $ref: '#/components/parameters/Prefer'
      requestBody:
        required: false
        content:
          application/json:
            schema: {$ref: '#/components/schemas/Confirm'}
      responses: *operationResponses
  /v1/payments/{id}/approve:
    parameters:
      - $ref: '#/components/parameters/PaymentID'
    post:
      operationId: approvePayment
      tags: [payments]
      summary: Send a payment that was held for review
      description: |
        Of a payment with status `review` (else `payment_not_in_review`). It is sent to the provider now, and this request is answered
        with the outcome. A payment that nobody approves or rejects before `expires_at` fails. A merchant's key approves its own
        payments, an operator's those of all; one that a sanctions list holds (`risk.reasons`) only an operator's, a merchant's is
        answered 403 `review_for_operators`.
      parameters:
        - $ref: '#/components/parameters/IdempotencyKey'
        - $ref: '#/components/parameters/Prefer'
      requestBody:
        required: false
        content:
          application/json:
            schema: {$ref: '#/components/schemas/Review'}
      responses: &reviewResponses
        '200': {$ref: '#/components/responses/Payment'}
        '202': {$ref: '#/components/responses/PaymentProcessing'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthenticated'}
        '402': {$ref: '#/components/responses/PaymentDeclined'}
        '403': {$ref: '#/components/responses/Problem'}
        '404': {$ref: '#/components/responses/NotFound'}
        '409': {$ref: '#/components/responses/Conflict'}
        '422': {$ref: '#/components/responses/Unprocessable'}
        '502': {$ref: '#/components/responses/NotExecuted'}
        '503': {$ref: '#/components/responses/Unavailable'}
        default: {$ref: '#/components/responses/Problem'}
  /v1/payments/{id}/reject:
    parameters:
      - $ref: '#/components/parameters/PaymentID'
    post:
      operationId: rejectPayment
      tags: [payments]
      summary: End a payment that was held for review
      description: |
        Of a payment with status `review`. It has failed; nothing was ever sent to the provider. Who may: as for approve.
      parameters:
        - $ref: '#/components/parameters/IdempotencyKey'
      requestBody:
        required: false
        content:
          application/json:
            schema: {$ref: '#/components/schemas/Review'}
      responses: *reviewResponses
  /v1/payments/{id}/refunds:
    parameters:
      - $ref: '#/components/parameters/PaymentID'
    post:
      operationId: refundPayment
      tags: [refunds]
      summary: Refund a captured payment, in full or in part
      parameters:
        - $ref: '#/components/parameters/IdempotencyKey'
        - $ref: '#/components/parameters/Prefer'
      requestBody:
        required: false
        content:
          application/json:
            schema: {$ref: '#/components/schemas/CreateRefund'}
            examples:
              part: {value: {amount: 250, reason: requested_by_customer}}
      responses:
        '201':
          description: Refunded.
          headers: {request-id: {$ref: '#/components/headers/RequestID'}}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Refund'}
              examples:
                succeeded: {$ref: '#/components/examples/SucceededRefund'}
        '202':
          description: The outcome is not known yet; ask for the refund again.
          headers: {request-id: {$ref: '#/components/headers/RequestID'}}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Refund'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthenticated'}
        '402': {$ref: '#/components/responses/RefundDeclined'}
        '404': {$ref: '#/components/responses/NotFound'}
        '409': {$ref: '#/components/responses/Conflict'}
        '422': {$ref: '#/components/responses/Unprocessable'}
        '502': {$ref: '#/components/responses/NotExecuted'}
        '503': {$ref: '#/components/responses/Unavailable'}
        default: {$ref: '#/components/responses/Problem'}
  /v1/refunds/{id}:
    parameters:
      - name: id
        in: path
        required: true
        schema: {$ref: '#/components/schemas/RefundID'}
    get:
      operationId: getRefund
      tags: [refunds]
      summary: Read a refund
      responses:
        '200':
          description: The refund.
          headers: {request-id: {$ref: '#/components/headers/RequestID'}}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Refund'}
              examples:
                succeeded: {$ref: '#/components/examples/SucceededRefund'}
        '401': {$ref: '#/components/responses/Unauthenticated'}
        '404': {$ref: '#/components/responses/NotFound'}
        default: {$ref: '#/components/responses/Problem'}
  /v1/disputes/{id}:
    parameters:
      - {name: id, in: path, required: true, schema: {$ref: '#/components/schemas/DisputeID'}}
    get:
      operationId: getDispute
      tags: [disputes]
      summary: Read a dispute
      responses:
        '200': {$ref: '#/components/responses/Dispute'}
        '401': {$ref: '#/components/responses/Unauthenticated'}
        '404': {$ref: '#/components/responses/NotFound'}
        default: {$ref: '#/components/responses/Problem'}
  /v1/disputes/{id}/evidence:
    parameters:
      - {name: id, in: path, required: true, schema: {$ref: '#/components/schemas/DisputeID'}}
    post:
      operationId: sendEvidence
      tags: [disputes]
      summary: Defend an open dispute
      description: The dispute is under review from then on. More may be sent while it is, and replaces what was sent.
      parameters: [{$ref: '#/components/parameters/IdempotencyKey'}]
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              additionalProperties: false
              minProperties: 1
              properties:
                upload: {type: string, pattern: '^[!-~]{1,128}$', description: Reference of an upload}
                text: {type: string, maxLength: 2000, description: At most 2000 bytes}
                idempotency_key: {$ref: '#/components/schemas/IdempotencyKey'}
      responses:
        '200': {$ref: '#/components/responses/Dispute'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthenticated'}
        '404': {$ref: '#/components/responses/NotFound'}
        '409': {$ref: '#/components/responses/Conflict'}
        '422': {$ref: '#/components/responses/Unprocessable'}
        default: {$ref: '#/components/responses/Problem'}
  /v1/disputes/{id}/accept:
    parameters:
      - {name: id, in: path, required: true, schema: {$ref: '#/components/schemas/DisputeID'}}
    post:
      operationId: acceptDispute
      tags: [disputes]
      summary: Give an open dispute up
      parameters: [{$ref: '#/components/parameters/IdempotencyKey'}]
      requestBody:
        required: false
        content:
          application/json:
            schema:
              type: object
              additionalProperties: false
              properties:
                idempotency_key: {$ref: '#/components/schemas/IdempotencyKey'}
      responses:
        '200': {$ref: '#/components/responses/Dispute'}
        '401': {$ref: '#/components/responses/Unauthenticated'}
        '404': {$ref: '#/components/responses/NotFound'}
        '409': {$ref: '#/components/responses/Conflict'}
        '422': {$ref: '#/components/responses/Unprocessable'}
        default: {$ref: '#/components/responses/Problem'}
  /v1/provider_events:
    post:
      operationId: postProviderEvent
      tags: [operators]
      summary: Tell what a provider did (operators)
      description: |
        For an operator's key. Each event is applied once under its provider and `id`, which stand for an idempotency key. What
        the payment's state does not take is 409 `event_not_allowed`, and nothing is kept of it: it may be told again.
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: '#/components/schemas/NewProviderEvent'}
      responses:
        '200':
          description: Applied, or known already.
          headers: {request-id: {$ref: '#/components/headers/RequestID'}}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/ProviderEvent'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthenticated'}
        '403': {$ref: '#/components/responses/Problem'}
        '404': {$ref: '#/components/responses/NotFound'}
        '409': {$ref: '#/components/responses/Conflict'}
        '422': {$ref: '#/components/responses/Unprocessable'}
        default: {$ref: '#/components/responses/Problem'}
  /v1/payments/{id}/timeline:
    parameters:
      - $ref: '#/components/parameters/PaymentID'
    get:
      operationId: getTimeline
      tags: [payments]
      summary: Read what happened to a payment, in order
      description: |
        Every request, call to the provider that did not end its operation, outcome and posting, as the journal holds them:
        nothing is left out but calls that were never made. At most the newest 1,000 entries; `truncated` says when there
        are more.
      responses:
        '200':
          description: The timeline, oldest entry first.
          headers: {request-id: {$ref: '#/components/headers/RequestID'}}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Timeline'}

"""#
}
