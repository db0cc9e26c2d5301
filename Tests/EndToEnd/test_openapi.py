"""The OpenAPI document is valid OpenAPI 3.1, and each of its examples is valid by the schema that it illustrates.

Needs openapi-spec-validator, jsonschema, rfc3339-validator and PyYAML.
"""

import pathlib

import jsonschema
import pytest
import yaml
from openapi_spec_validator import validate

PATH = pathlib.Path(__file__).parents[2] / "docs" / "openapi.yaml"
DOCUMENT = yaml.safe_load(PATH.read_text(encoding="utf-8"))


def resolve(node):
    """Follows `$ref`s of this document until something else is reached."""
    while isinstance(node, dict) and "$ref" in node:
        target = DOCUMENT
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
        node = target
    return node


def media_types(node, place=""):
    """All (place, media type object) of the document."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "content" and isinstance(value, dict):
                for name, media in value.items():
                    yield f"{place}/{name}", media
            elif key != "examples":
                yield from media_types(value, f"{place}/{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from media_types(value, f"{place}/{index}")


def examples():
    for place, media in media_types(DOCUMENT):
        for name, example in media.get("examples", {}).items():
            yield pytest.param(media["schema"], resolve(example)["value"], id=f"{place}:{name}")


def validator(schema):
    # `components` beside the schema lets its `$ref`s resolve.
    return jsonschema.Draft202012Validator(
        {**schema, "components": DOCUMENT["components"]},
        format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER,
    )


def test_the_document_is_valid_openapi():
    validate(DOCUMENT)


@pytest.mark.parametrize("schema, value", list(examples()))
def test_the_example_is_valid_by_its_schema(schema, value):
    validator(schema).validate(value)


def test_there_are_examples():
    assert len(list(examples())) >= 8


@pytest.mark.parametrize(
    "change",
    [
        {"amount": 0},
        {"amount": 1.5},
        {"amount": 100_000_000},
        {"amount": "1250"},
        {"currency": "EURO"},
        {"payment_method": "a b"},
        {"capture": "true"},
        {"description": None},
        {"reference": "x" * 81},
        {"statement_descriptor": "12345"},
        {"statement_descriptor": "ABC*DE"},
        {"metadata": {"k": 1}},
        {"metadata": {"": "v"}},
        {"metadata": {f"k{n}": "v" for n in range(51)}},
        {"amuont": 1},
    ],
)
def test_the_schema_refuses_what_the_gateway_refuses(change):
    body = {"amount": 1250, "currency": "EUR", "payment_method": "pm_1"}
    check = validator(DOCUMENT["components"]["schemas"]["CreatePayment"])
    check.validate(body)
    with pytest.raises(jsonschema.ValidationError):
        check.validate({**body, **change})
