from __future__ import annotations

import ipaddress

import pytest
from flask import Request
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder

from shared.entry.gates.origin import Origins, network_of
from shared.settings import Settings

FASTLY = "151.101.1.1"
FASTLY_6 = "2a04:4e42::1"
DEFAULT = Settings.read({"GOOGLE_CLOUD_PROJECT": "demo-test"}).trusted_proxies


def client(forwarded=None, peer="169.254.1.1", trusted=DEFAULT):
    headers = [] if forwarded is None else [("X-Forwarded-For", line) for line in forwarded.split("|")]
    environ = EnvironBuilder(headers=headers, environ_base={"REMOTE_ADDR": peer}).get_environ()
    return Origins(trusted).of(Request(environ), "r1").address


@pytest.mark.parametrize(
    ("forwarded", "found"),
    [
        (None, "169.254.1.1"),
        ("203.0.113.9", "203.0.113.9"),
        (f"203.0.113.9, {FASTLY}", "203.0.113.9"),
        (f"203.0.113.9,{FASTLY},  {FASTLY_6}", "203.0.113.9"),
        (f"203.0.113.9|{FASTLY}", "203.0.113.9"),
        # What a client made up stands left of its own address.
        (f"1.1.1.1, 203.0.113.9, {FASTLY}", "203.0.113.9"),
        (f"1.1.1.1, {FASTLY}, 203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "127.0.0.1"),
        ("::1", "::1"),
        ("1.1.1.1, 127.0.0.1", "127.0.0.1"),
        ("2001:db8::7", "2001:db8::7"),
        ("2001:DB8:0::7", "2001:db8::7"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        # A malformed entry ends the walk: the last good one counts.
        (f"203.0.113.9, rubbish, {FASTLY}", FASTLY),
        ("203.0.113.9, rubbish", "169.254.1.1"),
        ("203.0.113.9:443", "169.254.1.1"),
        ("[2001:db8::7]", "169.254.1.1"),
        ("fe80::1%eth0", "169.254.1.1"),
        ("", "169.254.1.1"),
        (",", "169.254.1.1"),
        (FASTLY, FASTLY),
        (f"{FASTLY_6}, {FASTLY}", FASTLY_6),
        ("0x7f.1", "169.254.1.1"),
    ],
)
def test_the_first_from_the_right_that_is_no_trusted_proxy_is_the_client(forwarded, found):
    assert client(forwarded) == found


def test_without_any_address_there_is_none():
    assert client(None, peer=None) is None
    assert client("rubbish", peer="unix:") is None


def test_other_proxies_can_be_trusted():
    trusted = Settings.read({"GOOGLE_CLOUD_PROJECT": "p", "SECURA_TRUSTED_PROXIES": "10.0.0.0/8, 2001:db8::/32"})
    assert client("203.0.113.9, 10.1.2.3, 2001:db8::1", trusted=trusted.trusted_proxies) == "203.0.113.9"
    assert client(f"203.0.113.9, {FASTLY}", trusted=trusted.trusted_proxies) == FASTLY


@given(st.text(max_size=80).filter(lambda text: "\n" not in text and "\r" not in text))
def test_whatever_is_sent_an_address_or_nothing_comes_out(text):
    environ = EnvironBuilder(environ_base={"REMOTE_ADDR": "169.254.1.1"}).get_environ()
    environ["HTTP_X_FORWARDED_FOR"] = text
    environ["HTTP_USER_AGENT"] = text
    origin = Origins(DEFAULT).of(Request(environ), "r1")
    assert origin.address is not None
    ipaddress.ip_address(origin.address)
    assert origin.user_agent is None or origin.user_agent.isprintable()


def test_the_rest_of_the_origin():
    environ = EnvironBuilder(headers=[("User-Agent", "x" * 1000)]).get_environ()
    origin = Origins(()).of(Request(environ), "r1")
    assert (origin.request_id, origin.user_agent) == ("r1", "x" * 300)
    del environ["HTTP_USER_AGENT"]
    assert Origins(()).of(Request(environ), "r1").user_agent is None


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("::1", "::/64"),
    ],
)
def test_of_ipv6_a_network_is_counted_as_one(address, network):
    assert network_of(address) == network
