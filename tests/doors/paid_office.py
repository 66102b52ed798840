"""An operator API with two payment rails, whose books must be right at the end of every test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.db.opened import Place
from tests.doors.office import Office, running_office

from solvent.app.config import Config, InvoiceSettings
from solvent.payments.bank import Bank
from solvent.payments.fake import FakeProcessor
from solvent.payments.port import Settings


@pytest.fixture
def fake() -> FakeProcessor:
    """A processor whose customers pay when a test says so."""
    return FakeProcessor("fake", ["KRW"])


@pytest.fixture(name="office")
def paid_office(place: Place, fake: FakeProcessor) -> Iterator[Office]:
    """Once on each database."""
    bank = Bank(Settings(rail="bank", currencies=("KRW",), account="Some Bank 1-2-3"))
    config = Config(invoice=InvoiceSettings(name="Solvent Test", registration_number="1234567891"))
    with running_office(place, config, {"bank": bank, "fake": fake}) as office:
        yield office
        verdict = office.get("/v1/ledger/verify")
        assert verdict["problems"] == []
        assert verdict["is_clean"]
