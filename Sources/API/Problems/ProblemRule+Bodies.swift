import ShardCore

extension ProblemRule {
    /// The body.
    static let bodies: [Self] = [
        Self(
            code: .cardNumberInRequest,
            name: "card_number_in_request",
            status: 400,
            category: .validation,
            retry: .never,
            title: "The request holds a card number",
            detail: "Send a payment method token. Nothing of this request was stored."
        ),
        Self(
            code: .bodyMissing,
            name: "body_missing",
            status: 400,
            category: .validation,
            retry: .never,
            title: "A body is required",
            detail: "Send a JSON object."
        ),
        Self(
            code: .jsonInvalid,
            name: "json_invalid",
            status: 400,
            category: .validation,
            retry: .never,
            title: "The body is not valid JSON",
            detail: "The body must be one JSON text (RFC 8259) in UTF-8."
        ),
        Self(
            code: .jsonNotObject,
            name: "json_not_object",
            status: 400,
            category: .validation,
            retry: .never,
            title: "The body must be a JSON object",
            detail: "Send a JSON object at the top."
        ),
        Self(
            code: .jsonTooDeep,
            name: "json_too_deep",
            status: 400,
            category: .validation,
            retry: .never,
            title: "The body is nested too deeply",
            detail: "Objects and arrays may be nested 8 deep at most."
        ),
        Self(
            code: .jsonDuplicateMember,
            name: "json_duplicate_member",
            status: 400,
            category: .validation,
            retry: .never,
            title: "The body names a member twice",
            detail: "Each member name may occur once in an object."
        ),
        Self(
            code: .jsonTooManyMembers,
            name: "json_too_many_members",
            status: 400,
            category: .validation,
            retry: .never,
            title: "An object has too many members",
            detail: "No object of a request has more than 50 members."
        ),
        Self(
            code: .jsonNumberOutOfRange,
            name: "json_number_out_of_range",
            status: 400,
            category: .validation,
            retry: .never,
            title: "A number is out of range",
            detail: "Numbers must fit a double (RFC 8785)."
        ),
        Self(
            code: .parameterMissing,
            name: "parameter_missing",
            status: 400,
            category: .validation,
            retry: .never,
            title: "A required parameter is missing",
            detail: "Send the parameter that param names."
        ),
        Self(
            code: .parameterUnknown,
            name: "parameter_unknown",
            status: 400,
            category: .validation,
            retry: .never,
            title: "A parameter is not known",
            detail: "Leave out the parameter that param names; see /openapi.yaml for those there are."
        ),
        Self(
            code: .parameterTypeInvalid,
            name: "parameter_type_invalid",
            status: 400,
            category: .validation,
            retry: .never,
            title: "A parameter has the wrong type",
            detail: "See /openapi.yaml for the type of the parameter that param names."
        ),
        Self(
            code: .parameterTooShort,
            name: "parameter_too_short",
            status: 400,
            category: .validation,
            retry: .never,
            title: "A parameter is too short",
            detail: "See /openapi.yaml for the least length of the parameter that param names."
        ),
        Self(
            code: .parameterTooLong,
            name: "parameter_too_long",
            status: 400,
            category: .validation,
            retry: .never,
            title: "A parameter is too long",
            detail: "See /openapi.yaml for the greatest length of the parameter that param names."
        ),
        Self(
            code: .parameterCharactersInvalid,
            name: "parameter_characters_invalid",
            status: 400,
            category: .validation,
            retry: .never,
            title: "A parameter holds characters that are not allowed",
            detail: "See /openapi.yaml for the characters of the parameter that param names."
        ),
        Self(
            code: .parameterValueUnknown,
            name: "parameter_value_unknown",
            status: 400,
            category: .validation,
            retry: .never,
            title: "A parameter has a value that is not known",
            detail: "See /openapi.yaml for the values of the parameter that param names."
        ),
        Self(
            code: .parameterRepeated,
            name: "parameter_repeated",
            status: 400,
            category: .validation,
            retry: .never,
            title: "A parameter is named twice",
            detail: "Send the parameter that param names once."
        ),
        Self(
            code: .parameterOutOfRange,
            name: "parameter_out_of_range",
            status: 400,
            category: .validation,
            retry: .never,
            title: "A parameter is out of range",
            detail: "See /openapi.yaml for the range of the parameter that param names."
        ),
        Self(
            code: .cursorInvalid,
            name: "cursor_invalid",
            refusal: .cursorInvalid,
            category: .validation,
            title: "The cursor is not valid",
            detail: "Send next of the page before with the same filters, or begin again without a cursor."
        ),
        Self(
            code: .momentNotPast,
            name: "moment_not_past",
            refusal: .momentNotPast,
            category: .validation,
            title: "The moment is not over yet",
            detail: "Ask for a moment of the past, or without a moment for the balance now."
        ),
        Self(
            code: .amountNotInteger,
            name: "amount_not_integer",
            status: 400,
            category: .validation,
            retry: .never,
            title: "The amount must be an integer",
            detail: "Amounts are whole minor units (cents): no fraction, no exponent."
        ),
        Self(
            code: .amountNegative,
            name: "amount_negative",
            status: 400,
            category: .validation,
            retry: .never,
            title: "The amount must not be negative",
            detail: "See /openapi.yaml for the range of the parameter that param names."
        ),
        Self(
            code: .amountZero,
            name: "amount_zero",
            status: 400,
            category: .validation,
            retry: .never,
            title: "The amount must not be zero",
            detail: "Amounts begin at 1 minor unit."
        ),
        Self(
            code: .amountTooLarge,
            name: "amount_too_large",
            refusal: .amountTooLarge,
            category: .validation,
            title: "The amount is too large",
            detail:
                "A payment takes at most 99999999 minor units; a pay-out, an exchange or an event takes 1000000000000."
        ),
        Self(
            code: .currencyUnknown,
            name: "currency_unknown",
            status: 400,
            category: .validation,
            retry: .never,
            title: "The currency is not known",
            detail: "Send the ISO 4217 code of a currency in circulation."
        ),
        Self(
            code: .metadataTooManyPairs,
            name: "metadata_too_many_pairs",
            status: 400,
            category: .validation,
            retry: .never,
            title: "There are too many metadata pairs",
            detail: "Send at most 50 pairs."
        ),
    ]
}
