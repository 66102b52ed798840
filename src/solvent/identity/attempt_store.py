"""The tables of attempts that failed lately, and of the browsers that people signed in with."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    LargeBinary,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
)

from solvent.db.tables import metadata
from solvent.identity.attempt import Attempt, back_off_s, begun_from, begun_in, too_often
from solvent.identity.caller import digest
from solvent.values.ids import PersonId
from solvent.values.instant import US_PER_S
from solvent.values.limits import (
    KNOWN_BROWSERS_MAX,
    SIGN_IN_FAILURES_MAX,
    SIGN_IN_PLACE_FAILURES_MAX,
    SIGN_IN_WAIT_S,
)

WAIT_US: Final = SIGN_IN_WAIT_S * US_PER_S  # for which a failure counts
Counted = tuple[tuple[str, int], ...]  # by what, and when

failed_sign_ins = Table(
    "failed_sign_ins",
    metadata,
    Column("at_us", BigInteger, primary_key=True),
    Column("who", Text, primary_key=True),  # what it is counted by, such as an e-mail address
    Index("ix_failed_sign_ins_who_at_us", "who", "at_us"),
)
known_browsers = Table(
    "known_browsers",
    metadata,
    Column("person", Text, primary_key=True),
    Column("digest", LargeBinary, primary_key=True),  # of the cookie
    Column("seen_us", BigInteger, nullable=False),
    Index("ix_known_browsers_digest", "digest"),
)


def remember_browser(connection: Connection, person: PersonId, browser: str, now_us: int) -> None:
    """Somebody signed in with it. Of their many browsers, the latest are known."""
    known = known_browsers.c
    forget_browser(connection, person, browser)
    connection.execute(insert(known_browsers).values(person=person, digest=digest(browser.encode()), seen_us=now_us))
    oldest = select(known.seen_us).where(known.person == person).order_by(known.seen_us.desc())
    last = connection.execute(oldest.offset(KNOWN_BROWSERS_MAX).limit(1)).scalar()
    if last is not None:
        connection.execute(delete(known_browsers).where(known.person == person, known.seen_us <= last))


def forget_browser(connection: Connection, person: PersonId, browser: str) -> None:
    """It is like any other again."""
    is_it = (known_browsers.c.person == person) & (known_browsers.c.digest == digest(browser.encode()))
    connection.execute(delete(known_browsers).where(is_it))


def forget_browsers(connection: Connection, person: PersonId) -> None:
    """None of theirs is known any more."""
    connection.execute(delete(known_browsers).where(known_browsers.c.person == person))


def is_known(connection: Connection, person: PersonId, browser: str) -> bool:
    """Whether they signed in with this browser before."""
    known = known_browsers.c
    chosen = select(known.person).where(known.person == person, known.digest == digest(browser.encode()))
    return bool(browser) and connection.execute(chosen).first() is not None


def is_new(connection: Connection, person: PersonId, browser: str) -> bool:
    """Whether they have signed in with others, and never with this one. Whoever comes the first time knows that."""
    known = known_browsers.c
    has_others = connection.execute(select(known.person).where(known.person == person).limit(1)).first() is not None
    return bool(browser) and has_others and not is_known(connection, person, browser)


def demand_few(connection: Connection, attempt: Attempt, person: PersonId | None, now_us: int) -> None:
    """person: who has the address; None for nobody. Raises Refused where they tried too often in vain."""
    since_us = now_us - WAIT_US
    demand_few_of(connection, attempt.place, SIGN_IN_PLACE_FAILURES_MAX, now_us)
    if person is not None and is_known(connection, person, attempt.browser):
        demand_few_of(connection, attempt.by_browser, SIGN_IN_FAILURES_MAX, now_us)
        return
    demand_few_of(connection, attempt.by_network, SIGN_IN_FAILURES_MAX, now_us)
    count, _, last_us = failures(connection, attempt.email, since_us)
    wait_us = back_off_s(count) * US_PER_S
    if wait_us and last_us + wait_us > now_us:
        raise too_often(last_us + wait_us, now_us)


def demand_few_of(connection: Connection, who: str, most: int, now_us: int) -> None:
    """Raises Refused where one failed `most` times within the time that counts."""
    count, first_us, _ = failures(connection, who, now_us - WAIT_US)
    if count >= most:
        raise too_often(first_us + WAIT_US, now_us)


def fail_attempt(connection: Connection, attempt: Attempt, person: PersonId | None, now_us: int) -> Counted:
    """It failed, or is about to be tried: remember by what it is counted. Returns what `forgive` takes back."""
    if person is not None and is_known(connection, person, attempt.browser):
        return fail(connection, (attempt.by_browser, attempt.place), now_us)
    return fail(connection, (attempt.by_network, attempt.email, attempt.place), now_us)


def succeed(connection: Connection, attempt: Attempt, person: PersonId, now_us: int) -> None:
    """Whoever signs in begins anew, and their browser is known; what strangers do elsewhere still counts."""
    for who in (attempt.by_browser, attempt.by_network):
        forget_failures(connection, who)
    if attempt.browser:
        remember_browser(connection, person, attempt.browser, now_us)


def fail(connection: Connection, who: tuple[str, ...], now_us: int) -> Counted:
    """Something failed, or is about to be tried, by these. Returns what `forgive` takes back."""
    counted = tuple((one, _free_us(connection, one, now_us)) for one in who)
    for one, at_us in counted:
        connection.execute(insert(failed_sign_ins).values(at_us=at_us, who=one))
    return counted


def forgive(connection: Connection, counted: Counted) -> None:
    """What was counted before it was tried did not fail."""
    for one, at_us in counted:
        connection.execute(delete(failed_sign_ins).where(_is(one, at_us)))


def begun_by(connection: Connection, place: str, browser: bytes) -> str:
    """What a sign-in that begins is counted by: a browser that somebody signed in with before by itself, so that nobody
    else at its place locks it out. browser: digest of its cookie."""
    chosen = select(known_browsers.c.person).where(known_browsers.c.digest == browser).limit(1)
    return begun_in(browser) if connection.execute(chosen).first() is not None else begun_from(place)


def end_begun(connection: Connection, place: str, browser: str) -> None:
    """One that was begun came to its end."""
    who = begun_by(connection, place, digest(browser.encode()))
    last_us = connection.execute(select(func.max(failed_sign_ins.c.at_us)).where(failed_sign_ins.c.who == who)).scalar()
    if last_us is not None:
        forgive(connection, ((who, last_us),))


def failures(connection: Connection, who: str, since_us: int) -> tuple[int, int, int]:
    """How often one failed since then, and when first and last; 0 for never."""
    at_us = failed_sign_ins.c.at_us
    chosen = select(func.count(), func.min(at_us), func.max(at_us)).where(
        failed_sign_ins.c.who == who, at_us > since_us
    )
    count, first_us, last_us = connection.execute(chosen).one()
    return int(count), int(first_us or 0), int(last_us or 0)


def forget_failures(connection: Connection, who: str) -> None:
    """They count no more."""
    connection.execute(delete(failed_sign_ins).where(failed_sign_ins.c.who == who))


def forget_person(connection: Connection, person: PersonId, email: str) -> None:
    """Nothing of a person is left here."""
    forget_browsers(connection, person)
    who = failed_sign_ins.c.who
    is_theirs = (who == email) | who.startswith(f"{email} ", autoescape=True) | who.startswith(f"{person} ")
    connection.execute(delete(failed_sign_ins).where(is_theirs))


def forget_old(connection: Connection, before_us: int) -> None:
    """Failures that count no more."""
    connection.execute(delete(failed_sign_ins).where(failed_sign_ins.c.at_us <= before_us))


def _free_us(connection: Connection, who: str, at_us: int) -> int:
    """The first instant from one on at which nothing is counted yet: what comes at the same one counts too."""
    while connection.execute(select(failed_sign_ins.c.who).where(_is(who, at_us))).first() is not None:
        at_us += 1
    return at_us


def _is(who: str, at_us: int) -> Any:
    return (failed_sign_ins.c.who == who) & (failed_sign_ins.c.at_us == at_us)
