"""What docs/openapi.yaml and docs/errors.md promise. Every answer of the API that a test's client gets is held to it."""

import functools
import pathlib
import re

import jsonschema
import yaml

DOCS = pathlib.Path(__file__).parents[2] / "docs"
DOCUMENT = yaml.safe_load((DOCS / "openapi.yaml").read_text(encoding="utf-8"))
REQUEST_ID = re.compile(DOCUMENT["components"]["headers"]["RequestID"]["schema"]["pattern"])
PROBLEM = {"$ref": "#/components/schemas/Problem"}
# The rows of docs/errors.md: code to (status, category).
CODES = {
    code: (int(status), category)
    for code, status, category in re.findall(
        r"^\| `(\w+)` \| (\d{3}) \| (\w+) \|", (DOCS / "errors.md").read_text(encoding="utf-8"), re.MULTILINE
    )
}


def resolve(node):
    """Follows `$ref`s of the document until something else is reached."""
    while isinstance(node, dict) and "$ref" in node:
        target = DOCUMENT
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
        node = target
    return node


def validator(schema):
    # `components` beside the schema lets its `$ref`s resolve.
    return jsonschema.Draft202012Validator(
        {**schema, "components": DOCUMENT["components"]},
        format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER,
    )


def operation(method, path):
    """The document's operation, or None; every path is also served below `/api`."""
    if path.startswith("/api/v1/"):
        path = path.removeprefix("/api")
    for template, item in DOCUMENT["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
            return item.get(method.lower())
    return None


@functools.cache
def media_type_validator(method, path, status, media_type):
    """What an answer's body must be, or None where it is no JSON; fails when the document does not know the answer."""
    described = operation(method, path)
    if described is None:
        assert status in (404, 405), f"{method} {path} is not in the document, and is answered {status}"
        assert media_type == "application/problem+json", media_type
        return validator(PROBLEM)
    responses = described["responses"]
    assert str(status) in responses or (status >= 400 and "default" in responses), f"{method} {path}: {status}"
    response = resolve(responses.get(str(status), responses.get("default")))
    assert media_type in response["content"], f"{method} {path}, {status}: {media_type}"
    return validator(response["content"][media_type]["schema"]) if media_type.endswith("json") else None


def check_problem(document, response):
    assert document["status"] == response.status_code
    assert document["code"] in CODES, document["code"]
    assert (document["status"], document["category"]) == CODES[document["code"]]
    assert document["type"] == f"https://millrace.dev/problems/{document['code']}"
    # A replayed answer keeps the identifier of the request that was executed.
    if "idempotent-replayed" not in response.headers:
        assert document["request_id"] == response.headers["request-id"]
    if "retry_after_ms" in document:
        assert int(response.headers["retry-after"]) * 1000 == document["retry_after_ms"]
    else:
        assert "retry-after" not in response.headers


def check(response):
    """For an answer whose body has been read."""
    request = response.request
    assert len(response.headers.get_list("request-id")) == 1 and REQUEST_ID.match(response.headers["request-id"])
    # The template's name keeps the cache small.
    path = re.sub(r"(pay|ref)_\w+", r"\1_x", request.url.path)
    # HEAD is answered as GET is, without the body (RFC 9110 section 9.3.2).
    is_head = request.method == "HEAD" and operation("GET", path) is not None
    method = "GET" if is_head else request.method
    body = media_type_validator(method, path, response.status_code, response.headers["content-type"])
    if request.method == "HEAD":
        assert response.content == b""
        return
    if body is None:
        return
    document = response.json()
    body.validate(document)
    if response.status_code >= 400:
        check_problem(document, response)


def check_now(response):
    """An httpx event hook."""
    response.read()
    check(response)


async def check_soon(response):
    """An httpx event hook of an asynchronous client."""
    await response.aread()
    check(response)
