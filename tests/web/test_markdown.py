"""What a model writes becomes nodes that cannot run, load, submit or dress up; piece by piece the same as at once."""

from __future__ import annotations

import random
from typing import Any

import pytest
from playwright.sync_api import Page
from tests.web.conftest import complaints

EVIL = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![x](https://evil.example/track.png)",
    "![x](javascript:alert(1))",
    "[a](javascript:alert(1))",
    "[a](JaVaScRiPt:alert(1))",
    "[a](java\nscript:alert(1))",
    "[a](&#106;avascript:alert(1))",
    "[a](data:text/html,<script>alert(1)</script>)",
    "[a](vbscript:msgbox(1))",
    "[a]: javascript:alert(1)\n\n[a]",
    "<javascript:alert(1)>",
    '<a href="https://good.example" onclick="alert(1)" style="position:fixed;inset:0">x</a>',
    "<svg onload=alert(1)><circle/></svg>",
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mtext></math>",
    "<math href='javascript:alert(1)'>x</math>",
    "<iframe src='javascript:alert(1)'></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data='data:text/html,<script>alert(1)</script>'></object><embed src=x>",
    "<form action='/sign-out' method=post><input name=x autofocus onfocus=alert(1)><button>Sign in</button></form>",
    "<style>*{display:none}</style><link rel=stylesheet href=//evil.example/x.css>",
    "<base href='https://evil.example/'><meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<svg></p><style><a id='</style><img src=1 onerror=alert(1)>'>",
    "<template><img src=x onerror=alert(1)></template>",
    "<details open ontoggle=alert(1)><summary>x</summary></details>",
    "<p class='btn prime' id='main' name='body' data-drawer role=alert aria-label=x>x</p>",
    "<video src=x onerror=alert(1)><source onerror=alert(1)></video><audio src=x></audio>",
    "```\"><img src=x onerror=alert(1)>\n<img src=x onerror=alert(1)>\n```",
    "```html\n<script>alert(1)</script>\n```",
    "`<img src=x onerror=alert(1)>`",
    "|<img src=x onerror=alert(1)>|b|\n|-|-|\n|[a](javascript:alert(1))|<b onmouseover=alert(1)>x</b>|",
    r"$\href{javascript:alert(1)}{x}$ $\includegraphics{https://evil.example/x.png}$ $\htmlStyle{color:red}{x}$",
    "$<img src=x onerror=alert(1)>$",
    "[<img src=x onerror=alert(1)>](https://good.example 'a\" onmouseover=\"alert(1)')",
    "<b><img src='x' onerror='alert(1)'", "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<!--><img src=x onerror=alert(1)>-->",
]  # fmt: skip
# What is left that could act. KaTeX and our own frames may have classes; nothing may have any of these.
LEFT = """(root) => [...root.querySelectorAll('*')].flatMap((node) => {
  const found = [];
  const acting = ['SCRIPT','IMG','IFRAME','OBJECT','EMBED','FORM','INPUT','STYLE',
    'LINK','META','BASE','VIDEO','AUDIO','TEMPLATE'];
  if (acting.includes(node.tagName.toUpperCase())) found.push(node.tagName);
  for (const {name, value} of node.attributes) {
    if (/^on/i.test(name) || ['id', 'name', 'action', 'src', 'srcdoc', 'formaction'].includes(name))
      found.push(`${node.tagName} ${name}`);
    if (/href/i.test(name) && !/^(https?:|mailto:)/.test(value)) found.push(`${node.tagName} ${name}=${value}`);
    if (/^data-drawer/.test(name)) found.push(name);
  }
  const rel = node.rel ?? '';
  if (node.tagName === 'A' && node.href && !(rel.includes('noopener') && rel.includes('nofollow'))) found.push('rel');
  return found;
})"""

DOCUMENT = """\
## 가격을 정해 봅시다

**5,900원을 권합니다.** 주변 가격의 *가운데*보다 낮고, 한 잔에 `3224`원이 남습니다. 자세한 것은 [여기][1]를 보세요.

| 판매가 | 남는 돈 |
|---|--:|
| 5,500원 | 2,860원 |
| **5,900원** | 3,224원 |

1. 첫째
2. 둘째

   둘째의 이어지는 글
   - 안쪽
   - [x] 한 일

Setext head
===========

```python
def price(cost: int) -> int:
    return cost * 2  # twice

```

> 인용 안의 $x^2$ 그리고 \\(y\\)

$$
\\int_0^1 x\\,dx = \\frac12
$$

It costs $5 and then $10, not more. <b>bold</b> & done
***
끝

[1]: https://good.example/a "제목"
"""


def written(page: Page, text: str) -> str:
    """The nodes of a whole text."""
    script = """async (text) => { const node = document.getElementById('prose');
    await solvent.writeMarkdown(node, text); return node.innerHTML }"""
    return str(page.evaluate(script, text))


def streamed(page: Page, pieces: list[str]) -> str:
    """The nodes of a text that comes in pieces, each written at once."""
    return str(
        page.evaluate(
            """async (pieces) => { const node = document.getElementById('prose'); node.replaceChildren();
            const prose = new solvent.Prose(node);
            for (const piece of pieces) { prose.add(piece); prose.write(); }
            await prose.end(); return node.innerHTML; }""",
            pieces,
        )
    )


def cut(text: str, seed: int) -> list[str]:
    """Pieces of one to seven characters."""
    chosen, pieces, at = random.Random(seed), [], 0
    while at < len(text):
        size = chosen.randint(1, 7)
        pieces.append(text[at : at + size])
        at += size
    return pieces


@pytest.mark.parametrize("way", ["whole", "pieces"])
def test_nothing_that_could_act_is_left(page: Page, way: str) -> None:
    left: dict[str, Any] = {}
    for text in EVIL:
        html = written(page, text) if way == "whole" else streamed(page, list(text))
        found = page.evaluate(f"({LEFT})(document.getElementById('prose'))")
        if found:
            left[text] = (found, html)
    assert left == {}
    written(page, "\n\n".join(EVIL))  # nor where one leans on another
    assert page.evaluate(f"({LEFT})(document.getElementById('prose'))") == []
    page.wait_for_timeout(50)
    assert [said for said in complaints(page) if said.startswith("alert")] == []
    assert page.evaluate("document.getElementById('main').tagName") == "MAIN"


def test_a_model_cannot_look_like_the_page(page: Page) -> None:
    html = written(page, "<p class='receipt btn' style='color:red' role='alert'>0원</p>")
    assert html.strip() == "<p>0원</p>"


def test_pieces_come_to_the_same_as_the_whole(page: Page) -> None:
    whole = written(page, DOCUMENT)
    assert '<th align="right">' in whole
    assert "<h3>가격을 정해 봅시다</h3>" in whole
    assert "hljs-keyword" in whole
    assert whole.count('class="katex"') == 3
    assert 'href="https://good.example/a"' in whole
    assert "$5 and then $10" in whole
    for seed in range(6):
        assert streamed(page, cut(DOCUMENT, seed)) == whole
    crlf = DOCUMENT.replace("\n", "\r\n")
    assert streamed(page, list(crlf)) == written(page, crlf) == whole


def test_only_the_last_block_is_written_again(page: Page) -> None:
    kept = page.evaluate(
        """async () => { const node = document.getElementById('prose'); node.replaceChildren();
        const prose = new solvent.Prose(node);
        prose.add('first\\n\\nsec'); prose.write(); const first = node.querySelector('p');
        prose.add('ond\\n\\nthird'); prose.write(); const second = node.querySelectorAll('p')[1];
        prose.add(' more'); prose.write(); await prose.end();
        const now = node.querySelectorAll('p'); return [now[0] === first, now[1] === second, now[2].textContent]; }"""
    )
    # The second became whole with the second write and stays from then on.
    assert kept == [True, True, "third more"]


def test_headings_stand_below_the_answers_own_and_skip_none(page: Page) -> None:
    written(page, "### a\n\n##### b\n\n# c\n\n#### d")
    assert page.evaluate("[...document.querySelectorAll('#prose :is(h1,h2,h3,h4,h5,h6)')].map((h) => h.tagName)") == [
        "H3",
        "H4",
        "H3",
        "H4",
    ]


def test_mathematics_that_cannot_be_read_stays_as_written(page: Page) -> None:
    written(page, r"before $\frac{1}$ after")
    assert page.inner_text("#prose") == r"before $\frac{1}$ after"
