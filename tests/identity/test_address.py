"""Where a request comes from: only what a trusted proxy says counts, and what cannot be read is nowhere."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solvent.identity.address import client_address, is_within, read_networks
from solvent.identity.caller import Caller, demand_address
from solvent.values.errors import Invalid, Refused
from solvent.values.ids import KeyId
from solvent.values.limits import KEY_ADDRESSES_MAX

PROXIES = read_networks(["10.0.0.0/8", "::1"], "trusted_proxies")


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.7", [], "203.0.113.7"),
        ("203.0.113.7", ["198.51.100.1"], "203.0.113.7"),  # anybody can send the header
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", [" 198.51.100.1 "], "198.51.100.1"),
        ("10.0.0.1", ["192.0.2.9", "198.51.100.1"], "198.51.100.1"),  # what came before is the client's own word
        ("10.0.0.1", ["192.0.2.9", "198.51.100.1", "10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", ["10.0.0.3", "10.0.0.2"], "10.0.0.3"),
        ("::ffff:10.0.0.1", ["::ffff:198.51.100.1"], "198.51.100.1"),
        ("::1", ["2001:db8::5"], "2001:db8::5"),
        ("fe80::1%eth0", [], "fe80::1"),
        ("10.0.0.1", ["198.51.100.1", "unknown"], None),
        ("10.0.0.1", ["198.51.100.1", ""], None),
        ("10.0.0.1", ["198.51.100.1", "10.0.0.2, evil"], None),
        ("", ["198.51.100.1"], None),
        ("/run/solvent.sock", ["198.51.100.1"], None),
    ],
)
def test_a_client_is_where_the_last_trusted_word_says(peer: str, forwarded: list[str], client: str | None) -> None:
    assert client_address(peer, forwarded, PROXIES) == (client and ip_address(client))


@given(st.lists(st.one_of(st.ip_addresses().map(str), st.text(max_size=20)), max_size=5), st.ip_addresses(v=4))
def test_without_trusted_proxies_no_word_counts(forwarded: list[str], peer: object) -> None:
    assert client_address(str(peer), forwarded, ()) == peer


@given(st.lists(st.text(max_size=20), max_size=5))
def test_whatever_a_client_sends_before_a_proxy_adds_its_own_address_changes_nothing(sent: list[str]) -> None:
    assert client_address("10.0.0.1", [*sent, "198.51.100.1"], PROXIES) == ip_address("198.51.100.1")


def test_networks_are_read_in_their_plain_form_and_each_once() -> None:
    found = read_networks(["203.0.113.7", "2001:DB8:0::/32", "203.0.113.7/32", "10.0.0.0/255.0.0.0"], "addresses")
    assert [str(network) for network in found] == ["203.0.113.7/32", "2001:db8::/32", "10.0.0.0/8"]


@pytest.mark.parametrize(
    "text", ["", "here", "10.0.0.1/8", "10.0.0.0/33", "1.2.3", "2001:db8::/129", "fe80::1%eth0", "1.2.3.4:80", "*"]
)
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_networks(["10.0.0.0/8", text], "addresses")
    assert caught.value.param == "addresses"


def test_more_networks_than_a_key_may_have_are_refused() -> None:
    many = [f"10.0.{n}.0/24" for n in range(KEY_ADDRESSES_MAX + 1)]
    assert len(read_networks(many[1:], "addresses")) == KEY_ADDRESSES_MAX
    with pytest.raises(Invalid):
        read_networks(many, "addresses")


@given(st.ip_addresses())
def test_an_address_is_in_the_network_of_everything_of_its_kind_alone(address: object) -> None:
    one = ip_address(str(address))
    everything = read_networks(["0.0.0.0/0"], "addresses"), read_networks(["::/0"], "addresses")
    assert [is_within(one, networks) for networks in everything] == [one.version == 4, one.version == 6]


def test_a_key_is_used_from_its_addresses_alone_and_without_any_from_everywhere() -> None:
    free = Caller(KeyId("key_1"), "customer")
    demand_address(free, None)
    limited = Caller(KeyId("key_1"), "customer", addresses=read_networks(["10.0.0.0/8", "2001:db8::/32"], "addresses"))
    for good in ("10.255.0.1", "2001:db8::1"):
        demand_address(limited, ip_address(good))
    for bad in (ip_address("11.0.0.1"), ip_address("2001:db9::1"), None):
        with pytest.raises(Refused) as caught:
            demand_address(limited, bad)
        assert caught.value.code == "address_not_allowed"
