"""The commands on the books: they do what the API does, speak both languages, and refuse in one line."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import Any

import click
import pytest
import yaml
from click.testing import CliRunner, Result
from tests.ledger.bean_check import bean_check

from solvent.app.config import Config
from solvent.app.database import open_database
from solvent.app.plans import meant_losses, read_plans
from solvent.billing.publish_plans import publish_plans
from solvent.cli import main
from solvent.cli.main import solvent
from solvent.cli.words import WORDS
from solvent.console.operations import OPERATIONS
from solvent.values.errors import SolventError

CONFIG = """\
currency = "KRW"
house_model = false
[[payments]]
rail = "bank"
kind = "bank"
currencies = ["KRW"]
account = "Some Bank 1-2-3"
"""


class Shell:
    """Runs commands on one folder's books, in this process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.config = folder / "solvent.toml"
        self.config.write_text(CONFIG)
        self.data.mkdir()

    def raw(self, *words: str, language: str = "en") -> Result:
        place = ["--data", str(self.data), "--config", str(self.config)]
        at = words.index("--") if "--" in words else len(words)
        settings = {"SOLVENT_LANGUAGE": language, "COLUMNS": "200"}
        return CliRunner().invoke(solvent, [*words[:at], *place, *words[at:]], env=settings, standalone_mode=False)

    def run(self, *words: str, language: str = "en") -> str:
        """What a command that must succeed prints."""
        done = self.raw(*words, language=language)
        assert done.exception is None, (words, done.exception, done.output)
        return done.output

    def json(self, *words: str) -> Any:
        return json.loads(self.run(*words, "--json"))

    def refuse(self, *words: str) -> SolventError:
        """The error of a command that must be refused; nothing is printed as if it had worked."""
        done = self.raw(*words)
        assert done.output == ""
        assert isinstance(done.exception, SolventError), (words, done.exception, done.output)
        return done.exception


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    shell = Shell(tmp_path)
    config = Config(currency="KRW")

    async def open_books() -> None:
        database = await open_database(config, shell.data, shell.folder)
        await publish_plans(read_plans(config), meant_losses(config), (), database, 1)
        await database.close()

    asyncio.run(open_books())
    yield shell
    assert shell.json("ledger", "verify")["is_clean"]


def test_a_customers_life_in_commands(shell: Shell) -> None:
    assert "No customers yet" in shell.run("customers", "list")
    assert "아직 고객이 없습니다" in shell.run("customers", "list", language="ko")
    made = shell.json("customers", "open", "김 [bold]고객", "--plan", "plus", "--grant", "500")
    id = made["id"]
    assert made["api_key"].startswith("sk-solvent-")
    assert shell.json("customers", "show", id)["plan"] == "plus"
    assert "김 [bold]고객" in shell.run("customers", "list"), "markup in a name is no markup"
    shell.run("customers", "rename", id, "이고객")
    assert "정지했습니다" in shell.run("customers", "suspend", id, language="ko")
    assert shell.json("customers", "list", "--state", "suspended")["data"][0]["name"] == "이고객"
    shell.run("customers", "resume", id)
    key = shell.json("customers", "issue-key", id, "--name", "phone")
    assert key["api_key"] not in shell.run("customers", "keys", id)
    assert shell.json("customers", "change-key", key["id"], "--model", "a", "--model", "b")["models"] == ["a", "b"]
    assert "a, b" in shell.run("customers", "keys", id)
    assert shell.json("customers", "change-key", key["id"])["models"] == ["a", "b"], "what is not named stays"
    assert "모든 모델" in shell.run("customers", "change-key", key["id"], "--all-models", language="ko")
    limited = shell.json("customers", "change-key", key["id"], "--address", "10.0.0.0/8", "--address", "::1")
    assert (limited["addresses"], limited["models"]) == (["10.0.0.0/8", "::1/128"], [])
    assert "10.0.0.0/8" in shell.run("customers", "keys", id)
    assert "모든 주소" in shell.run("customers", "change-key", key["id"], "--all-addresses", language="ko")
    fresh = shell.json("customers", "rotate-key", key["id"])
    assert (fresh["id"], fresh["api_key"] == key["api_key"]) == (key["id"], False)
    assert "그대로 이어집니다" in shell.run("customers", "rotate-key", key["id"], "--overlap-hours", "0", language="ko")
    one = shell.json("customers", "issue-key", id, "--model", "a")
    assert one["models"] == ["a"]
    shell.run("customers", "revoke-key", key["id"])
    assert shell.refuse("customers", "change-key", key["id"], "--model", "a").code == "key_not_good"
    assert "폐기됨" in shell.run("customers", "keys", id, language="ko")
    shell.run("customers", "change-profile", id, "--legal-name", "Kim Ltd", "--treatment", "none")
    assert shell.json("customers", "profile", id)["legal_name"] == "Kim Ltd"
    shell.run("customers", "close", id)
    assert shell.refuse("customers", "resume", id).code == "customer_closed"
    done = [change["action"] for change in shell.json("audit", "--subject", id)["data"]]
    assert done[0] == "customer.closed"
    assert {change["actor"].partition(":")[0] for change in shell.json("audit")["data"]} == {"cli", "system"}


def test_a_repeated_command_has_its_effect_once(shell: Shell) -> None:
    words = ("customers", "open", "Kim", "--plan", "plus", "--idempotency-key", "order-1")
    first, again = shell.json(*words), shell.json(*words)
    assert (first["id"], again["api_key"]) == (again["id"], None)
    assert "shown then" in shell.run(*words)
    assert shell.refuse("customers", "open", "Lee", *words[3:]).code == "idempotency_key_conflict"
    assert len(shell.json("customers", "list")["data"]) == 1


def test_operators_keys_bring_a_way_back_in(shell: Shell) -> None:
    made = shell.json("operators", "issue-key", "owner", "--name", "me")
    assert made["api_key"].startswith("op-solvent-")
    assert made["hint"] in shell.run("operators", "list")
    assert shell.json("operators", "rotate-key", made["id"])["api_key"].startswith("op-solvent-")
    assert shell.refuse("operators", "revoke-key", made["id"]).code == "last_owner"
    shell.run("operators", "issue-key", "read_only", "--expires", "2099-01-01")
    assert {key["role"] for key in shell.json("operators", "list")["data"]} == {"owner", "read_only"}


def test_money_in_commands(shell: Shell) -> None:
    id = shell.json("customers", "open", "Kim", "--plan", "plus")["id"]
    assert "없습니다" in shell.run("wallet", "movements", id, language="ko")
    shell.run("wallet", "grant", id, "300", "--expires", "2099-01-01")
    asked = shell.json("wallet", "top-up", id, "5000", "--rail", "bank")
    assert "Some Bank 1-2-3" in shell.run("wallet", "top-up", id, "1", "--rail", "bank")
    order = asked["order"]["id"]
    assert "Paid" not in shell.run("payments", "show", order)
    assert shell.json("payments", "confirm", order, "5000")["state"] == "paid"
    assert "5,000원" in shell.run("wallet", "show", id, language="ko")
    assert "지금 쓸 수 있음" in shell.run("wallet", "show", id, language="ko")
    assert shell.json("wallet", "movements", id)["data"][0]["amount"] == "5000"
    refund = shell.json("payments", "refund", order, "1000", "--why", "asked")
    shell.run("payments", "confirm", refund["id"], "1000")
    assert shell.json("payments", "show", order)["order"]["state"] == "partly_refunded"
    assert len(shell.json("payments", "list", "--customer", id)["data"]) == 2
    assert shell.json("payments", "rails")["data"][0]["is_bank"]
    assert shell.json("payments", "mismatches")["data"] == []
    assert "어긋난 것이 없습니다" in shell.run("payments", "mismatches", language="ko")
    assert shell.json("payments", "methods", id)["data"] == []
    booked = shell.json("payments", "suspend", "bank", "70", "--note", "?")
    assert shell.json("payments", "suspense")["data"][0]["id"] == booked["id"]
    assert "suspense" in shell.run("ledger", "cause", booked["id"])
    dispute = ("--dispute", "letter-7", "--state", "open")
    shell.run("payments", "chargeback", order, "4000", *dispute)
    assert "took money back" in shell.run("customers", "show", id)
    assert shell.refuse("payments", "payout", "bank", "1", "1").code == "payout_exceeds_receivable"
    assert shell.refuse("wallet", "grant", "--", id, "-5").code in ("bad_amount", "not_a_decimal")


def test_plans_and_subscriptions_in_commands(shell: Shell) -> None:
    listed = shell.run("plans", "list", language="ko")
    assert ("9,900원" in listed, "판매 중" in listed) == (True, True)
    (newest,) = shell.json("plans", "show", "plus")["data"]
    file = shell.folder / "plans.yaml"
    file.write_text(yaml.safe_dump({"plans": [newest["terms"] | {"price": "12000"}]}, allow_unicode=True))
    assert "version 2" in shell.run("plans", "preview", str(file))
    assert shell.json("plans", "publish", str(file), "--idempotency-key", "p")[0]["version"] == 2
    assert shell.json("plans", "publish", str(file), "--idempotency-key", "p")[0]["version"] == 2
    assert "no term would change" in shell.run("plans", "preview", str(file))
    id = shell.json("customers", "open", "Kim", "--plan", "pay-as-you-go")["id"]
    waits = shell.run("subscriptions", "begin", id, "plus", "--pays", "card")
    assert f"`solvent subscriptions begin {id} plus --rail RAIL`" in waits, "who has to pay first is told how"
    begun = shell.json("subscriptions", "begin", id, "plus")
    assert begun["due"] == "12000"
    assert "12,000" in shell.run("subscriptions", "show", id)
    assert "now" in shell.run("subscriptions", "quote", id, "pro", "--pays", "invoice")
    shell.run("subscriptions", "change", id, "pro", "--pays", "invoice")
    assert "끝납니다" in shell.run("subscriptions", "cancel", id, language="ko")
    shell.run("subscriptions", "keep", id)
    assert shell.json("subscriptions", "packs", id)["data"] == []
    assert shell.refuse("subscriptions", "buy-pack", id, "nothing").code == "unknown_pack"
    assert "Nobody took a seat" in shell.run("subscriptions", "seats", id)
    assert shell.refuse("subscriptions", "free-seat", id, "kim").code == "no_such_seat"
    shell.run("plans", "withdraw", "plus")
    assert shell.refuse("plans", "withdraw", "plus").code == "unknown_plan"
    assert shell.refuse("plans", "move", "pro", "--from", "2020-01-01").code == "notice_too_short"


def test_invoices_in_commands(shell: Shell) -> None:
    id = shell.json("customers", "open", "Kim", "--plan", "plus")["id"]
    (listed,) = shell.json("invoices", "list", "--customer", id)["data"]
    number = listed["number"]
    assert number in shell.run("invoices", "list")
    shown = shell.run("invoices", "show", number, language="ko")
    assert ("공급가액" in shown, "9,000원" in shown, "900원" in shown) == (True, True, True)
    shell.run("invoices", "credit", number, "--line", "1:1100")
    assert shell.json("invoices", "received", number, "8800")["state"] == "paid"
    assert shell.refuse("invoices", "received", number, "1").code == "invoice_not_due"
    assert shell.refuse("invoices", "received", number, "0.5").code == "amount_not_whole"
    assert shell.refuse("invoices", "write-off", number).code == "invoice_not_due"
    assert shell.refuse("invoices", "returned", number, "1").code == "invoice_not_paid"
    shell.run("invoices", "credit", number, "--line", "1:2200")
    assert shell.refuse("invoices", "returned", number, "2201").code == "invoice_not_paid"
    assert shell.json("invoices", "returned", number, "2200")["due"] == "0"
    file = shell.folder / "invoice.pdf"
    shell.run("invoices", "pdf", number, "--language", "en", "--into", str(file))
    assert file.read_bytes().startswith(b"%PDF-")
    assert not list(shell.folder.glob("*.part"))
    assert (
        shell.refuse("invoices", "pdf", "2026-999999", "--into", str(shell.folder / "x.pdf")).code == "no_such_invoice"
    )
    assert not (shell.folder / "x.pdf").exists()
    nowhere = str(shell.folder / "nowhere" / "x.pdf")
    assert shell.refuse("invoices", "pdf", number, "--into", nowhere).code == "cannot_write_file"


def test_coupons_and_budgets_in_commands(shell: Shell) -> None:
    id = shell.json("customers", "open", "Kim", "--plan", "plus")["id"]
    shell.run("coupons", "add", "spring-10", "--permille", "105", "--periods", "all")
    assert "10.5 %" in shell.run("coupons", "list")
    shell.run("coupons", "take", id, "spring-10")
    assert shell.refuse("coupons", "take", id, "spring-10").code == "coupon_taken"
    shell.run("budgets", "set", f"customer:{id}", "100", "--every", "day", "--unit", "answers", "--customer", id)
    shell.run("budgets", "set", "plan:plus", "5000", "--every", "month", "--unit", "money", "--soft")
    assert "5,000원" in shell.run("budgets", "list", language="ko")
    shell.run("budgets", "remove", "plan:plus", "--every", "month", "--unit", "money")
    assert len(shell.json("budgets", "list", "--customer", id)["data"]) == 1
    assert isinstance(shell.raw("coupons", "add", "X-1").exception, click.UsageError)


def test_the_books_in_commands(shell: Shell) -> None:
    assert "Nothing is booked yet" in shell.run("ledger", "accounts")
    assert shell.refuse("ledger", "export").code == "nothing_booked"
    id = shell.json("customers", "open", "Kim", "--plan", "plus", "--grant", "12.3456789")["id"]
    assert "12.3456789" in shell.run("ledger", "accounts", f"wallet:{id}")
    assert "expense:grants" in shell.run("ledger", "show", f"wallet:{id}", language="ko")
    file = shell.folder / "books.beancount"
    assert "Wrote" in shell.run("ledger", "export", "--into", str(file))
    assert bean_check(file) == ""
    assert shell.run("ledger", "export") == file.read_text()
    head = shell.json("ledger", "verify")["head"]
    assert "The books are right" in shell.run("ledger", "verify", "--head", head)
    wrong = shell.raw("ledger", "verify", "--head", f"1:{'0' * 64}", language="ko")
    assert isinstance(wrong.exception, SystemExit)
    assert "장부가 틀렸습니다" in wrong.output
    assert "No month is closed yet" in shell.run("months", "list")
    month = shell.json("months", "list")["next"]
    assert "부가세" not in shell.run("months", "show", month)
    assert "deferred" in shell.run("months", "show", month, language="ko")
    assert shell.refuse("months", "close", month).code == "month_not_ended"
    assert shell.json("months", "statements", id)["data"] == []


@pytest.mark.parametrize(
    "words",
    [
        ("customers", "list", "--limit", "0"), ("customers", "list", "--state", "gone"), ("wallet", "show"),
        ("plans", "publish", "/nowhere"), ("invoices", "credit", "1", "--line", "x"), ("operators", "issue-key", "god"),
        ("budgets", "set", "x", "1", "--every", "week", "--unit", "answers"), ("ledger", "export", "--format", "xml"),
    ],
)  # fmt: skip
def test_words_that_make_no_sense_are_refused_before_anything_is_opened(shell: Shell, words: tuple[str, ...]) -> None:
    assert isinstance(shell.raw(*words).exception, click.ClickException)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("customers", "show", "nobody"), "no_such_customer"), (("wallet", "show", "nobody"), "no_such_customer"),
        (("customers", "list", "--search", "x" * 121), "bad_request"), (("audit", "--since", "soon"), "not_a_date"),
        (("audit", "--cursor", "x"), "bad_cursor"), (("ledger", "verify", "--head", "x"), "bad_head"),
        (("months", "show", "soon"), "not_a_month"), (("subscriptions", "cancel", "nobody"), "no_subscription"),
        (("payments", "show", "nobody"), "no_such_order"), (("plans", "show", "nobody"), "no_such_plan"),
        (("customers", "open", " ", "--plan", "plus"), "bad_name"),
        (("customers", "open", "K", "--plan", "x"), "unknown_plan"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_a_code(shell: Shell, words: tuple[str, ...], code: str) -> None:
    wrong = shell.refuse(*words)
    assert wrong.code == code
    assert "\n" not in wrong.message


def test_no_books_no_command(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    shell.data.rmdir()
    assert shell.refuse("customers", "list").code == "no_books"
    assert not shell.data.exists()


def leaves(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from leaves(child, (*path, name))
    else:
        yield path, command


def test_every_operation_has_a_command() -> None:
    """What the API can do, the command line can too: each operation is named in a command's file."""
    source = "".join(file.read_text() for file in Path(main.__file__).parent.glob("*.py"))
    by_module: dict[str, dict[int, str]] = {}
    unused = []
    for operation in OPERATIONS:
        module = __import__(operation.run.__module__, fromlist=["OPERATIONS"])
        names = by_module.setdefault(
            operation.run.__module__, {id(value): name for name, value in vars(module).items()}
        )
        name = names[id(operation)]
        stem = operation.run.__module__.rpartition(".")[2]
        if f"{stem}.{name}" not in source and not (stem == "audit" and name in source):
            unused.append(f"{stem}.{name}")
    # The profit and loss is `solvent report`; prices have commands of their own, on the files; a plan of a run is
    # written by `simulate` and put on sale by `plans publish`; `simulate` runs here and asks no service for it; what a
    # figure sums is a page behind the figure.
    elsewhere = ("margin.", "prices.", "simulations.ADOPT", "asked.ASK", "asked.SHOW", "moved.")
    assert [one for one in unused if not one.startswith(elsewhere)] == []


def test_every_command_takes_json_and_says_what_it_does() -> None:
    for path, command in leaves(solvent):
        assert command.help, path
        if path[0] in ("serve", "house-model", "report"):
            continue
        assert "--json" in [flag for option in command.params for flag in option.opts], path


@pytest.mark.parametrize("word", WORDS)
def test_both_languages_say_the_same_things(word: str) -> None:
    english, korean = WORDS[word]
    fields = [sorted({name for _, name, _, _ in Formatter().parse(text) if name}) for text in (english, korean)]
    assert fields[0] == fields[1]
    assert english
    assert korean
