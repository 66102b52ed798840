"""From readings to figures, and from figures to the table for people and the file for programs.

A figure is the median of its rounds; what is added is taken over the direct call of the same round.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from statistics import median

import msgspec
from bench.load.peers import EMBEDDED, PEERS
from bench.load.reading import EVENTS_PER_STREAM, INTERVAL_MS, STREAM_MS, Reading

QUIET_SHARE_MAX = 0.05
FULL_SHARE_MIN = 0.9
LOAD_SHARE = 0.6  # of a saturation run, for the other loads

Rounds = list[Reading]
Series = dict[str, list[float]]


class Settings(msgspec.Struct):
    """The loads that calibration chose for one server."""

    connections: int
    half_rate: float
    paced_streams: int
    unpaced_streams: int


class Result(msgspec.Struct, kw_only=True):
    """All that a run found. `readings` is server -> kind of load -> rounds; the direct call's kinds
    `half NAME` are the ones at the rate of that server's half load."""

    date: str
    machine: str
    commit: str
    command: str
    seconds: float
    smoke: bool
    cores: str
    versions: dict[str, str]
    missing: list[str] = []
    settings: dict[str, Settings] = {}
    readings: dict[str, dict[str, Rounds]] = {}
    resident_mib: dict[str, list[float]] = {}
    sync_ms_p50: list[float] = []
    sync_ms_p99: list[float] = []
    direct_requests_per_second: float = 0.0
    answers_ever: dict[str, int] = {}
    failures: dict[str, int] = {}
    embedded_rates: list[float] = []
    held_streams: int = 0
    held_failures: int = 0
    held_kb_per_stream: float = 0.0
    answers_on_record: int = 0
    answers_on_record_after_kill: int = 0

    @property
    def books_agree(self) -> bool:
        """Is every answer that the client got on record, once, and none besides?"""
        counted = self.answers_ever.get("solvent", 0)
        return counted == self.answers_on_record == self.answers_on_record_after_kill


def less(ours: Iterable[float], base: Iterable[float]) -> list[float]:
    """The difference, round by round."""
    return [a - b for a, b in zip(ours, base, strict=True)]


def each(rounds: Rounds, value: Callable[[Reading], float]) -> list[float]:
    """One value of every round."""
    return [value(reading) for reading in rounds]


def series_of(result: Result, name: str) -> Series:
    """All that is told of one server, by figure and round."""
    loads, direct = result.readings[name], result.readings["direct"]
    saturation, half, low = loads["saturation"], loads["half"], loads["low"]
    base, low_base = direct[f"half {name}"], direct["low"]
    return {
        "requests_per_second_one_core": each(saturation, lambda r: r.answers_per_second),
        "cpu_ms_per_request": each(saturation, lambda r: r.server_cpu_seconds * 1e3 / max(1, r.answers)),
        "saturation_p50_ms": each(saturation, lambda r: r.latency_ms_p50),
        "saturation_p99_ms": each(saturation, lambda r: r.latency_ms_p99),
        "added_p50_ms": less(each(half, lambda r: r.latency_ms_p50), each(base, lambda r: r.latency_ms_p50)),
        "added_p99_ms": less(each(half, lambda r: r.latency_ms_p99), each(base, lambda r: r.latency_ms_p99)),
        "half_load_p999_ms": each(half, lambda r: r.latency_ms_p999),
        "low_rate_added_p50_ms": less(
            each(low, lambda r: r.latency_ms_p50), each(low_base, lambda r: r.latency_ms_p50)
        ),
        "low_rate_added_p99_ms": less(
            each(low, lambda r: r.latency_ms_p99), each(low_base, lambda r: r.latency_ms_p99)
        ),
        "resident_mib": result.resident_mib[name],
        **(streamed(loads["paced"], loads["unpaced"]) if "paced" in loads else {}),
    }


def streamed(paced: Rounds, unpaced: Rounds) -> Series:
    """What is told of a server's streams."""
    return {
        "stream_chunks_per_second_one_core": each(paced, lambda r: r.chunks_per_second),
        "cpu_us_per_chunk": each(paced, lambda r: r.server_cpu_seconds * 1e6 / max(1, r.chunks)),
        "stream_first_byte_p50_ms": each(paced, lambda r: r.first_byte_ms_p50),
        "stream_first_byte_p99_ms": each(paced, lambda r: r.first_byte_ms_p99),
        "stream_duration_p50_ms": each(paced, lambda r: r.latency_ms_p50),
        "unpaced_chunks_per_second_one_core": each(unpaced, lambda r: r.chunks_per_second),
        "unpaced_cpu_us_per_chunk": each(unpaced, lambda r: r.server_cpu_seconds * 1e6 / max(1, r.chunks)),
    }


def series(result: Result) -> Series:
    """Every figure that has a value a round; a peer's under its name, ours under none."""
    found: Series = {}
    for name in result.settings:
        prefix = "" if name == "solvent" else f"{name}_"
        found |= {prefix + figure: values for figure, values in series_of(result, name).items()}
    if result.embedded_rates:
        found[f"{EMBEDDED}_requests_per_second_one_core"] = result.embedded_rates
    found["fdatasync_p50_ms"] = result.sync_ms_p50
    found["fdatasync_p99_ms"] = result.sync_ms_p99
    found["added_p50_beyond_disk_ms"] = less(found["added_p50_ms"], result.sync_ms_p50)
    found["added_p99_beyond_disk_ms"] = less(found["added_p99_ms"], result.sync_ms_p99)
    ours = result.readings["solvent"]["saturation"]
    found["other_cpu_share"] = each(ours, lambda r: r.other_cpu_share)
    found["load_cpu_share"] = each(ours, lambda r: r.load_cpu_share)
    found["server_cpu_share"] = each(ours, lambda r: r.server_cpu_share)
    return found


def figures(result: Result) -> dict[str, float]:
    """The flat figures of the run."""
    found = {name: round(median(values), 4) for name, values in series(result).items()}
    for name, chosen in result.settings.items():
        prefix = "" if name == "solvent" else f"{name}_"
        found[f"{prefix}half_load_requests_per_second"] = chosen.half_rate
        found[f"{prefix}concurrent_streams"] = chosen.paced_streams
    for name in [*result.settings, EMBEDDED]:
        for ratio, figure in RATIOS.items():
            theirs = found.get(f"{name}_{figure}", 0)
            if theirs > 0:  # a short smoke run may end before a slow peer's first answer
                found[f"ratio_{name}{ratio}"] = round(found[figure] / theirs, 3)
    found["held_streams"] = result.held_streams
    found["held_streams_failed"] = result.held_failures
    found["held_kb_per_stream"] = round(result.held_kb_per_stream, 1)
    found["direct_requests_per_second"] = round(result.direct_requests_per_second, 1)
    found["answers_by_client"] = result.answers_ever["solvent"]
    found["answers_on_record"] = result.answers_on_record
    found["answers_on_record_after_kill"] = result.answers_on_record_after_kill
    return found


RATIOS = {"": "requests_per_second_one_core", "_stream_chunks": "stream_chunks_per_second_one_core"}

ROWS = (
    ("Requests/s, saturated", "requests_per_second_one_core", "{:,.0f}"),
    ("CPU per request, ms", "cpu_ms_per_request", "{:.3f}"),
    ("Half load, requests/s", "half_load_requests_per_second", "{:,.0f}"),
    ("Added at half load, p50, ms", "added_p50_ms", "{:.2f}"),
    ("Added at half load, p99, ms", "added_p99_ms", "{:.2f}"),
    ("Added at 50 requests/s, p50, ms", "low_rate_added_p50_ms", "{:.2f}"),
    ("Added at 50 requests/s, p99, ms", "low_rate_added_p99_ms", "{:.2f}"),
    ("Paced streams at once", "concurrent_streams", "{:,.0f}"),
    ("Stream chunks/s, paced", "stream_chunks_per_second_one_core", "{:,.0f}"),
    ("CPU per paced chunk, µs", "cpu_us_per_chunk", "{:.1f}"),
    ("First event of a paced stream, p50, ms", "stream_first_byte_p50_ms", "{:.1f}"),
    (
        f"Duration of a paced stream, p50, ms ({STREAM_MS:,} at the source)",
        "stream_duration_p50_ms",
        "{:,.0f}",
    ),
    ("Stream chunks/s, back to back", "unpaced_chunks_per_second_one_core", "{:,.0f}"),
    ("CPU per back-to-back chunk, µs", "unpaced_cpu_us_per_chunk", "{:.1f}"),
    ("Memory, MiB", "resident_mib", "{:,.0f}"),
)


def cell(values: list[float] | None, figure: float | None, form: str) -> str:
    """The median, and the lowest and highest round where there are several; a dash for what was not measured."""
    if not figure:
        return "-"
    text = form.format(figure)
    if values is None or len(values) < 2:
        return text
    return f"{text} ({form.format(min(values))} to {form.format(max(values))})"


def main_table(result: Result, found: Mapping[str, float]) -> list[str]:
    """One column a server."""
    by_round = series(result)
    titles = [PEERS[name].title if name in PEERS else "Solvent" for name in result.settings]
    lines = ["| one core | " + " | ".join(titles) + " |", "|---|" + "---:|" * len(titles)]
    for title, figure, form in ROWS:
        names = [figure if name == "solvent" else f"{name}_{figure}" for name in result.settings]
        lines.append(f"| {title} | " + " | ".join(cell(by_round.get(n), found.get(n), form) for n in names) + " |")
    failed = [f"{result.failures[name]:,} of {result.answers_ever[name]:,}" for name in result.settings]
    return [*lines, "| Failed answers, all loads | " + " | ".join(failed) + " |"]


def warnings(result: Result, found: Mapping[str, float]) -> list[str]:
    """What a reader must know before believing the table."""
    said = ["**A smoke run: it shows that the harness works, and no figure.**"] if result.smoke else []
    said += [f"**Missing: {missing}**" for missing in result.missing]
    other, own = found["other_cpu_share"], found["server_cpu_share"]
    if other > QUIET_SHARE_MAX:
        said.append(f"**Other work took {other:.0%} of a core: this run is not the one to quote.**")
    if own < FULL_SHARE_MIN:
        said.append(f"**Solvent used {own:.0%} of its core when saturated: its requests/s are a lower bound.**")
    if not result.books_agree:
        said.append("**The books do not agree with the client.**")
    return said


def what_it_shows(result: Result, found: Mapping[str, float]) -> list[str]:
    """The paragraphs under the table: beside the peers, beyond the disk, on the books."""
    beside = [
        f"- Solvent / {PEERS[name].title}: {found.get(f'ratio_{name}', 0):,.2f} x the requests, "
        f"{found.get(f'ratio_{name}_stream_chunks', 0):,.2f} x the stream chunks (0: not measured)."
        for name in result.settings
        if name != "solvent"
    ]
    if result.embedded_rates:
        rate = found[f"{EMBEDDED}_requests_per_second_one_core"]
        beside.append(
            f"- Solvent / TensorZero, embedded in one Python process ({rate:,.0f} requests/s, no HTTP in front, no "
            f"keys, nothing recorded): {found[f'ratio_{EMBEDDED}']:,.2f} x the requests."
        )
    p50, p99 = found["fdatasync_p50_ms"], found["fdatasync_p99_ms"]
    beyond_p50, beyond_p99 = found["added_p50_beyond_disk_ms"], found["added_p99_beyond_disk_ms"]
    client, booked = found["answers_by_client"], found["answers_on_record"]
    after = found["answers_on_record_after_kill"]
    disk = (
        "**The disk.** Solvent answers after its commit. Appending 4 kB and fdatasync on the disk "
        f"of its data took {p50:.2f} ms at p50 and {p99:.2f} ms at p99 in this run; beyond that it added "
        f"{beyond_p50:.2f} ms at p50 and {beyond_p99:.2f} ms at p99 at half load."
    )
    books = (
        f"**The books.** The client got {client:,.0f} answers from Solvent over all loads; its margin report "
        f"counted {booked:,.0f}, and {after:,.0f} after `kill -9` and a new start on the same data."
    )
    held = (
        f"**Held streams.** {result.held_streams:,} streams were held open at once; each took "
        f"{result.held_kb_per_stream:.0f} kB of memory, and {result.held_failures} failed."
    )
    return ["\n".join(beside), disk, held, books]


def how_it_was_measured(result: Result, found: Mapping[str, float]) -> list[str]:
    """The method and its limits."""
    direct, rounds = found["direct_requests_per_second"], len(result.sync_ms_p50)
    load, own, other = found["load_cpu_share"], found["server_cpu_share"], found["other_cpu_share"]
    method = f"""\
**How it was measured.** Each gateway is pinned to one core ({result.cores}) and loaded
in its turn, in front of one upstream written in C that answers every request with the same 1 kB (direct:
{direct:,.0f} requests/s). LiteLLM and Portkey have their lightest real
setting: one worker, no database, LiteLLM with a master key; nginx passes everything on as it comes.
Solvent has its only setting: key, wallet, hold, price, posting and receipt, durable before the answer.
Medians (lowest to highest) of {rounds} interleaved rounds of {result.seconds:g} s at saturation and
{result.seconds * LOAD_SHARE:g} s at the other loads, each after a warm-up. Saturation is a closed loop; half
load (at most 4,000/s) and 50/s are open loops at a constant rate, and a latency counts from when its request
was due; *added* means beyond a direct call at the same rate in the same round. A stream has
{EVENTS_PER_STREAM} events, {INTERVAL_MS} ms apart where paced, and each gateway gets as many paced streams as
it carried in probes without their median lasting over 5 % longer than at the source. Every answer is read
whole: its usage must be there, and a stream's `[DONE]`. CPU is the user and system time of the gateway's
processes over the window, from /proc."""
    limits = f"""\
**Limits.** While Solvent was saturated it used {own:.0%} of its core, the load generator and the upstream
{load:.0%} of theirs, and other work on this small machine {other:.0%} of a core.
One model, one key, plain HTTP to the upstream, no network. `kill -9` ends the process, not the machine.
Ratios hold better than absolutes."""
    return [method, limits]


def markdown(result: Result) -> str:
    """The page for people."""
    found = figures(result)
    versions = ", ".join(f"{name} {version}" for name, version in result.versions.items())
    paragraphs = [
        "# Gateway\n\nWritten by `bench/gateway.py`; do not edit.",
        *warnings(result, found),
        f"- {result.date}, commit {result.commit}\n- {result.machine}\n- {versions}\n- `{result.command}`",
        "\n".join(main_table(result, found)),
        *what_it_shows(result, found),
        *how_it_was_measured(result, found),
    ]
    return "\n\n".join(paragraphs) + "\n"


def write(result: Result, directory: Path, name: str) -> Path:
    """Write NAME.md and NAME.json; returns the page."""
    directory.mkdir(parents=True, exist_ok=True)
    ranges = {figure: [round(min(v), 4), round(max(v), 4)] for figure, v in series(result).items()}
    kept = {
        "date": result.date,
        "machine": result.machine,
        "commit": result.commit,
        "command": result.command,
        "versions": result.versions,
        "missing": result.missing,
        "figures": figures(result),
        "ranges": ranges,
        "failures": result.failures,
    }
    (directory / f"{name}.json").write_text(json.dumps(kept, indent=2, ensure_ascii=False) + "\n")
    page = directory / f"{name}.md"
    page.write_text(markdown(result))
    return page
