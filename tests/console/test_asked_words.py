"""What a form or the API asks of the simulator, as the words of its command; what is wrong is refused at once."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from solvent.console.asked_bodies import NewRun
from solvent.console.asked_words import asking
from solvent.values.errors import Invalid
from solvent.values.limits import ASKED_FILE_BYTES_MAX

CSV = base64.b64encode(b"at,input_tokens\n").decode()


def words(**members: Any) -> list[str]:
    return asking(NewRun(**members)).words


def test_each_source_and_each_member_is_an_option() -> None:
    assert words() == ["simulate"]
    assert words(since="7d", year=True, keep="spring", seed=3, react=True, draws=40, plans=["-x", "pro"]) == [
        "simulate", "--since=7d", "--plan=-x", "--plan=pro", "--react", "--year", "--draws=40", "--seed=3",
        "--keep=spring",
    ]  # fmt: skip
    made = words(source="generated", generate="customers=5", start="2026-11-01", shares=["a=b:3"], cached=0)
    assert made == ["simulate", "--generate=customers=5", "--start=2026-11-01", "--share=a=b:3", "--cached=0"]
    found = words(kind="optimise", costs=["3", "5"], assumptions=["worth=0.2"], model="m", plans=["pro"])
    assert found == ["simulate", "optimise", "--model=m", "--assume=worth=0.2", "--cost=3", "--cost=5"]


def test_files_lie_beside_it_under_plain_names() -> None:
    made = asking(
        NewRun(
            source="file", file=CSV, file_name="../../etc/--\ud55c $(x).csv.gz", written_plans="- {name: a}", sort=True
        )
    )
    assert made.files == {"\ud55c-x-.csv.gz": b"at,input_tokens\n", "plans.yaml": b"- {name: a}"}
    assert made.words == ["simulate", "--trace=\ud55c-x-.csv.gz", "--sort", "--plans=plans.yaml"]


@pytest.mark.parametrize(
    ("members", "code", "says"),
    [
        ({"assumptions": ["churn=0.5:0.4"]}, "bad_assumption", "within 0 to 1"),
        ({"assumptions": ["luck=1"]}, "bad_assumption", "there are"),
        ({"assumptions": ["worth=-1"]}, "bad_assumption", "worth"),
        ({"source": "generated"}, "bad_traffic", "customers=1000"),
        ({"source": "generated", "generate": "/etc/passwd.json"}, "bad_traffic", "customers=1000"),
        ({"source": "generated", "generate": "customers=-5"}, "bad_traffic", "customers"),
        ({"source": "file"}, "bad_trace", "choose a file"),
        ({"source": "file", "file": CSV, "file_name": "trace.exe"}, "bad_trace", "ending"),
        ({"source": "file", "file": "", "file_name": "a.csv"}, "bad_trace", "choose a file"),
        ({"source": "file", "file": "%", "file_name": "a.csv"}, "bad_trace", "base64"),
        ({"scenarios": "- {name: a, plan: b, prices: /etc}"}, "bad_scenario", "folder"),
        ({"scenarios": "- {name: [a"}, "bad_scenario", "YAML"),
        ({"keep": "../x"}, "bad_run_name", "cannot be called"),
        ({"keep": "asked"}, "bad_run_name", "cannot be called"),
    ],
)
def test_what_is_wrong_is_refused_before_it_runs(members: dict[str, Any], code: str, says: str) -> None:
    with pytest.raises(Invalid, match=says) as refused:
        asking(NewRun(**members))
    assert refused.value.code == code


def test_a_file_of_more_than_a_page_may_send_is_refused_with_the_way_out() -> None:
    large = base64.b64encode(bytes(ASKED_FILE_BYTES_MAX + 1)).decode()
    with pytest.raises(Invalid, match="use the command"):
        asking(NewRun(source="file", file=large, file_name="a.csv"))
