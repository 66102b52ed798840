"""The configuration: defaults, then solvent.toml, then SOLVENT_* from the environment. Only `app` reads it.

Every field says what it is for; `solvent config` and docs/configuration.md are made from those words.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from solvent.app.model_entries import ModelEntry
from solvent.app.origins import read_origins
from solvent.app.plan_entries import PlanEntry, RequestLogEntry, demand_todays_words, log_terms
from solvent.guarding.rule import Action, OnFailure, When
from solvent.identity.address import Network, read_networks
from solvent.values.errors import Invalid
from solvent.values.money import minor_digits
from solvent.values.period import zone

ENVIRONMENT_PREFIX = "SOLVENT_"


class FirstRun(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the first start creates."""

    plan: Annotated[str, Meta(description="the plan of the first customer")] = "pay-as-you-go"
    grant: Annotated[str, Meta(description="what the first customer's wallet is given, in `currency`")] = "10000"


class Hardware(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The machine that runs local models."""

    rated_watts: Annotated[int, Meta(description="of the processor, where it does not say what it draws", ge=1)] = 65
    threads: Annotated[int, Meta(description="threads of a local engine; 0 takes half the cores", ge=0)] = 0
    shared_by: Annotated[
        int,
        Meta(
            description="local engines that have the machine together, each for its part; 0: one a worker", ge=0, le=256
        ),
    ] = 0


class ExchangeEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"since": "from"}):
    """One dated exchange rate."""

    base: Annotated[str, Meta(description="the currency exchanged, such as USD")]
    quote: Annotated[str, Meta(description="the currency it becomes, such as KRW")]
    rate: Annotated[str, Meta(description='how many of `quote` one `base` is, as text: "1385.50"')]
    since: Annotated[str, Meta(description="the date the rate begins: 2026-11-01")]
    source: Annotated[str, Meta(description="where the rate is from")]


class PaymentEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One rail that customers pay over."""

    rail: Annotated[
        str, Meta(description="its name, in addresses and in the books", pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")
    ]
    kind: Annotated[str, Meta(description="who moves the money: stripe, toss, or bank for transfers by hand")]
    currencies: Annotated[tuple[str, ...], Meta(description='what it takes, such as ["KRW"]', min_length=1)]
    key: Annotated[str, Meta(description="our secret key there, by reference: env:NAME or file:PATH")] = ""
    webhook_secret: Annotated[
        str, Meta(description="stripe: what signs its webhooks (whsec_...), by reference: env:NAME or file:PATH")
    ] = ""
    client_key: Annotated[str, Meta(description="toss: the client key, which customers' browsers may know")] = ""
    account: Annotated[str, Meta(description="bank: where customers send money: bank, number, holder")] = ""
    base_url: Annotated[str, Meta(description="where the processor is; its own address when left out")] = ""


class GuardEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One guard: what looks at questions and answers, and what comes of what it finds."""

    name: Annotated[str, Meta(description="its name, on receipts and in errors", pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
    kind: Annotated[
        str,
        Meta(description="what it looks for: pii, blocklist, json_schema, injection, max_cost, or a plug-in's kind"),
    ]
    when: Annotated[When, Meta(description="questions, before they are asked; answers, after; or both")] = "before"
    action: Annotated[
        Action | Literal["clamp"],
        Meta(description="what comes of a find: block, mask or note; clamp: max_cost asks for less output"),
    ] = "block"
    on_failure: Annotated[
        OnFailure, Meta(description="where it cannot look: closed, nothing passes; open, it passes and that is noted")
    ] = "closed"
    timeout_s: Annotated[float, Meta(description="the longest that it may look", gt=0, le=60)] = 2.0
    charge_blocked: Annotated[
        bool, Meta(description="charge answers that it blocks: they were made, and are paid for by you")
    ] = True
    models: Annotated[tuple[str, ...], Meta(description="only for these; for all when left out")] = ()
    plans: Annotated[tuple[str, ...], Meta(description="only for customers on these; for all when left out")] = ()
    keys: Annotated[tuple[str, ...], Meta(description="only for these, by their ids; for all when left out")] = ()
    options: Annotated[dict[str, Any], Meta(description="of its kind: see docs/guardrails.md")] = {}


class InvoiceSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands on invoices, and how customers are taxed who have said nothing else."""

    name: Annotated[str, Meta(description="who sells, as registered", max_length=120)] = "Solvent"
    registration_number: Annotated[str, Meta(description="of the business: ten digits in Korea", max_length=40)] = ""
    representative: Annotated[str, Meta(description="who represents the business", max_length=120)] = ""
    address: Annotated[str, Meta(description="of the business", max_length=400)] = ""
    country: Annotated[str, Meta(description="of the business: two letters", pattern="^[A-Z]{2}$")] = "KR"
    email: Annotated[str, Meta(description="where customers ask about invoices", max_length=200)] = ""
    bank_account: Annotated[str, Meta(description="where invoices are paid into, as printed", max_length=200)] = ""
    remark: Annotated[str, Meta(description="printed at the end of every document", max_length=400)] = ""
    language: Annotated[Literal["ko", "en"], Meta(description="of documents, unless a customer has another")] = "ko"
    due_days: Annotated[int, Meta(description="days to pay an invoice", ge=0, le=365)] = 14
    close_months_after_days: Annotated[
        int,
        Meta(
            description="days after its end until a month is closed by itself; 0 for never. The first closing fixes "
            "the time zone of the books",
            ge=0,
            le=365,
        ),
    ] = 3
    tax: Annotated[
        Literal["inclusive", "exclusive", "none"],
        Meta(
            description="VAT is inside the prices, or added to them, or there is none; another one is taken only while "
            "nobody it is for has money in the wallet or used something this month"
        ),
    ] = "inclusive"
    tax_permille: Annotated[int, Meta(description="the rate of VAT, in thousandths of the net price", ge=0, le=500)] = (
        100
    )
    tax_currency: Annotated[
        str,
        Meta(description="what VAT is owed to the authorities in, with a rate in [[exchanges]]; empty for `currency`"),
    ] = ""


class PeopleSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who may open an account on the pages, and what the pages are called."""

    name: Annotated[str, Meta(description="what pages call this service", min_length=1, max_length=60)] = "Solvent"
    sign_up: Annotated[
        Literal["open", "closed"],
        Meta(description="whether anybody may open an account, or only the operator for them"),
    ] = "open"
    plan: Annotated[
        str, Meta(description="the plan newcomers begin on; the first that asks for nothing by the month when empty")
    ] = ""
    second_factor: Annotated[
        Literal["offered", "operators"],
        Meta(description="whether a second factor is only offered, or operators see nothing before they have one"),
    ] = "offered"
    sealing_key: Annotated[
        str,
        Meta(
            description="what secrets of authenticator apps are sealed with, the same in every process, by reference: "
            "env:NAME or file:PATH; a file of the data directory when empty, with SQLite"
        ),
    ] = ""


class MailSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The mail server over which people are sent links: to sign in, to choose another password."""

    host: Annotated[str, Meta(description="the SMTP server; no letters are sent, nor offered, when empty")] = ""
    port: Annotated[int, Meta(description="usually 587 for starttls, 465 for tls", ge=1, le=65_535)] = 587
    tls: Annotated[
        Literal["starttls", "tls", "none"],
        Meta(description="how the way there is encrypted; none only for a relay on this machine"),
    ] = "starttls"
    user: Annotated[str, Meta(description="who signs in there; nobody when empty")] = ""
    password: Annotated[str, Meta(description="of `user`, by reference: env:NAME or file:PATH")] = ""
    sender: Annotated[str, Meta(description="the address that letters come from")] = ""


class ProviderEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One identity provider that people sign in with, over OpenID Connect."""

    name: Annotated[str, Meta(description="its name, in addresses", pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
    kind: Annotated[
        Literal["google", "kakao", "naver", "oidc"],
        Meta(description="google, kakao, naver, or oidc for any other, such as Keycloak"),
    ]
    client_id: Annotated[str, Meta(description="who this service is there", min_length=1)]
    client_secret: Annotated[str, Meta(description="its secret there, by reference: env:NAME or file:PATH")] = ""
    issuer: Annotated[
        str, Meta(description="oidc: where it is, such as https://id.example/realms/staff; /.well-known is below it")
    ] = ""
    title: Annotated[str, Meta(description="what its button says; its own name when left out", max_length=40)] = ""


class TelemetrySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where spans of answers are sent, in OpenTelemetry's words (needs `pip install 'solvent[otel]'`)."""

    endpoint: Annotated[
        str, Meta(description="OTLP over HTTP, such as http://collector:4318/v1/traces; nothing is sent when empty")
    ] = ""
    service_name: Annotated[str, Meta(description="what the spans say this service is called")] = "solvent"
    key_header: Annotated[str, Meta(description="the header in which the collector looks for a key")] = "authorization"
    key: Annotated[str, Meta(description="all of that header, by reference: env:NAME or file:PATH")] = ""
    money: Annotated[bool, Meta(description="say what each answer was charged and what it cost")] = False


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All settings of one service."""

    currency: Annotated[str, Meta(description="what wallets and reports are kept in")] = "KRW"
    time_zone: Annotated[
        str, Meta(description="whose calendar days and months the books use; fixed once a month is closed")
    ] = "Asia/Seoul"
    database: Annotated[
        str,
        Meta(
            description="where the books are: postgresql://user:password@host/name, or by reference, "
            "env:DATABASE_URL; with ?sslmode=verify-full it must be encrypted and its certificate right (also "
            "require, verify-ca, prefer, disable; &sslrootcert=FILE); empty for SQLite in the data directory"
        ),
    ] = ""
    public_url: Annotated[
        str, Meta(description="the address customers reach this service at, to come back to after a payment")
    ] = ""
    top_up_url: Annotated[str, Meta(description="where an empty wallet is told to go; no link when empty")] = ""
    keep_responses_days: Annotated[
        int,
        Meta(
            description="days for which what customers ask and are told over /v1/responses is kept, so that they can "
            "go on from it (previous_response_id), unless they say store: false; 0 keeps nothing",
            ge=0,
            le=365,
        ),
    ] = 0
    cors_origins: Annotated[
        str,
        Meta(description="origins of pages that may ask from a browser, with commas; * for any; empty for none"),
    ] = ""
    trusted_proxies: Annotated[
        str,
        Meta(
            description="addresses or networks of proxies before this service, with commas: only their X-Forwarded-For "
            "says where a client is, for keys that are limited to addresses"
        ),
    ] = ""
    batch_lines_at_once: Annotated[int, Meta(description="lines of batches asked at once; 0: none", ge=0, le=256)] = 4
    batch_yields_at: Annotated[int, Meta(description="live answers here, at which batches wait; 0: none", ge=0)] = 200
    bill_residual_permille: Annotated[
        int,
        Meta(
            description="an alarm is raised when a provider's bill and the books differ by more than so many "
            "thousandths of the bill (docs/reconciliation.md)",
            ge=0,
            le=1000,
        ),
    ] = 5
    bill_residual_least: Annotated[
        str,
        Meta(description="an amount of `currency`: of a smaller difference to a provider's bill nobody is told"),
    ] = "1"
    house_model: Annotated[bool, Meta(description="serve the embedded house model")] = True
    house_model_seats: Annotated[int, Meta(description="answers of the house model at once", ge=1, le=16)] = 4
    first_run: FirstRun = FirstRun()
    hardware: Hardware = Hardware()
    people: PeopleSettings = PeopleSettings()
    mail: MailSettings = MailSettings()
    identity_providers: tuple[ProviderEntry, ...] = ()
    telemetry: TelemetrySettings = TelemetrySettings()
    models: tuple[ModelEntry, ...] = ()
    plans: tuple[PlanEntry, ...] = ()
    exchanges: tuple[ExchangeEntry, ...] = ()
    invoice: InvoiceSettings = InvoiceSettings()
    payments: tuple[PaymentEntry, ...] = ()
    guards: tuple[GuardEntry, ...] = ()
    request_log: RequestLogEntry = RequestLogEntry()


def read_config(file: Path | None, environment: Mapping[str, str]) -> Config:
    """The configuration in force. Raises Invalid in one line that names the file and the field."""
    document: dict[str, Any] = {}
    if file is not None:
        try:
            document = tomllib.loads(file.read_text(encoding="utf-8"))
        except OSError as wrong:
            raise Invalid("no_config", f"{file} cannot be read: {wrong.strerror}") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
            raise Invalid("bad_config", f"{file} is not TOML: {wrong}") from None
    scalars = {f.name: f.type for f in msgspec.structs.fields(Config) if f.name not in _TABLES}
    for name in scalars:
        given = environment.get(ENVIRONMENT_PREFIX + name.upper())
        if given is not None:
            document[name] = given
    demand_todays_words(document.get("plans"), str(file or "the environment"))
    try:
        config = msgspec.convert(document, Config, strict=False)
    except msgspec.ValidationError as wrong:
        raise Invalid("bad_config", f"{file or 'the environment'}: {wrong}") from None
    _check(config, str(file or "the environment"))
    return config


_TABLES = {
    "first_run", "hardware", "people", "mail", "telemetry", "invoice", "models", "plans", "exchanges", "payments",
    "guards", "request_log", "identity_providers",
}  # fmt: skip


def _check(config: Config, where: str) -> None:
    _check_mail(config, where)
    _check_providers(config, where)
    try:
        minor_digits(config.currency)
        zone(config.time_zone)
        trusted_proxies(config)
        read_origins(config.cors_origins)
    except Invalid as wrong:
        raise Invalid("bad_config", f"{where}: {wrong.message}") from None
    try:
        log_terms(config.request_log)
    except Invalid as wrong:
        raise Invalid("bad_config", f"{where}: request_log: {wrong.message}", param=wrong.param) from None
    for kind, names in (
        ("model", [model.name for model in config.models]),
        ("plan", [plan.name for plan in config.plans]),
        ("payment rail", [entry.rail for entry in config.payments]),
        ("identity provider", [entry.name for entry in config.identity_providers]),
        ("guard", [entry.name for entry in config.guards]),
    ):
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise Invalid("bad_config", f"{where}: {kind} {twice[0]!r} is there twice; names are unique")
    for model in config.models:
        if model.provider == "llamacpp" and not model.file:
            raise Invalid("bad_config", f"{where}: model {model.name!r} needs `file`")


def _check_mail(config: Config, where: str) -> None:
    mail = config.mail
    if not mail.host:
        return
    if "@" not in mail.sender:
        raise Invalid("bad_config", f"{where}: mail: `sender` is the address letters come from", param="sender")
    if not config.public_url.startswith(("http://", "https://")):
        raise Invalid("bad_config", f"{where}: mail: letters lead to `public_url`; say what it is", param="public_url")
    if mail.password and mail.tls == "none":
        raise Invalid("bad_config", f"{where}: mail: no password is sent where `tls` is none", param="tls")


def _check_providers(config: Config, where: str) -> None:
    for entry in config.identity_providers:
        what = f"{where}: identity_providers {entry.name!r}"
        if not config.public_url.startswith(("http://", "https://")):
            raise Invalid("bad_config", f"{what}: people come back to `public_url`; say what it is", param="public_url")
        if entry.kind == "oidc" and not entry.issuer.startswith(("http://", "https://")):
            raise Invalid("bad_config", f"{what}: `issuer` is an address, https://...", param="issuer")


def trusted_proxies(config: Config) -> tuple[Network, ...]:
    """The proxies whose word counts. Raises Invalid for what is no address or network."""
    return read_networks(config.trusted_proxies.replace(",", " ").split(), "trusted_proxies")


def secret(reference: str, what: str, environment: Mapping[str, str], near: Path) -> str:
    """The secret behind env:NAME or file:PATH (relative to `near`); empty for no reference.

    Raises Invalid, never repeating what was found.
    """
    kind, _, name = reference.partition(":")
    if not reference:
        return ""
    if kind == "env" and name:
        found = environment.get(name, "")
        if not found:
            raise Invalid("no_secret", f"{what}: the environment variable {name} is not set")
        return found.strip()
    if kind == "file" and name:
        try:
            return (near / name).expanduser().read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise Invalid("no_secret", f"{what}: the file {name} cannot be read") from None
    raise Invalid("bad_secret", f"{what}: a key is written by reference, env:NAME or file:PATH, never itself")
