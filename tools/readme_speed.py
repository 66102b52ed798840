"""The chapter on speed in both READMEs, made of what `bench/gateway.py` and `bench/workers.py` wrote: no figure is
copied by hand, so none can grow old."""

from __future__ import annotations

from typing import Any

from chapters import bench_run, with_chapter

_GATEWAYS = ("", "litellm_", "portkey_", "nginx_")  # as the figures' names begin; ours bear no name

_ENGLISH = {
    "told": (
        "Beside others in one run, each on one core of a small shared machine on which other work took {other} % of a"
        " core ({machine}; {date}, commit {commit}, Python {python}, uvicorn {uvicorn}, LiteLLM {litellm} without a"
        " database, Portkey {portkey}, nginx {nginx}; `make bench`). Ratios hold better than absolutes. Solvent writes"
        " every answer to the disk before it acknowledges it, and the others write nothing; after the load and a"
        " `kill -9`, {after:,} of {before:,} answers were on the books."
    ),
    "plain": "nginx, a plain proxy",
    "rows": (
        "requests a second", "CPU a request", "added at 50 requests a second, p50",
        "stream chunks a second, back to back", "memory",
    ),
    "more": (
        "All of it, with the ranges and the limits: [docs/benchmarks/gateway.md](docs/benchmarks/gateway.md). Two"
        " workers carry {workers:.1f} times what one does ([docs/benchmarks/workers.md](docs/benchmarks/workers.md))."
    ),
}  # fmt: skip
_KOREAN = {
    "told": (
        "다른 것들과 한 번에 나란히, 각각 코어 하나로 쟀습니다. 작은 공용 컴퓨터에서 다른 일이 코어의 {other} %를 쓰고"
        " 있었습니다({machine}, {date}, 커밋 {commit}, Python {python}, uvicorn {uvicorn}, 데이터베이스 없는 LiteLLM"
        " {litellm}, Portkey {portkey}, nginx {nginx}, `make bench`). 절댓값보다 비율이 믿을 만합니다. Solvent는"
        " 답변마다 디스크에 적은 뒤에야 완료를 알리고, 나머지는 아무것도 적지 않습니다. 부하를 주고 `kill -9`로 끈"
        " 뒤에도 답변 {before:,}개 가운데 {after:,}개가 장부에 있었습니다."
    ),
    "plain": "nginx(전달만)",
    "rows": ("초당 요청", "요청당 CPU", "초당 50개일 때 더해진 시간, p50", "초당 스트림 조각, 쉬지 않고", "메모리"),
    "more": (
        "범위와 한계까지 모두: [docs/benchmarks/gateway.md](docs/benchmarks/gateway.md). 작업자 둘은 하나의"
        " {workers:.1f}배를 처리합니다([docs/benchmarks/workers.md](docs/benchmarks/workers.md))."
    ),
}
_ROWS = (
    ("requests_per_second_one_core", "{:,.0f}"),
    ("cpu_ms_per_request", "{:.3g} ms"),
    ("low_rate_added_p50_ms", "{:.1f} ms"),
    ("unpaced_chunks_per_second_one_core", "{:,.0f}"),
    ("resident_mib", "{:,.0f} MiB"),
)


def speed(page: str, readme: str) -> str:
    """The README named `page`, its chapter on speed made anew. Raises ValueError where it has no place for it."""
    return with_chapter(page, readme, "speed", _chapter(_KOREAN if page.endswith(".ko.md") else _ENGLISH))


def _chapter(words: dict[str, Any]) -> str:
    run, workers = (bench_run(name) for name in ("gateway", "workers"))
    figures, versions = run["figures"], run["versions"]
    told = words["told"].format(
        other=round(100 * figures["other_cpu_share"]), machine=run["machine"], date=run["date"], commit=run["commit"],
        python=versions["Python"], uvicorn=versions["uvicorn"], litellm=versions["litellm"],
        portkey=versions["portkey"], nginx=versions["nginx"],
        before=figures["answers_by_client"], after=figures["answers_on_record_after_kill"],
    )  # fmt: skip
    rows = [
        " | ".join([f"| {name}", *(_cell(figures, f"{gateway}{figure}", form) for gateway in _GATEWAYS)]) + " |"
        for name, (figure, form) in zip(words["rows"], _ROWS, strict=True)
    ]
    table = [f"| | Solvent | LiteLLM | Portkey | {words['plain']} |", "|---|---:|---:|---:|---:|", *rows]
    more = words["more"].format(workers=workers["figures"]["ratio_two_to_one"])
    return "\n".join([told, "", *table, "", more, ""])


def _cell(figures: dict[str, float], name: str, form: str) -> str:
    """A gateway that does not do a thing has no figure of it."""
    return form.format(figures[name]) if figures.get(name) else "-"
