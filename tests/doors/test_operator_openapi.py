"""The OpenAPI document is valid, current, and true: what a fuzzer makes of it never breaks the API."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.db.opened import Place
from tests.doors.office import Office, running_office

from solvent.console.openapi import document, operation_id
from solvent.console.operation import AnyOperation
from solvent.console.operations import OPERATIONS

pytestmark = pytest.mark.xdist_group("operator_openapi")

ROOT = Path(__file__).parents[2]
MADE = json.loads(msgspec.json.encode(document(OPERATIONS)))
CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance,
    response_schema_conformance,
]  # fmt: skip
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "8"))  # of each operation, right ones and wrong ones
schema = schemathesis.openapi.from_dict(MADE)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with running_office(Place(tmp_path_factory.mktemp("office"))) as office:
        yield office


@pytest.fixture(scope="module")
def known(office: Office) -> dict[str, str]:
    """Names that mean something here, for the names in paths."""
    kim = office.customer()
    return {"customer": kim["id"], "key": kim["key"]["id"]}


def test_the_document_is_valid_openapi() -> None:
    OpenAPIV31SpecValidator(MADE).validate()


def test_the_document_in_docs_is_current() -> None:
    assert json.loads((ROOT / "docs/openapi.json").read_text()) == MADE, "run `make docs`"


def test_the_document_is_served_to_everybody(office: Office) -> None:
    answer = office.send("GET", "/v1/openapi.json", None, "")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json == MADE


def test_every_operation_is_in_it_under_a_name_of_its_own() -> None:
    ids = [operation_id(operation) for operation in OPERATIONS]
    assert len(set(ids)) == len(ids)
    described = [
        (method, path, item[method])
        for path, item in MADE["paths"].items()
        for method in item
        if method != "parameters"
    ]
    assert {(method.upper(), path) for method, path, _ in described} == {(o.method, o.path) for o in OPERATIONS}
    assert all(item["summary"] and item["description"] for _, _, item in described)


def test_what_changes_money_says_that_it_needs_a_key() -> None:
    for operation in OPERATIONS:
        item = MADE["paths"][operation.path][operation.method.lower()]
        known = MADE["components"]["parameters"]
        named = [known[p["$ref"].rpartition("/")[2]] for p in item["parameters"] if "$ref" in p]
        needed = [p["required"] for p in named if p["name"] == "Idempotency-Key"]
        writes = operation.method == "POST" and not operation.is_reading
        assert needed == ([operation.is_money] if writes else []), operation.path


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: f"{operation.method} {operation.path}")
def test_whatever_is_sent_is_answered_as_the_document_says(
    operation: AnyOperation, office: Office, known: dict[str, str]
) -> None:
    described = schema[operation.path][operation.method]
    right, wrong = (described.as_strategy(generation_mode=mode) for mode in GenerationMode)

    @given(right | wrong)
    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def ask(case: Any) -> None:
        for name in list(case.path_parameters or {}):
            if len(str(case.path_parameters[name])) % 2:  # else whatever the fuzzer thought of
                case.path_parameters[name] = known.get(name, "nobody")
        headers = {"authorization": f"Bearer {office.keys['owner']}"}
        place = f"http://127.0.0.1:{office.port}"
        case.call_and_validate(base_url=place, headers=headers, checks=CHECKS, timeout=60)

    ask()
