// Made from docs/openapi.yaml by docs/embed-openapi.sh; a test holds the two equal.
// swift-format-ignore-file
extension OpenAPIDocument {
    static let part3 = #"""
      headers: {retry-after: {$ref: '#/components/headers/RetryAfter'}}
      content: *problem
    Problem:
      description: Any other problem.
      content: *problem
  schemas:
    PaymentID: {type: string, pattern: '^pay_[0-7][0-9a-hjkmnp-tv-z]{25}$'}
    RefundID: {type: string, pattern: '^ref_[0-7][0-9a-hjkmnp-tv-z]{25}$'}
    DisputeID: {type: string, pattern: '^dsp_[0-7][0-9a-hjkmnp-tv-z]{25}$'}
    Amount: {type: integer, minimum: 1, maximum: 99999999, description: Minor units of one payment}
    Sum: {type: integer, minimum: 1, maximum: 1000000000000, description: Minor units; more than one payment's}
    Total: {type: integer, minimum: 0, description: Minor units}
    Currency: {type: string, pattern: '^[A-Z]{3}$', description: ISO 4217, example: EUR}
    Timestamp: {type: string, format: date-time, description: 'RFC 3339, UTC, milliseconds'}
    IdempotencyKey: {type: string, pattern: '^[!-~]{1,255}$', description: Alias of the header}
    Metadata:
      type: object
      maxProperties: 50
      propertyNames: {minLength: 1, maxLength: 40}
      additionalProperties: {type: string, maxLength: 500}
    PayoutID: {type: string, pattern: '^pyo_[0-7][0-9a-hjkmnp-tv-z]{25}$'}
    WalletID: {type: string, pattern: '^wal_[0-7][0-9a-hjkmnp-tv-z]{25}$'}
    QuoteID: {type: string, pattern: '^fxq_[0-7][0-9a-hjkmnp-tv-z]{25}$'}
    Seller: {type: string, pattern: '^[A-Za-z0-9._-]{1,64}$', description: Your own name of a seller}
    Splits:
      type: array
      maxItems: 4
      description: |
        Sellers' parts of the capture: an amount, or basis points of what the platform's fee leaves, rounded down. What rounding
        leaves over is the platform's, all else yours. A payment can have 4 sellers in all its captures.
      items:
        type: object
        required: [seller]
        additionalProperties: false
        properties:
          seller: {$ref: '#/components/schemas/Seller'}
          amount: {$ref: '#/components/schemas/Amount'}
          basis_points: {type: integer, minimum: 1, maximum: 10000}
        oneOf:
          - {required: [amount]}
          - {required: [basis_points]}
    ManualCapture:
      type: object
      required: [method, reason]
      additionalProperties: false
      properties:
        method:
          enum: [cash, external]
          description: |
            cash: the platform has the money; it is available at once and refunded in cash. external: it was captured at the
            provider by other means; the provider owes it.
        reason: {type: string, minLength: 1, maxLength: 128, description: Journaled and shown in the timeline}
    CreatePayout:
      type: object
      required: [currency, destination]
      additionalProperties: false
      properties:
        amount:
          $ref: '#/components/schemas/Sum'
          description: All that is available, if absent
        currency: {$ref: '#/components/schemas/Currency'}
        destination:
          type: string
          pattern: '^[!-~]{1,128}$'
          description: Your reference of the bank account; never its number
        seller:
          $ref: '#/components/schemas/Seller'
          description: Pays out of this seller's available balance
        idempotency_key: {$ref: '#/components/schemas/IdempotencyKey'}
    Payout:
      type: object
      required: [id, object, status, amount, currency, destination, seller, reason, created_at, updated_at]
      additionalProperties: false
      properties:
        id: {$ref: '#/components/schemas/PayoutID'}
        object: {const: payout}
        status: {enum: [requested, in_transit, paid, failed, returned]}
        amount: {$ref: '#/components/schemas/Total'}
        currency: {$ref: '#/components/schemas/Currency'}
        destination: {type: string}
        seller: {type: [string, 'null']}
        reason: {type: [string, 'null'], description: Why it failed or came back}
        created_at: {$ref: '#/components/schemas/Timestamp'}
        updated_at: {$ref: '#/components/schemas/Timestamp'}
    PayoutEvent:
      type: object
      required: [event]
      additionalProperties: false
      properties:
        event: {enum: [sent, paid, failed, returned]}
        reason: {type: string, maxLength: 128, description: 'As the bank said it, without control characters'}
        idempotency_key: {$ref: '#/components/schemas/IdempotencyKey'}
    CreateWallet:
      type: object
      required: [currency]
      additionalProperties: false
      properties:
        currency: {$ref: '#/components/schemas/Currency'}
        reference: {type: string, pattern: '^[!-~]{0,80}$', description: 'Your own, for example a customer number'}
        idempotency_key: {$ref: '#/components/schemas/IdempotencyKey'}
    Wallet:
      type: object
      required: [id, object, currency, reference, balance, held, available, created_at]
      additionalProperties: false
      properties:
        id: {$ref: '#/components/schemas/WalletID'}
        object: {const: wallet}
        currency: {$ref: '#/components/schemas/Currency'}
        reference: {type: [string, 'null']}
        balance: {$ref: '#/components/schemas/Total'}
        held: {$ref: '#/components/schemas/Total', description: Of the balance, what authorizations hold}
        available: {$ref: '#/components/schemas/Total', description: Of the balance, what can be spent}
        created_at: {$ref: '#/components/schemas/Timestamp'}
    CreateQuote:
      type: object
      required: [sell_currency, sell_amount, buy_currency]
      additionalProperties: false
      properties:
        sell_currency: {$ref: '#/components/schemas/Currency'}
        sell_amount: {$ref: '#/components/schemas/Sum'}
        buy_currency: {$ref: '#/components/schemas/Currency'}
        idempotency_key: {$ref: '#/components/schemas/IdempotencyKey'}
    Quote:
      type: object
      required: [id, object, sell_currency, sell_amount, buy_currency, buy_amount, spread_amount, rate, created_at,
                 expires_at]
      additionalProperties: false
      properties:
        id: {$ref: '#/components/schemas/QuoteID'}
        object: {const: fx_quote}
        sell_currency: {$ref: '#/components/schemas/Currency'}
        sell_amount: {$ref: '#/components/schemas/Sum'}
        buy_currency: {$ref: '#/components/schemas/Currency'}
        buy_amount: {$ref: '#/components/schemas/Total', description: What you get; the spread is taken off}
        spread_amount: {$ref: '#/components/schemas/Total', description: 'The platform''s, in the bought currency'}
        rate: {type: string, pattern: '^[0-9]+(\.[0-9]{1,12})?$', description: Exact decimal; bought units for one sold}
        created_at: {$ref: '#/components/schemas/Timestamp'}
        expires_at: {$ref: '#/components/schemas/Timestamp'}
    CreateConversion:
      type: object
      required: [quote]
      additionalProperties: false
      properties:
        quote: {type: string, pattern: '^[!-~]{1,64}$', description: A quote's identifier}
        idempotency_key: {$ref: '#/components/schemas/IdempotencyKey'}
    Conversion:
      type: object
      required: [id, object, quote_id, sell_currency, sell_amount, buy_currency, buy_amount, spread_amount, rate,
                 converted_at]
      additionalProperties: false
      properties:
        id: {type: string, pattern: '^fxc_[0-7][0-9a-hjkmnp-tv-z]{25}$'}
        object: {const: fx_conversion}
        quote_id: {$ref: '#/components/schemas/QuoteID'}
        sell_currency: {$ref: '#/components/schemas/Currency'}
        sell_amount: {$ref: '#/components/schemas/Sum'}
        buy_currency: {$ref: '#/components/schemas/Currency'}
        buy_amount: {$ref: '#/components/schemas/Total'}
        spread_amount: {$ref: '#/components/schemas/Total'}
        rate: {type: string}
        converted_at: {$ref: '#/components/schemas/Timestamp'}
    Balance:
      type: object
      required: [object, pending, available, reserve, as_of]
      additionalProperties: false
      properties:
        object: {const: balance}
        pending: {$ref: '#/components/schemas/BalanceLines'}
        available: {$ref: '#/components/schemas/BalanceLines'}
        reserve: {$ref: '#/components/schemas/BalanceLines'}
        sellers:
          type: array
          description: What your sellers have; absent without any
          items:
            type: object
            required: [seller, currency, pending, available]
            additionalProperties: false
            properties:
              seller: {$ref: '#/components/schemas/Seller'}
              currency: {$ref: '#/components/schemas/Currency'}
              pending: {$ref: '#/components/schemas/Total'}
              available: {$ref: '#/components/schemas/Total'}
        as_of: {$ref: '#/components/schemas/Timestamp'}
    LedgerAccounts:
      type: object
      required: [object, data, as_of]
      additionalProperties: false
      properties:
        object: {const: list}
        data:
          type: array
          items:
            type: object
            required: [object, account, currency, debits, credits, balance]
            additionalProperties: false
            properties:
              object: {const: ledger_account}
              account: {type: string, example: 'merchant:pending'}
              currency: {$ref: '#/components/schemas/Currency'}
              debits: {$ref: '#/components/schemas/WideSum'}
              credits: {$ref: '#/components/schemas/WideSum'}
              balance: {$ref: '#/components/schemas/WideSum'}
        as_of: {$ref: '#/components/schemas/Timestamp'}
    WideSum:
      type: string
      pattern: '^-?[0-9]{1,39}$'
      description: Minor units, in decimal digits; a string, because sums have up to 128 bits and many readers of JSON numbers keep 53
    LedgerEntries:
      type: object
      required: [object, data, next, truncated]
      additionalProperties: false
      properties:
        object: {const: list}
        data: {type: array, maxItems: 100, items: {$ref: '#/components/schemas/LedgerEntry'}}
        next: {type: [string, 'null'], description: The cursor of the next page; null at the end}
        truncated:
          type: boolean
          description: At the end, whether older entries are not told (booked by an earlier version of the gateway, or no longer kept)
    LedgerEntry:
      type: object
      required: [object, id, shard, position, index, recipe, payment_id, refund_id, payout_id, conversion_id, effective_at, booked_at, postings]
      additionalProperties: false
      properties:
        object: {const: ledger_entry}
        id: {type: string, pattern: '^[0-9]+-[0-9]+-[0-9]+$', description: 'Shard, position and index; exports number entries by shard and position'}
        shard: {type: integer, minimum: 0}
        position: {type: integer, minimum: 1, description: Number of the record in its journal}
        index: {type: integer, minimum: 0, description: Which of the record's transfers}
        recipe: {type: string, description: 'What was booked, as in Transfer', example: capture}
        payment_id: {oneOf: [{$ref: '#/components/schemas/PaymentID'}, {type: 'null'}]}
        refund_id: {oneOf: [{$ref: '#/components/schemas/RefundID'}, {type: 'null'}]}
        payout_id: {type: [string, 'null'], pattern: '^pyo_[0-7][0-9a-hjkmnp-tv-z]{25}$'}
        conversion_id: {type: [string, 'null'], pattern: '^fxc_[0-7][0-9a-hjkmnp-tv-z]{25}$'}
        effective_at: {$ref: '#/components/schemas/Timestamp'}
        booked_at: {$ref: '#/components/schemas/Timestamp'}
        postings:
          type: array
          minItems: 1
          description: Those on the merchant's accounts, and what the platform took; what it has with providers and banks is left out
          items:
            type: object
            required: [account, currency, amount]
            additionalProperties: false
            properties:
              account: {type: string, example: 'merchant:pending'}
              owner: {type: string, pattern: '^[0-9a-f]{16}$', description: Which wallet or seller, as in exports; only for their accounts}
              currency: {$ref: '#/components/schemas/Currency'}
              amount: {type: integer, description: 'Minor units; debits are positive, credits negative'}
    Timeline:
      type: object
      required: [object, payment_id, truncated, entries]
      additionalProperties: false
      properties:
        object: {const: timeline}
        payment_id: {$ref: '#/components/schemas/PaymentID'}
        truncated: {type: boolean, description: Whether older entries were left out}
        entries: {type: array, items: {$ref: '#/components/schemas/TimelineEntry'}}
    TimelineEntry:
      type: object
      required: [type, at, position, status]
      additionalProperties: false
      properties:
        type:
          enum: [payment.created, operation.requested, operation.attempted, operation.unresolved, operation.finished,
                 refund.bounced, payment.changed, risk.decided, event.applied]
        at: {$ref: '#/components/schemas/Timestamp'}
        position: {type: integer, minimum: 1, description: 'Number of the record in its journal'}
        status:
          description: The payment's status after it; null when the timeline is truncated
          oneOf: [{$ref: '#/components/schemas/PaymentStatus'}, {type: 'null'}]
        request_id: {type: string, description: The request that asked for it}
        operation: {enum: [authorize, capture, cancel, refund, increment, confirm]}
        cause: {type: string, description: Why the gateway began it by itself}
        change: {enum: [expired, abandoned, review_rejected, review_timed_out]}
        outcome: {$ref: '#/components/schemas/RiskOutcome'}
        score: {$ref: '#/components/schemas/RiskScore'}
        by: {enum: [rules, scorer], description: Who decided}
        reasons: {type: array, items: {type: string}}
        note: {type: string, description: Why, for people}
        number: {type: integer, minimum: 1, description: Which capture or refund of the payment}
        amount: {$ref: '#/components/schemas/Total'}
        amount_executed: {type: integer, minimum: 0, description: What the provider says it executed}
        currency: {$ref: '#/components/schemas/Currency'}
        capture: {type: boolean}
        call: {enum: [execute, query, cancel_by_reference], description: What the provider was asked}
        answer: {enum: [not_executed, unknown, not_found, pending]}
        result: {enum: [succeeded, declined, not_executed, conflicted, action_required]}
        reason: {type: string}
        decline: {$ref: '#/components/schemas/Decline'}
        psp_reference: {type: [string, 'null']}
        event: {type: string, description: What was told}
        effect: {type: string, description: What it did}
        ended: {type: string, description: The operation that it ended}
        provider: {type: string}
        event_id: {type: string}
        dispute: {type: integer, minimum: 1, description: Which dispute of the payment}
        refund_id: {$ref: '#/components/schemas/RefundID'}
        splits: {$ref: '#/components/schemas/Splits'}
        manual_capture: {$ref: '#/components/schemas/ManualCapture'}
        http_status: {type: integer, description: The status that the request was answered with}
        transfers: {type: array, items: {$ref: '#/components/schemas/Transfer'}}
    Transfer:
      type: object
      description: A balanced set of postings
      required: [recipe, postings]
      additionalProperties: false
      properties:
        recipe: {enum: [hold, release, capture, refund_requested, refund_confirmed, refund_failed, refund_bounced,
                       payout_requested, payout_paid, payout_failed, payout_returned, wallet_held,
                       wallet_released, wallet_paid, wallet_topped_up, exchange, sellers_settled, settlement,
                       capture_reversed, chargeback, dispute_reserved, dispute_reserve_released, chargeback_won,
                       unexplained, reclassified, written_off]}
        postings:
          type: array
          minItems: 2
          items:
            type: object
            required: [account, currency, amount]
            additionalProperties: false
            properties:
              account: {type: string, example: 'merchant:pending'}
              currency: {$ref: '#/components/schemas/Currency'}
              amount: {type: integer, description: 'Minor units; debits are positive, credits negative'}
    BalanceLines:
      type: array
      description: By currency code; every currency that the merchant has had money in
      items:
        type: object
        required: [currency, amount]
        additionalProperties: false
        properties:
          currency: {$ref: '#/components/schemas/Currency'}
          amount: {type: integer, description: 'Minor units, negative when owed by the merchant'}
    CreatePayment:
      type: object
      required: [amount, currency]
      oneOf:
        - required: [payment_method]
        - required: [payment_method_id]
      additionalProperties: false
      properties:
        amount: {$ref: '#/components/schemas/Amount'}
        currency:
          type: string
          pattern: '^[A-Za-z]{3}$'
          description: ISO 4217 code of a currency with minor units
        payment_method:
          type: string
          pattern: '^[!-~]{1,128}$'
          description: |
            A token of the payment service provider, never a card number; or the identifier of one of your wallets, which pays
            then
        payment_method_id:
          type: string
          pattern: '^[!-~]{1,128}$'
          description: The same as `payment_method`; a request has one of them
        capture: {type: boolean, default: true, description: False only authorizes}
        splits: {$ref: '#/components/schemas/Splits', description: Of a sale at a provider}
        partial_authorization:
          type: boolean
          default: false
          description: An approval for less than the amount is welcome; else it is voided
        description: {type: string, maxLength: 1000}
        reference: {type: string, maxLength: 80, description: 'Your own, for example an order number'}
        customer:
          type: string
          minLength: 1
          maxLength: 255
          description: Your own reference of the customer; limits per customer and customer lists look at it
        statement_descriptor:
          type: string
          minLength: 5
          maxLength: 22
          pattern: '^(?=.*[A-Za-z])[^<>\\''"*]+$'
        metadata: {$ref: '#/components/schemas/Metadata'}
        idempotency_key: {$ref: '#/components/schemas/IdempotencyKey'}
    Capture:
      type: object
      additionalProperties: false
      properties:
        amount: {$ref: '#/components/schemas/Amount'}
        final:
          type: boolean
          default: true
          description: |
            False leaves the rest of the authorization open for more captures, or for a cancel. A capture of all that is
            left ends it in any case.
        splits: {$ref: '#/components/schemas/Splits'}
        manual:
          $ref: '#/components/schemas/ManualCapture'
          description: 'Needs the permission manual_captures; without it 403 manual_capture_not_permitted'
        idempotency_key: {$ref: '#/components/schemas/IdempotencyKey'}
    Cancel:
      type: object
      additionalProperties: false
      properties:
        reason: {enum: [duplicate, fraudulent, requested_by_customer, abandoned]}
        idempotency_key: {$ref: '#/components/schemas/IdempotencyKey'}
    Increment:
      type: object

"""#
}
