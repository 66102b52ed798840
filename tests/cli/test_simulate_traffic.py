"""Traffic that is written into a file is the same when it is read again, whatever it used."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from solvent.cli.simulate import command
from solvent.cli.simulate_traffic import write_trace
from solvent.simulation.trace import Answer, trace_of
from solvent.simulation.trace_store import Reading, open_trace
from solvent.values.limits import TRACE_AT_US_MAX, TRACE_TOKENS_MAX
from solvent.values.usage import BUCKETS, Usage

NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8).filter(str.strip)
USAGES = st.dictionaries(st.sampled_from(BUCKETS), st.integers(0, TRACE_TOKENS_MAX // 20), max_size=6).map(
    lambda used: Usage(**used)
)


@given(
    st.lists(st.builds(Answer, st.integers(0, TRACE_AT_US_MAX - 1), NAMES, NAMES, USAGES), min_size=1, max_size=5).map(
        lambda found: sorted(found, key=lambda one: one.at_us)
    )
)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_written_trace_is_read_as_it_was(tmp_path: Path, answers: list[Answer]) -> None:
    file = tmp_path / "written.csv"
    write_trace(trace_of(answers, "a test"), file)
    with open_trace(file, Reading()) as trace:
        found = [
            Answer(
                int(block.at_us[n]), trace.customers[block.customer[n]], trace.models[block.model[n]], block.usage(n)
            )
            for block in trace.read()
            for n in range(block.answers)
        ]  # fmt: skip
    assert found == answers


@pytest.mark.parametrize("words", [(), ("fit",), ("optimise",)])
@pytest.mark.parametrize("seed", ["-1", "9223372036854775808"])
def test_a_seed_out_of_range_is_refused_with_the_range(words: tuple[str, ...], seed: str) -> None:
    done = CliRunner().invoke(command, [*words, "--seed", seed])
    assert done.exit_code == 2
    assert "0<=x<=" in done.output
