"""From the times of bench/books.py to figures, and from figures to the page for people and the file for programs."""

import json
from collections.abc import Iterable
from pathlib import Path
from statistics import median

import msgspec
from bench.load.asked import QUESTIONS
from bench.load.booked import AT_ONCE, Booked
from bench.load.made_year import Shape, Spent

PAGE_MS_MAX = 200
CLOSE_S_MAX = 60
QUIET_CORES_MAX = 0.1


class Times(msgspec.Struct):
    """Milliseconds of one question, a value a round, and the rows it found. disk: when nothing was read before."""

    rows: int = 0
    warm: list[float] = []
    warm_cpu: list[float] = []
    fresh: list[float] = []
    disk: list[float] = []


class Result(msgspec.Struct, kw_only=True):
    """All that a run found.

    close_s, close_cpu_s: of the last month, where it was closed. verify_s: of the whole chain. other_cores: busy with
    other work while questions were timed, and while the last month was closed.
    """

    date: str
    machine: str
    commit: str
    command: str
    versions: dict[str, str]
    database: str
    shape: Shape
    smoke: bool
    rounds: int
    rows: dict[str, int] = {}
    gib: float = 0.0
    spent: Spent | None = None
    times: dict[str, Times] = {}
    close_s: float | None = None
    close_cpu_s: float | None = None
    statements: int = 0
    verify_s: float | None = None
    problems: list[str] = []
    booked_empty: Booked | None = None
    booked: Booked | None = None
    other_cores: float = 0.0
    close_other_cores: float = 0.0


def figures(result: Result) -> dict[str, float]:
    """The flat figures of the run."""
    found: dict[str, float] = {f"{name}_on_record": count for name, count in result.rows.items()}
    found |= {"customers": result.shape.customers, "database_gib": round(result.gib, 2)}
    for name, times in result.times.items():
        kinds = {"warm": times.warm, "warm_cpu": times.warm_cpu, "fresh": times.fresh, "disk": times.disk}
        found |= {f"{name}_ms_{kind}": round(median(values), 2) for kind, values in kinds.items() if values}
    for kind in ("warm", "fresh", "disk"):
        slowest = [value for name, value in found.items() if name.endswith(f"_ms_{kind}")]
        if slowest:
            found[f"slowest_page_ms_{kind}"] = max(slowest)
    if result.close_s is not None and result.close_cpu_s is not None:
        found |= {"month_close_s": round(result.close_s, 2), "month_close_cpu_s": round(result.close_cpu_s, 2)}
        found["month_close_statements"] = result.statements
    if result.spent is not None:
        found["making_us_per_answer"] = round(result.spent.making * 1e6 / max(1, result.shape.answers), 1)
        found["making_s"] = round(result.spent.making, 1)
        found["earlier_month_close_s_max"] = round(max(result.spent.closes), 2)
    if result.verify_s is not None:
        found["verify_s"] = round(result.verify_s, 1)
    for name, booked in (("empty", result.booked_empty), ("full", result.booked)):
        if booked is not None:
            values = msgspec.structs.asdict(booked).items()
            found |= {f"booking_{name}_books_{what}": round(value, 2) for what, value in values}
    found |= {"other_cores": round(result.other_cores, 2), "close_other_cores": round(result.close_other_cores, 2)}
    return found


def _cell(values: list[float]) -> str:
    """The median, and the slowest where it is another."""
    if not values:
        return ""
    middle, most = f"{median(values):,.1f}", f"{max(values):,.1f}"
    return middle if middle == most else f"{middle} ({most})"


def _questions(times: dict[str, Times]) -> list[str]:
    with_disk = any(found.disk for found in times.values())
    titles = ["rows", "warm", "CPU", "fresh process", *(["from the disk"] if with_disk else [])]
    lines = ["| milliseconds: median (slowest) | " + " | ".join(titles) + " |", "|---|" + "---:|" * len(titles)]
    for name, found in times.items():
        cells = [f"{found.rows:,}", _cell(found.warm), f"{median(found.warm_cpu):,.1f}", _cell(found.fresh)]
        cells += [_cell(found.disk)] if with_disk else []
        lines.append(f"| {QUESTIONS[name][0]} | " + " | ".join(cells) + " |")
    return lines


def _booking(empty: Booked, full: Booked) -> list[str]:
    rows = (
        ("transfers, chained, and balances", "transfers_us"), ("receipt", "receipts_us"),
        ("margin roll-ups", "margins_us"),
    )  # fmt: skip
    lines = ["| CPU µs an answer | empty books | these books |", "|---|---:|---:|"]
    lines += [f"| {title} | {getattr(empty, name):.1f} | {getattr(full, name):.1f} |" for title, name in rows]
    lines.append(f"| one durable commit of {AT_ONCE} answers, ms | {empty.commit_ms:.2f} | {full.commit_ms:.2f} |")
    lines.append(f"| the first commit of a day, ms | {empty.first_ms:.1f} | {full.first_ms:.1f} |")
    return lines


def _verdicts(result: Result, found: dict[str, float]) -> Iterable[str]:
    if result.smoke:
        yield "**A smoke run: it shows that the harness works, and no figure.**"
    if max(result.other_cores, result.close_other_cores) > QUIET_CORES_MAX:
        yield (
            f"**Other work took {result.other_cores:.1f} cores while pages were timed and "
            f"{result.close_other_cores:.1f} while the month was closed: in peace all of it is quicker.**"
        )
    for problem in result.problems:
        yield f"**The books are wrong: {problem}**"
    if result.times:
        slow = [name for name in result.times if found[f"{name}_ms_warm"] >= PAGE_MS_MAX]
        said = "every page" if not slow else f"{len(result.times) - len(slow)} of {len(result.times)} pages"
        yield f"Under {PAGE_MS_MAX} ms, warm: {said}; the slowest takes {found['slowest_page_ms_warm']:,.0f} ms."
    if result.close_s is not None:
        yield (
            f"Closing a month of {result.statements:,} customers takes {result.close_s:,.1f} s, and "
            f"{result.close_cpu_s:,.1f} s of CPU; it should be under {CLOSE_S_MAX} s."
        )


def _method(result: Result) -> str:
    shape, spent = result.shape, result.spent
    rows = ", ".join(f"{count:,} {name}" for name, count in result.rows.items())
    made = f" They were made in {spent.making:,.0f} s, {found_us(result):,.0f} µs an answer." if spent else ""
    verified = (
        f" `verify_books` walked the whole chain in {result.verify_s:,.0f} s and found nothing wrong."
        if result.verify_s is not None and not result.problems
        else ""
    )
    return f"""\
**The books.** {rows}, {result.gib:,.1f} GiB in {result.database}. {shape.customers:,} customers on four plans over
thirteen months; how much each asks is lognormal (sigma 1.5), and one customer with 5,000 end users asks a twentieth
of all. Three models, one sold below cost. All rows were written by the store functions that answers are booked by
(`ledger.store.append`, `answering.store.append`, `margin.store.add`): holds and postings in the chain, balances,
receipts, roll-ups. Only the commits are larger than a service's, and did not wait for the disk.{made}{verified}

**Pages.** Each question runs the store functions made for it in one read transaction, without JSON and HTTP,
{result.rounds} times, interleaved. *Warm*: in a process that goes on, its CPU beside it. *Fresh process*: the first
question of a new process, whatever the operating system has cached. *From the disk*: the same after the operating
system was told to forget the file.

**The month.** `close_month` as the API and the command run it, every commit durable: revenue earned by time,
a statement and VAT for each customer, usage invoices, the proof. Every customer had answers in that month. The
months before were closed one by one as they ended.

**Booking.** {AT_ONCE} answers a commit, as at the load of bench/gateway.py, each commit durable. The first commit of
a day also keeps everybody's totals (`customer_margins`), from which the rankings of any days are made."""


def found_us(result: Result) -> float:
    """Microseconds an answer took to make."""
    return result.spent.making * 1e6 / max(1, result.shape.answers) if result.spent else 0.0


def markdown(result: Result) -> str:
    """The page for people."""
    found = figures(result)
    versions = ", ".join(f"{name} {version}" for name, version in result.versions.items())
    parts = [
        "# Ten million answers on the books\n\nWritten by `bench/books.py`; do not edit.",
        f"- {result.date}, commit {result.commit}\n- {result.machine}\n- {versions}\n- `{result.command}`",
        *_verdicts(result, found),
    ]
    if result.times:
        parts.append("\n".join(_questions(result.times)))
    if result.booked_empty is not None and result.booked is not None:
        parts.append("\n".join(_booking(result.booked_empty, result.booked)))
    return "\n\n".join([*parts, _method(result)]) + "\n"


def write(result: Result, directory: Path, name: str) -> Path:
    """Write NAME.md and NAME.json; returns the page."""
    directory.mkdir(parents=True, exist_ok=True)
    kept = {
        "date": result.date,
        "machine": result.machine,
        "commit": result.commit,
        "command": result.command,
        "versions": result.versions,
        "figures": figures(result),
    }
    (directory / f"{name}.json").write_text(json.dumps(kept, indent=2, ensure_ascii=False) + "\n")
    page = directory / f"{name}.md"
    page.write_text(markdown(result))
    return page
