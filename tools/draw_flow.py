"""Draws docs/flow.svg and docs/flow.ko.svg: one answer's way through the rooms, as the README shows it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

DOCS = Path(__file__).parents[1] / "docs"

STEPS: Final = {
    "en": [
        ("question", "gateway", "read, sized, known key"),
        ("hold", "billing · ledger", "the most it can come to"),
        ("ask", "provider or engine", "one stream"),
        ("meter", "metering", "tokens, seconds, joules"),
        ("rate", "pricing", "our cost, their charge"),
        ("settle", "ledger", "posted once, rest returned"),
        ("receipt", "answering · margin", "margin of this answer"),
    ],
    "ko": [
        ("질문", "gateway", "읽고, 재고, 키를 확인"),
        ("맡아 두기", "billing · ledger", "가장 많이 들 값만큼"),
        ("묻기", "provider · engine", "한 번의 스트림"),
        ("재기", "metering", "토큰, 초, 줄"),
        ("셈하기", "pricing", "우리가 낼 값, 고객이 낼 값"),
        ("정산", "ledger", "한 번만 적고 나머지는 돌려줌"),
        ("영수증", "answering · margin", "이 답변이 남긴 돈"),
    ],
}
WRITES: Final = {
    "en": ("write 1", "write 2, on the disk before [DONE]"),
    "ko": ("쓰기 1", "쓰기 2, [DONE]보다 먼저 디스크에"),
}
STEP, LEFT, TOP = 162, 24, 70

STYLE: Final = """
  text { font-family: "Pretendard Variable", "Apple SD Gothic Neo", "Segoe UI", "Noto Sans KR", sans-serif; }
  .name { font-size: 17px; font-weight: 640; fill: #15171c; }
  .room { font-size: 12px; fill: #62666f; }
  .does { font-size: 12px; fill: #4a4e57; }
  .rule { stroke: #15171c; stroke-width: 1.5; }
  .hair { stroke: #8c8f94; stroke-width: 1; }
  .write { font-size: 12px; fill: #1450c0; }
  .mark { fill: #1450c0; }
  @media (prefers-color-scheme: dark) {
    .name { fill: #eeeeec; } .room { fill: #92969e; } .does { fill: #b7bac0; }
    .rule { stroke: #eeeeec; } .hair { stroke: #72767e; } .write { fill: #86aeff; } .mark { fill: #86aeff; }
  }
"""


def flow(language: str) -> str:
    """The picture in one language."""
    steps = STEPS[language]
    width = LEFT * 2 + STEP * len(steps)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} 176" role="img" '
        f'aria-label="{" → ".join(name for name, _, _ in steps)}">',
        f"<style>{STYLE}</style>",
        f'<line class="rule" x1="{LEFT}" y1="{TOP}" x2="{width - LEFT}" y2="{TOP}"/>',
    ]
    for n, (name, room, does) in enumerate(steps):
        x = LEFT + n * STEP
        parts += [
            f'<line class="rule" x1="{x}" y1="{TOP - 7}" x2="{x}" y2="{TOP + 7}"/>',
            f'<text class="name" x="{x}" y="{TOP + 34}">{name}</text>',
            f'<text class="does" x="{x}" y="{TOP + 56}">{does}</text>',
            f'<text class="room" x="{x}" y="{TOP + 76}">{room}</text>',
        ]
    for place, words in zip((1, 5), WRITES[language], strict=True):
        x = LEFT + place * STEP
        parts += [
            f'<circle class="mark" cx="{x}" cy="{TOP}" r="5"/>',
            f'<line class="hair" x1="{x}" y1="{TOP - 10}" x2="{x}" y2="{TOP - 26}"/>',
            f'<text class="write" x="{x}" y="{TOP - 34}">{words}</text>',
        ]
    return "\n".join([*parts, "</svg>"]) + "\n"


if __name__ == "__main__":
    (DOCS / "flow.svg").write_text(flow("en"), encoding="utf-8")
    (DOCS / "flow.ko.svg").write_text(flow("ko"), encoding="utf-8")
