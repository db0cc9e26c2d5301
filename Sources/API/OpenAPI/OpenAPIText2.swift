// Made from docs/openapi.yaml by docs/embed-openapi.sh; a test holds the two equal.
// swift-format-ignore-file
extension OpenAPIDocument {
    static let part2 = #"""
              examples:
                captured: {$ref: '#/components/examples/Timeline'}
        '401': {$ref: '#/components/responses/Unauthenticated'}
        '404': {$ref: '#/components/responses/NotFound'}
        default: {$ref: '#/components/responses/Problem'}
  /v1/balance:
    get:
      operationId: getBalance
      tags: [ledger]
      summary: Read what the ledger owes you
      description: |
        The merchant's accounts of the double-entry ledger, in the state that the newest durable record left. `pending`
        is captured money less fees and refunds that the provider has not settled; `available` is settled; `reserve` is
        withheld against disputes. A negative amount is owed by the merchant. With `at`, what the ledger owed at that moment:
        exactly what had been booked until then, found from the journal.
      parameters:
        - name: at
          in: query
          description: |
            A moment of the past, RFC 3339 (an offset's plus sign as %2B). One that is not over is refused (`moment_not_past`), one
            that the journal does not tell any more, too (422 `moment_unknown`).
          schema: {type: string, format: date-time, maxLength: 35}
          example: '2026-11-21T10:00:00Z'
      responses:
        '200':
          description: The balance.
          headers: {request-id: {$ref: '#/components/headers/RequestID'}}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Balance'}
              examples:
                balance: {$ref: '#/components/examples/Balance'}
        '401': {$ref: '#/components/responses/Unauthenticated'}
        default: {$ref: '#/components/responses/Problem'}
  /v1/payouts:
    post:
      operationId: createPayout
      tags: [money]
      summary: Pay out what is available
      parameters:
        - $ref: '#/components/parameters/IdempotencyKey'
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: '#/components/schemas/CreatePayout'}
            example: {currency: EUR, destination: ba_main}
      responses:
        '201':
          description: Requested; the amount has left the available balance.
          headers: {request-id: {$ref: '#/components/headers/RequestID'}}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Payout'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthenticated'}
        '404': {$ref: '#/components/responses/NotFound'}
        '409': {$ref: '#/components/responses/Conflict'}
        '422': {$ref: '#/components/responses/Unprocessable'}
        '503': {$ref: '#/components/responses/Unavailable'}
        default: {$ref: '#/components/responses/Problem'}
  /v1/payouts/{id}:
    parameters:
      - {name: id, in: path, required: true, schema: {$ref: '#/components/schemas/PayoutID'}}
    get:
      operationId: getPayout
      tags: [money]
      summary: Read a pay-out
      responses:
        '200':
          description: As it is now.
          headers: {request-id: {$ref: '#/components/headers/RequestID'}}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Payout'}
        '401': {$ref: '#/components/responses/Unauthenticated'}
        '404': {$ref: '#/components/responses/NotFound'}
        default: {$ref: '#/components/responses/Problem'}
  /v1/payouts/{id}/events:
    parameters:
      - {name: id, in: path, required: true, schema: {$ref: '#/components/schemas/PayoutID'}}
    post:
      operationId: tellOfPayout
      tags: [money]
      summary: Tell what the bank says of a pay-out (operators)
      description: |
        For operators' keys only; a merchant's is answered 403. `sent`: the bank has it. `paid`, `failed` (the money is available again)
        and `returned` after it was paid. An event that the pay-out's status does not allow is 409 `payout_unexpected_state`.
      parameters:
        - $ref: '#/components/parameters/IdempotencyKey'
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: '#/components/schemas/PayoutEvent'}
            example: {event: returned, reason: account_closed}
      responses:
        '200':
          description: The pay-out as it is now.
          headers: {request-id: {$ref: '#/components/headers/RequestID'}}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Payout'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthenticated'}
        '404': {$ref: '#/components/responses/NotFound'}
        '409': {$ref: '#/components/responses/Conflict'}
        '422': {$ref: '#/components/responses/Unprocessable'}
        '503': {$ref: '#/components/responses/Unavailable'}
        default: {$ref: '#/components/responses/Problem'}
  /v1/wallets:
    post:
      operationId: createWallet
      tags: [money]
      summary: Open a wallet for a shopper
      parameters:
        - $ref: '#/components/parameters/IdempotencyKey'
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: '#/components/schemas/CreateWallet'}
            example: {currency: EUR, reference: customer-77}
      responses:
        '201':
          description: The wallet, empty.
          headers: {request-id: {$ref: '#/components/headers/RequestID'}}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Wallet'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthenticated'}
        '404': {$ref: '#/components/responses/NotFound'}
        '409': {$ref: '#/components/responses/Conflict'}
        '422': {$ref: '#/components/responses/Unprocessable'}
        '503': {$ref: '#/components/responses/Unavailable'}
        default: {$ref: '#/components/responses/Problem'}
  /v1/wallets/{id}:
    parameters:
      - {name: id, in: path, required: true, schema: {$ref: '#/components/schemas/WalletID'}}
    get:
      operationId: getWallet
      tags: [money]
      summary: Read a wallet with its balance
      responses:
        '200':
          description: As it is now.
          headers: {request-id: {$ref: '#/components/headers/RequestID'}}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Wallet'}
        '401': {$ref: '#/components/responses/Unauthenticated'}
        '404': {$ref: '#/components/responses/NotFound'}
        default: {$ref: '#/components/responses/Problem'}
  /v1/wallets/{id}/top_ups:
    parameters:
      - {name: id, in: path, required: true, schema: {$ref: '#/components/schemas/WalletID'}}
    post:
      operationId: topUpWallet
      tags: [money]
      summary: Fill a wallet by a payment through the provider
      description: |
        A payment like any other (`GET /v1/payments/{id}` reads it, refunds take back what is still in the wallet), whose capture
        credits the wallet and not the merchant. It is captured at once, in the wallet's currency, and costs no fee.
      parameters:
        - $ref: '#/components/parameters/IdempotencyKey'
        - $ref: '#/components/parameters/Prefer'
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: '#/components/schemas/CreatePayment'}
            example: {amount: 5000, currency: EUR, payment_method: pm_sim_success}
      responses:
        '201':
          description: Captured; the wallet holds it.
          headers: {request-id: {$ref: '#/components/headers/RequestID'}}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Payment'}
        '202': {$ref: '#/components/responses/PaymentProcessing'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthenticated'}
        '402': {$ref: '#/components/responses/PaymentDeclined'}
        '404': {$ref: '#/components/responses/NotFound'}
        '409': {$ref: '#/components/responses/Conflict'}
        '422': {$ref: '#/components/responses/Unprocessable'}
        '502': {$ref: '#/components/responses/NotExecuted'}
        '503': {$ref: '#/components/responses/Unavailable'}
        default: {$ref: '#/components/responses/Problem'}
  /v1/fx/quotes:
    post:
      operationId: createQuote
      tags: [money]
      summary: Ask what an exchange of available money gives
      parameters:
        - $ref: '#/components/parameters/IdempotencyKey'
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: '#/components/schemas/CreateQuote'}
            example: {sell_currency: EUR, sell_amount: 10000, buy_currency: USD}
      responses:
        '201':
          description: What it gives until it expires.
          headers: {request-id: {$ref: '#/components/headers/RequestID'}}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Quote'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthenticated'}
        '404': {$ref: '#/components/responses/NotFound'}
        '409': {$ref: '#/components/responses/Conflict'}
        '422': {$ref: '#/components/responses/Unprocessable'}
        '503': {$ref: '#/components/responses/Unavailable'}
        default: {$ref: '#/components/responses/Problem'}
  /v1/fx/conversions:
    post:
      operationId: convertQuote
      tags: [money]
      summary: Use a quote, once
      parameters:
        - $ref: '#/components/parameters/IdempotencyKey'
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: '#/components/schemas/CreateConversion'}
            example: {quote: fxq_01m7yky91v000g00000000001a}
      responses:
        '201':
          description: Exchanged.
          headers: {request-id: {$ref: '#/components/headers/RequestID'}}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Conversion'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthenticated'}
        '404': {$ref: '#/components/responses/NotFound'}
        '409': {$ref: '#/components/responses/Conflict'}
        '422': {$ref: '#/components/responses/Unprocessable'}
        '503': {$ref: '#/components/responses/Unavailable'}
        default: {$ref: '#/components/responses/Problem'}
  /v1/ledger/accounts:
    get:
      operationId: listLedgerAccounts
      tags: [ledger]
      summary: Read the sums of your accounts
      description: |
        Every account of the merchant that anything was ever booked on, by currency code, then by account: debits and credits since the
        beginning, and `balance`, credits less debits: what the ledger owes the merchant. `memo:auth:merchant` counts open
        authorizations, which nobody owes yet.
      responses:
        '200':
          description: The accounts.
          headers: {request-id: {$ref: '#/components/headers/RequestID'}}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/LedgerAccounts'}
              examples:
                accounts: {$ref: '#/components/examples/LedgerAccounts'}
        '401': {$ref: '#/components/responses/Unauthenticated'}
        default: {$ref: '#/components/responses/Problem'}
  /v1/ledger/entries:
    get:
      operationId: listLedgerEntries
      tags: [ledger]
      summary: List what was booked for you, newest first
      description: |
        The transfers that moved the merchant's own money, each with its postings on the merchant's accounts and what the platform took
        of it. Entries never change and new ones come in front, so a list that is read page by page neither repeats nor misses one that
        was there when it began. A page may hold fewer entries than `limit`, or none, and still have a `next`: filters look at a thousand
        records at a time.
      parameters:
        - {name: cursor, in: query, description: '`next` of the page before, with the same filters', schema: {type: string, maxLength: 128}}
        - {name: limit, in: query, description: Entries of a page, schema: {type: integer, minimum: 1, maximum: 100, default: 20}}
        - name: account
          in: query
          description: Only entries with a posting on this account
          schema: {type: string, example: 'merchant:pending'}
        - {name: currency, in: query, description: Only entries with a posting in this currency, schema: {$ref: '#/components/schemas/Currency'}}
      responses:
        '200':
          description: A page of entries.
          headers: {request-id: {$ref: '#/components/headers/RequestID'}}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/LedgerEntries'}
              examples:
                entries: {$ref: '#/components/examples/LedgerEntries'}
        '401': {$ref: '#/components/responses/Unauthenticated'}
        default: {$ref: '#/components/responses/Problem'}
  /openapi.yaml:
    get:
      operationId: getOpenAPI
      tags: [meta]
      summary: This document
      security: []
      responses:
        '200':
          description: This document.
          content:
            application/yaml:
              schema: {type: string}
components:
  securitySchemes:
    apiKey:
      type: http
      scheme: bearer
      description: An API key, `mk_` and 43 characters, made by `millrace keys new`; an operator's begins with `ok_` (`millrace keys new --operator`).
  parameters:
    PaymentID:
      name: id
      in: path
      required: true
      schema: {$ref: '#/components/schemas/PaymentID'}
    IdempotencyKey:
      name: Idempotency-Key
      in: header
      required: true
      description: |
        1 to 255 visible ASCII characters, bare or as a structured-field string (in quotes). `X-Idempotency-Key` and
        the body's member `idempotency_key` mean the same; two different values are refused.
      schema: {type: string, minLength: 1, maxLength: 255}
      example: 8e03978e-40d5-43dd-bc93-6894a57f9324
    Prefer:
      name: Prefer
      in: header
      description: |
        `respond-async` (RFC 7240) answers 202 as soon as the request is durable, without waiting for the provider. The
        outcome is found by reading the payment, or under the same idempotency key. Other preferences are ignored.
      schema: {type: string}
      example: respond-async
  headers:
    RequestID:
      description: Names this request in the gateway's logs.
      schema: {type: string, pattern: '^req_[0-7][0-9a-hjkmnp-tv-z]{25}$'}
    RetryAfter:
      description: Seconds to wait.
      schema: {type: integer, minimum: 1}
  responses:
    Dispute:
      description: The dispute.
      headers: {request-id: {$ref: '#/components/headers/RequestID'}}
      content:
        application/json:
          schema: {$ref: '#/components/schemas/Dispute'}
    Payment:
      description: The payment.
      headers: {request-id: {$ref: '#/components/headers/RequestID'}}
      content:
        application/json:
          schema: {$ref: '#/components/schemas/Payment'}
          examples:
            captured: {$ref: '#/components/examples/CapturedPayment'}
    PaymentProcessing:
      description: The outcome is not known yet; ask for the payment again. It never changes back.
      headers: {request-id: {$ref: '#/components/headers/RequestID'}}
      content:
        application/json:
          schema: {$ref: '#/components/schemas/Payment'}
    PaymentDeclined:
      description: Declined; the payment is inside.
      content:
        application/problem+json:
          schema: {$ref: '#/components/schemas/Problem'}
          examples:
            declined: {$ref: '#/components/examples/DeclinedPayment'}
    RefundDeclined:
      description: Declined; the refund is inside.
      content: &problem
        application/problem+json:
          schema: {$ref: '#/components/schemas/Problem'}
    Invalid:
      description: The request is not valid; `param` names the parameter where there is one.
      content:
        application/problem+json:
          schema: {$ref: '#/components/schemas/Problem'}
          examples:
            zero: {$ref: '#/components/examples/AmountZero'}
    Unauthenticated:
      description: No API key, or not a valid one.
      headers: {www-authenticate: {schema: {type: string}}}
      content: *problem
    NotFound:
      description: No such object of this merchant.
      content: *problem
    Conflict:
      description: The first request with this key is still running, or the payment's status does not allow it.
      headers: {retry-after: {$ref: '#/components/headers/RetryAfter'}}
      content: *problem
    Unprocessable:
      description: The key belongs to another request, or the amount is more than there is.
      content: *problem
    NotExecuted:
      description: Certainly not executed; no money moved.
      content: *problem
    Unavailable:
      description: Nothing was executed; where `retryable`, try again with the same key.

"""#
}
