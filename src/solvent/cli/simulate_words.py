"""The words of `solvent simulate`, each in English and in Korean."""

from __future__ import annotations

from typing import Final

SIMULATE_WORDS: Final[dict[str, tuple[str, str]]] = {
    "scenario": ("everybody on", "모두가 이 요금제라면"),
    "not_paid": ("refused", "거절"),
    "losing": ("lose money", "손해 고객"),
    "losses": ("their loss", "손해액"),
    "simulated": ("{answers:,} answers of {source} replayed.", "{source}의 답변 {answers:,}개를 다시 셈했습니다."),
    "no_runs": ("No run is kept yet.", "보관된 실행이 없습니다."),
    "no_runs_asked": ("The console was asked for none yet.", "콘솔에 맡긴 실행이 없습니다."),
    "run_cancelled": ("{id} is cancelled, or will be in a moment.", "{id} 실행을 취소했거나 곧 취소합니다."),
    "found_or_why": ("came to", "결과"),
    "asked_waiting": ("waits", "기다림"),
    "asked_running": ("runs", "도는 중"),
    "asked_cancelling": ("is being cancelled", "취소하는 중"),
    "asked_done": ("done", "끝남"),
    "asked_failed": ("failed", "실패"),
    "asked_cancelled": ("cancelled", "취소됨"),
    "asked_lost": ("ended with the service", "서비스와 함께 끝남"),
    "run_removed": ("{name} is forgotten.", "{name} 실행을 지웠습니다."),
    "traffic": ("traffic", "트래픽"),
    "best_left": ("leaves most", "가장 많이 남는 안"),
    "command": ("command", "명령"),
    "run_kept": (
        "Kept as {name}: see it with `solvent simulate runs show {name}`, or at {url}.",
        "{name}(으)로 보관했습니다. `solvent simulate runs show {name}`이나 {url}에서 봅니다.",
    ),
    "report_written": ("A page of it is in {file}.", "보고서를 {file}에 썼습니다."),
    "no_scenarios": ("Nothing was replayed.", "다시 셈한 것이 없습니다."),
    "against_today": (
        "{scenario}: against today {more:,} customers would pay more, {less:,} less and {same:,} the same;"
        " the middle one {middle} more.",
        "{scenario}: 지금보다 더 내는 고객 {more:,}명, 덜 내는 고객 {less:,}명, 그대로 {same:,}명,"
        " 가운데 고객의 차이 {middle}.",
    ),
    "varies": ("{scenario} differs: {told}.", "{scenario}에서 다른 점: {told}."),
    "varies_plan": ("everybody on {name}", "모두 {name}"),
    "varies_price": ("{name} is sold by other prices", "{name}의 판매 가격"),
    "varies_cost": ("{name} costs otherwise", "{name}의 원가"),
    "varies_share": (
        "{permille} of 1000 answers of {name} come from {instead}",
        "{name}의 답변 1000개 중 {permille}개는 {instead}이(가) 답함",
    ),
    "varies_cache": ("{permille} of 1000 tokens read come from a cache", "읽는 토큰 1000개 중 {permille}개는 캐시"),
    "busiest": (
        "Busiest hour of the day: {hour}:00, up to {answers:,.2f} answers and {tokens:,.0f} written tokens a second.",
        "가장 바쁜 시각 {hour}시: 초당 답변 최대 {answers:,.2f}개, 출력 토큰 {tokens:,.0f}개.",
    ),
    "reacted": (
        "{scenario}: of {customers:,} customers {left:,} leave, {less:,} ask less, {up:,} take a dearer plan and"
        " {down:,} a cheaper one; {asked_permille} of 1000 answers are still wanted (assumed demand).",
        "{scenario}: 고객 {customers:,}명 중 {left:,}명이 떠나고 {less:,}명이 덜 묻고, {up:,}명이 더 비싼 요금제로,"
        " {down:,}명이 더 싼 요금제로 옮깁니다. 답변은 1000개 중 {asked_permille}개가 남습니다(가정한 수요).",
    ),
    "pays_for": (
        "{scenario}: the price of {plan} pays for {answers:,} ({low:,} to {high:,}) answers a month; {beyond:,}"
        " customers ask more. All of them together break even at a price of {price} ({price_low} to {price_high}).",
        "{scenario}: {plan}의 요금은 한 달 답변 {answers:,}개({low:,} ~ {high:,})의 값입니다."
        " 더 묻는 고객 {beyond:,}명. 모두 합쳐 본전인 요금은 {price}({price_low} ~ {price_high}).",
    ),
    "pays_always": (
        "{scenario}: on {plan} each answer brings in what it costs; together its customers break even at a price of"
        " {price} ({price_low} to {price_high}).",
        "{scenario}: {plan}은(는) 답변마다 비용을 법니다. 모두 합쳐 본전인 요금은 {price}({price_low} ~ {price_high}).",
    ),
    "fleet_of": (
        "Servers needed: {model} on {hardware}, {tokens:,.0f} written tokens a second each ({low:,.0f} to {high:,.0f};"
        " {level}).",
        "필요한 서버: {hardware}의 {model}, 대당 초당 출력 토큰 {tokens:,.0f}개({low:,.0f} ~ {high:,.0f}; {level}).",
    ),
    "hour": ("hour", "시각"),
    "servers": ("servers", "서버"),
    "servers_peak": ("at the peak", "최대"),
    "busy": ("busy", "가동"),
    "fleet_always": (
        "{servers:,} are enough at all times, and busy {busy:g} % of it.",
        "{servers:,}대면 언제나 충분하고, 그 {busy:g} %가 가동됩니다.",
    ),
    "fleet_costs": (
        "Their rent is {always} a month if all always run, {by_hour} if each hour has its own.",
        "임대료는 늘 켜 두면 한 달 {always}, 시간마다 맞추면 {by_hour}.",
    ),
    "fitted": (
        "Fitted to {customers:,} customers of {source}: {answers:,} answers in {days:,.1f} days. Intervals of"
        " {level:.0f} %.",
        "{source}의 고객 {customers:,}명에 맞추었습니다: 답변 {answers:,}개, {days:,.1f}일. 신뢰 구간 {level:.0f} %.",
    ),
    "number": ("number", "값"),
    "likeliest": ("likeliest", "가장 그럴듯한 값"),
    "low_end": ("from", "부터"),
    "high_end": ("to", "까지"),
    "fit_median": ("median: answers a month of the middle customer", "median: 가운데 고객의 한 달 답변"),
    "fit_sigma": ("sigma: how unequal customers are", "sigma: 고객 사이의 불균등"),
    "fit_burst": ("burst: of a usual hour", "burst: 보통 한 시간의 몰림"),
    "fit_input_median": ("input_median: tokens read", "input_median: 입력 토큰"),
    "fit_input_sigma": ("input_sigma", "input_sigma"),
    "fit_output_median": ("output_median: tokens written", "output_median: 출력 토큰"),
    "fit_output_sigma": ("output_sigma", "output_sigma"),
    "fit_tail": ("tail: its index, if Pareto's", "tail: 파레토라면 그 지수"),
    "tail_pareto": (
        "The busiest {customers:,} customers ({share:.1f} %, from {start:,.0f} answers a month on) follow a Pareto tail"
        " of index {index:.2f} ({low:.2f} to {high:.2f}); a lognormal is significantly worse (Vuong's score"
        " {score:.1f}).",
        "가장 많이 쓰는 고객 {customers:,}명({share:.1f} %, 한 달 답변 {start:,.0f}개부터)은 지수 {index:.2f}({low:.2f}"
        " ~ {high:.2f})의 파레토 꼬리를 따릅니다. 로그정규 분포는 뚜렷이 덜 맞습니다(뷔옹 점수 {score:.1f}).",
    ),
    "tail_lognormal": (
        "No Pareto tail is taken: it is not significantly likelier than the lognormal (Vuong's score {score:.1f}, 1.64"
        " is needed). If there were one, of {customers:,} customers ({share:.1f} %, from {start:,.0f} answers a month"
        " on), its index would be {index:.2f} ({low:.2f} to {high:.2f}).",
        "파레토 꼬리는 쓰지 않습니다. 로그정규 분포보다 뚜렷이 더 맞지 않습니다(뷔옹 점수 {score:.1f}, 1.64부터)."
        " 있다면 고객 {customers:,}명({share:.1f} %, 한 달 답변 {start:,.0f}개부터), 지수 {index:.2f}({low:.2f} ~"
        " {high:.2f}).",
    ),
    "fit_rhythm": (
        "Busiest hour {busiest}:00, {most:.2f} of a usual one; quietest {quietest}:00, {least:.2f}. Days from Monday:"
        " {week}.",
        "가장 바쁜 시각 {busiest}시(보통의 {most:.2f}배), 가장 한가한 시각 {quietest}시({least:.2f}배). 월요일부터:"
        " {week}.",
    ),
    "fit_written": (
        "Written to {file}; more of it: solvent simulate --generate {file},customers=1000",
        "{file}에 적었습니다. 이대로 더 만들려면: solvent simulate --generate {file},customers=1000",
    ),
    "year_drawn": (
        "The year to come, drawn {draws:,} times with seed {seed}: what is left, on assumptions to be replaced by what"
        " you know (--assume).",
        "앞으로 1년을 {draws:,}번 그려 보았습니다(시드 {seed}). 가정은 --assume으로 아는 값으로 바꾸십시오.",
    ),
    "usual_year": ("as assumed", "가정대로면"),
    "worst_years": ("5 % are below", "하위 5 %"),
    "middle_year": ("middle", "가운데"),
    "best_years": ("5 % are above", "상위 5 %"),
    "loss_years": ("years with a loss", "손실 확률"),
    "swing": ("{what} {low} to {high}", "{what} {low} ~ {high}"),
    "growth": ("growth", "증가"),
    "churn": ("churn", "이탈"),
    "exchange": ("exchange rate", "환율"),
    "cost_cut": ("cheaper answers", "원가 하락"),
    "elasticity": ("elasticity", "가격 탄력성"),
    "tail": ("heavy users' tail", "헤비 유저 꼬리"),
    "contest": (
        "{customers:,} customers ({source}) drawn {seeds:,} times with seed {seed}; amounts are a month's, profit and"
        " what customers keep are of each who might buy.",
        "고객 {customers:,}명({source})을 {seeds:,}번 그려 보았습니다(시드 {seed}). 금액은 한 달, 이익은 살 수 있는"
        " 고객 한 명 기준입니다.",
    ),
    "contest_cost": ("Where an answer costs {cost}:", "답변 하나의 비용이 {cost}일 때:"),
    "contest_assumed": (
        "How customers react is assumed, not measured; say what you know with --assume.",
        "고객의 반응은 측정이 아니라 가정입니다. 아는 값은 --assume으로 바꾸십시오.",
    ),
    "no_tariff": ("No tariff leaves anything.", "남는 요금제가 없습니다."),
    "best_shape": ("Best: {best}.", "가장 나은 형태: {best}."),
    "as_good_shape": (
        "Most is left by {best}; {advice} is simpler, and as good within luck or 2 %: take {advice}.",
        "가장 많이 남는 것은 {best}. 더 간단한 {advice}도 운의 차이나 2 % 안에서 같으므로 {advice}을(를) 권합니다.",
    ),
    "hangs_on": ("It hangs on", "좌우하는 가정"),
    "plan_written": ("Written: {file}", "저장함: {file}"),
    "shape": ("shape", "형태"),
    "fee": ("fee", "월 요금"),
    "included_answers": ("included", "포함"),
    "beyond_each": ("beyond, each", "초과 단가"),
    "profit_each": ("profit (9 of 10 draws)", "이익(10번 중 9번)"),
    "against_flat": ("against flat", "정액 대비"),
    "buyers": ("buy", "구매"),
    "leaving": ("leave, 1st month", "첫 달 이탈"),
    "heavy": ("busiest tenth asks", "상위 10 %의 몫"),
    "surplus": ("buyers keep", "구매자 잉여"),
    "all_of_them": ("all", "무제한"),
    "flat": ("flat", "정액"),
    "capped": ("capped flat", "상한 정액"),
    "two_part": ("two-part", "이부 요금"),
    "three_part": ("three-part", "삼부 요금"),
    "demand_worth": ("an answer's worth", "답변의 가치"),
    "demand_worth_spread": ("its spread", "가치의 폭"),
    "demand_worth_with_usage": ("worth with usage", "가치와 사용량의 관계"),
    "demand_metering": ("disliking to be metered", "종량제 기피"),
    "demand_usage_mean": ("answers a month", "한 달 답변 수"),
    "demand_usage_spread": ("their spread", "사용량의 폭"),
    "demand_drift": ("drift", "가치의 변동"),
    "demand_leaving": ("leaving", "이탈"),
    "demand_leaving_spread": ("its spread", "이탈의 폭"),
    "demand_inertia": ("inertia", "관성"),
}
