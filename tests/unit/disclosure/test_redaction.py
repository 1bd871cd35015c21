"""What leaves holds no secret; what comes back is what was there."""

from __future__ import annotations

import base64
import json
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.redaction import redact, survivors
from shared.domain.sensitive import Kind, Wanted

ANNA = Wanted(("Anna Meier", "José García-López"))
LETTERS = string.ascii_letters + string.digits
SEPARATORS = ["", " ", "-", "."]


def luhn(digits: str) -> str:
    """The digits with their check digit."""
    total = sum(sum(divmod(int(digit) * (2 - place % 2), 10)) for place, digit in enumerate(reversed(digits)))
    return f"{digits}{-total % 10}"


def iban(country: str, account: str) -> str:
    check = 98 - int("".join(str(int(sign, 36)) for sign in f"{account}{country}00")) % 97
    return f"{country}{check:02d}{account}"


def grouped(text: str, separator: str) -> str:
    return separator.join(text[at : at + 4] for at in range(0, len(text), 4))


def signs(alphabet: str, length: int) -> st.SearchStrategy[str]:
    return st.text(alphabet, min_size=length, max_size=length)


def jwt(payload: dict[str, str]) -> str:
    parts = [json.dumps(part).encode() for part in ({"alg": "HS256", "typ": "JWT"}, payload)]
    return ".".join(
        [*(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts), "c2lnbmF0dXJlLXNpZ25hdHVyZQ"]
    )


CARDS = st.builds(
    lambda rest, separator: grouped(luhn(f"4{rest}"), separator), signs(string.digits, 14), st.sampled_from(SEPARATORS)
)
IBANS = st.builds(
    lambda country, account, separator: grouped(iban(country, account), separator),
    st.sampled_from(["DE", "CH", "GB", "FR", "NO"]),
    signs(string.digits + "ABCDEF", 18),
    st.sampled_from(["", " "]),
)
EMAILS = st.builds(
    lambda local, host, at: f"{local}{at}{host}.example.com",
    signs(string.ascii_lowercase, 8),
    signs(string.ascii_lowercase, 5),
    st.sampled_from(["@", "[@]", "(at)"]),
)
PASSWORDS = st.builds(
    lambda label, value: (f"{label}{value}", value),
    st.sampled_from(
        ["password: ", "Passwort=", "PWD:", "my password is ", '"password": ', "DB_PASSWORD=", "mot de passe : "]
    ),
    signs(LETTERS + "!?#$%", 12),
)
TOKENS = st.one_of(
    st.builds("AKIA{}".format, signs(string.ascii_uppercase, 16)),
    st.builds("ghp_{}".format, signs(LETTERS, 36)),
    st.builds("AIza{}".format, signs(LETTERS, 35)),
    st.builds("xoxb-{}".format, signs(string.digits, 24)),
    st.builds("sk-{}".format, signs(LETTERS, 40)),
    st.builds(lambda sub: jwt({"sub": sub}), signs(LETTERS, 10)),
    st.builds("-----BEGIN EC PRIVATE KEY-----\n{0}\n-----END EC PRIVATE KEY-----".format, signs(LETTERS, 64)),
)
PHONES = st.builds("+49 {} {}".format, signs("123456789", 3), signs("123456789", 7))
SECRETS = st.one_of(*(kind.map(lambda one: (one, one)) for kind in (CARDS, IBANS, EMAILS, TOKENS, PHONES)), PASSWORDS)
PROSE = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
WORDS = st.sampled_from(
    ["", "the user typed", "2026-11-23 09:00", "<EMAIL_1>", "<", "Anna", "€ 😀", '"', "key", "at 10.0.0.1:443"]
)
AROUND = st.sampled_from([" ", "\n", ", ", "; ", "\t", " (", ' "'])


@given(st.lists(st.tuples(WORDS, AROUND, SECRETS, AROUND), min_size=1, max_size=6))
def test_no_secret_survives(parts):
    text = "".join(f"{word}{before}{secret}{after}" for word, before, (secret, _), after in parts)
    redacted = redact(text, ANNA)
    assert [value for _, _, (_, value), _ in parts if value in redacted.text] == []
    assert "Anna" not in redacted.text
    assert survivors(redacted.text, ANNA) == 0
    assert redacted.restored(redacted.text, secrets=True) == text


@settings(max_examples=300)
@given(st.lists(st.one_of(PROSE, WORDS, SECRETS.map(lambda pair: pair[0])), max_size=8), st.booleans())
def test_restoring_is_the_inverse(parts, addresses):
    text = "".join(parts)
    wanted = Wanted(ANNA.names, addresses)
    redacted = redact(text, wanted)
    assert redacted.restored(redacted.text, secrets=True) == text
    assert survivors(redacted.text, wanted) == 0


@given(st.text(max_size=300), st.lists(st.text(max_size=20), max_size=5))
def test_any_text_and_any_names(text, names):
    wanted = Wanted(tuple(names))
    redacted = redact(text, wanted)
    assert redacted.restored(redacted.text, secrets=True) == text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("write to bob@example.com", "write to <EMAIL_1>"),
        ("a@b.org, c@d.org, a@b.org", "<EMAIL_1>, <EMAIL_2>, <EMAIL_1>"),
        ("eve[at]example[.]com", "<EMAIL_1>"),
        ("https://user:pw@host/x", "https://<PASSWORD_1>/x"),
        ("call +41 (0)79 123 45 67 now", "call <PHONE_1> now"),
        ("or 044 123 45 67", "or <PHONE_1>"),
        ("(415) 555-0132", "<PHONE_1>"),
        ("pay to DE89 3704 0044 0532 0130 00 BITTE", "pay to <IBAN_1> BITTE"),
        ("card 4111 1111 1111 1111 12/26", "card <CARD_1> 12/26"),
        ("AHV 756.9217.0769.85", "AHV <NATIONAL_ID_1>"),
        ("SSN: 078-05-1120", "SSN: <NATIONAL_ID_1>"),
        ("passport number C01X00T47", "passport number <NATIONAL_ID_1>"),
        ('{"api_key": "abc def"}', '{"api_key": <TOKEN_1>}'),
        ("password: <EMAIL_1>!hunter2", "password: <PASSWORD_1>"),
        ('password: "unclosed', "password: <PASSWORD_1>"),
        ("mysql --password hunter2 -u root", "mysql --password <PASSWORD_1> -u root"),
        ("Authorization: Bearer abc.def.ghi-jkl", "Authorization: Bearer <TOKEN_1>"),
        ("Kennwort lautet Sommer2026!", "Kennwort lautet <PASSWORD_1>"),
        ("пароль: qwerty1", "пароль: <PASSWORD_1>"),
        ("ANNA  MEIER and Meier's son Annabel", "<NAME_1> and <NAME_2>'s son Annabel"),
        ("García was there", "<NAME_1> was there"),
    ],
)
def test_what_is_taken_out(text, left):
    assert redact(text, ANNA).text == left


@pytest.mark.parametrize(
    "text",
    [
        "At 2026-11-23 09:00:12 UTC 192.0.2.1:443 asked for T1566.001",
        "CVE-2024-12345 on build 10.0.19045.3803, ticket INC-7K3M-9QXT",
        "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "They reset the password and the token was revoked",
        "4111 1111 1111 1112 has a wrong check digit",
        "GB00 WEST 1234 5698 7654 32 is no account",
        "encrypted 12,000 files on 3 servers in 45 minutes",
        "evil[.]example dropped invoice_2026.exe",
    ],
)
def test_what_responders_need_stays(text):
    assert redact(text, ANNA).text == text


def test_addresses_go_on_demand():
    text = "from 192.0.2.1, 198[.]51.100.7:8080 and 2001:db8::7 at 09:30:00"
    assert redact(text, Wanted(addresses=True)).text == "from <IP_1>, <IP_2> and <IP_3> at 09:30:00"
    assert redact(text).text == text


def test_a_text_cannot_speak_for_a_placeholder():
    redacted = redact("<EMAIL_1> wrote to bob@example.com: <PASSWORD_1>")
    assert redacted.text == "<LITERAL_1> wrote to <EMAIL_1>: <LITERAL_2>"
    assert redacted.restored("<LITERAL_1> <EMAIL_1> <EMAIL_2>") == "<EMAIL_1> bob@example.com <EMAIL_2>"


def test_secrets_come_back_only_on_demand():
    redacted = redact("password: hunter2 of bob@example.com")
    assert redacted.restored("<EMAIL_1> used <PASSWORD_1>") == "bob@example.com used <PASSWORD_1>"
    assert redacted.restored("<PASSWORD_1>", secrets=True) == "hunter2"


@pytest.mark.parametrize("piece", ["AKIA0000000000000000", "+4179123456", "DE89370400440532013000", "a@b.c"])
def test_what_hangs_together_goes_too(piece):
    text = f"before {piece * 300} after"
    redacted = redact(text)
    assert survivors(redacted.text) == 0
    assert piece not in redacted.text
    assert redacted.text.startswith("before <")
    assert redacted.text.endswith("> after")
    assert redacted.restored(redacted.text, secrets=True) == text


@pytest.mark.parametrize(
    "piece",
    [
        *("eyJ", "a@", "password: ", "0 ", "1", "+1", "DE89 ", "passport ", "://", "<EMAIL_1>", "a.b-", "aa12", "://a"),
        *(
            "?key=",
            "1 1.",
            "x(at)",
            'password:"',
            'password:"\\\\',
            "1:",
            "::1 ",
            "a [at] ",
            "-----BEGIN PRIVATE KEY-----",
        ),
    ],
)
def test_long_hostile_texts_are_done_with(piece):
    text = (piece * 60_000)[:60_000]
    wanted = Wanted(ANNA.names, addresses=True)
    redacted = redact(text, wanted)
    assert redacted.restored(redacted.text, secrets=True) == text
    assert survivors(redacted.text, wanted) == 0


def test_showing_it_shows_nothing():
    assert "hunter2" not in repr(redact("password: hunter2"))


def test_kinds_are_those_of_the_placeholders():
    assert all(kind.value.replace("_", "").isalpha() and kind.value.isupper() for kind in Kind)
