"""A person is found by the whole address or number, in any case and escaped, and by nothing less or more."""

from __future__ import annotations

import base64
import json
from functools import cache
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from due_cli.core.errors import UsageError
from due_cli.erase.person import Eraser, Mode
from due_cli.erase.person import parse_person as parse
from tests.erase.oracle import names

parse_person = cache(parse)  # a pattern takes a while to compile
ADDRESS, NUMBER = "a@b.co", "+4915112345"


def encoded(text: str) -> list[str]:
    """Base64 of a text at each alignment."""
    return [base64.b64encode(f"{'.' * skip} {text} ".encode()).decode() for skip in range(3)]


AROUND = " ,;:<>()[]=.+-_%2\"'\\/abz3\u00e9\u90ae\n"
NAMED = [
    *(
        ("a@b.co", text)
        for text in (
            "a@b.co",
            "A@B.Co",
            "<a@b.co>",
            "a@b.co.",
            "to=a%40b.co&x=1",
            "to+a%40b.co",
            "%3Ca%2540b.co%3E",
            "a\\u0040b.co",
            "a\\\\u0040b.co",
            "\\na@b.co",
            '\\"a@b.co\\"',
            "...a@b.co",
            "\u90ae\u7bb1a@b.co",
            "%61%40%62%2e%63o",
            "a=40b.co=3E",
            "&#97;&#64;b.co",
            "'a@b.co'",
            "mailto:a@b.co?subject=x",
            "x,a@b.co;y",
            *encoded("a@b.co"),
            *encoded("A@B.CO"),
            base64.urlsafe_b64encode(b"\xff\xfe\xff a@b.co").decode(),
            "https://x/" + base64.b64encode(b"a@b.co").decode(),
        )
    ),
    *(
        (NUMBER, text)
        for text in (
            "+4915112345",
            "4915112345",
            "004915112345",
            "+49 (151) 12-345",
            "tel:+4915112345",
            "%2B4915112345",
            "\\u002b4915112345",
            "4915112345@s.whatsapp.net",
            '{"wa_id":4915112345}',
            "+49\u2011151 12345",
            *encoded(NUMBER),
        )
    ),
    ("j\u00fcrgen@example.org", "J\u00dcRGEN@example.org"),
    ("j\u00fcrgen@example.org", quote("j\u00fcrgen@example.org")),
    ("j\u00fcrgen@example.org", json.dumps("j\u00fcrgen@example.org")),
    ("a@ex\u00e4mple.de", "a@xn--exmple-cua.de"),
    ("a@xn--exmple-cua.de", "a@ex\u00e4mple.de"),
]
OTHERS = [
    *(
        (ADDRESS, text)
        for text in (
            "maria@b.co",
            "a@b.co.uk",
            "a@b.com",
            "x.a@b.co",
            "x+a@b.co",
            "x-a@b.co",
            "x%2Ba%40b.co",
            "x%252Ba%2540b.co",
            "a@b.co-op.org",
            "a@b.co%2Euk",
            "ma\\u0061@b.co",
            "\u00e9a@b.co",
            "a@b%2Eco\\u002euk",
            "a.@b.co",
            "a+x@b.co",
            *encoded("maria@b.co"),
            *encoded("a@b.co.uk"),
            "%4Da%40b.co",
            "x=4Da=40b.co",
        )
    ),
    *(
        (NUMBER, text)
        for text in (
            "+491511234567",
            "+49 151 12345 67",
            "14915112345",
            "a4915112345",
            "015112345",
            "49151123450",
            "1004915112345",
            *encoded("+491511234567"),
            "01004915112345-",
            "x_4915112345",
        )
    ),
]


@pytest.mark.parametrize(("person", "text"), NAMED)
def test_is_found_and_replaced(person: str, text: str) -> None:
    found = parse_person(person)
    assert found.is_named_in(text)
    values = pa.array([b"\x07\x00\x00\x00" + text.encode() + b"\x00"], pa.binary())
    assert pc.match_substring_regex(values, found.candidates)[0].as_py(), "the search of files would pass it by"
    for mode in Mode:
        replaced = Eraser(found, mode, b"key").text(text)
        assert not found.is_named_in(replaced)
        assert not names(replaced.encode(), person)


@pytest.mark.parametrize(("person", "text"), OTHERS)
def test_another_person_is_left_alone(person: str, text: str) -> None:
    found = parse_person(person)
    assert not found.is_named_in(text)
    assert Eraser(found, Mode.ERASE, b"key").text(text) == text


@given(
    before=st.text(AROUND, max_size=6), after=st.text(AROUND, max_size=6),
    spelling=st.sampled_from(
        [str, str.upper, quote, lambda text: quote(quote(text)), lambda text: text.replace("@", "\\u0040")]
    ),
    is_encoded=st.booleans(), person=st.sampled_from([ADDRESS, NUMBER, "maria.b+x@shop.example"]),
)  # fmt: skip
def test_what_is_replaced_names_nobody_and_the_rest_stays(
    before: str, after: str, spelling: object, is_encoded: bool, person: str
) -> None:
    assert callable(spelling)
    text = before + spelling(person) + after
    text = base64.b64encode(text.encode("utf-8", "replace")).decode() if is_encoded else text
    found = parse_person(person)
    replaced = Eraser(found, Mode.ERASE, b"key").text(text)
    assert not found.is_named_in(replaced)
    if not is_encoded and "<" not in before and not found.is_number:
        assert replaced in (text, f"{before}erased{after}")
    values = pa.array([text.encode("utf-8", "replace")], pa.binary())
    assert replaced == text or pc.match_substring_regex(values, found.candidates)[0].as_py()


def test_a_display_name_goes_with_the_address() -> None:
    eraser = Eraser(parse_person("maria@b.co"), Mode.ERASE, b"key")
    assert eraser.text("Maria Brown <maria@b.co>, Bob <bob@b.co>") == "erased, Bob <bob@b.co>"
    assert eraser.text('Bob <bob@b.co>, "Brown, Maria" <Maria@b.co>') == "Bob <bob@b.co>, erased"
    assert eraser.text("=?UTF-8?B?TWFyaWE=?= <maria@b.co>") == "erased"
    assert eraser.text("550 5.1.1 <maria@b.co>: unknown user") == "550 5.1.1 <erased>: unknown user"


def test_a_pseudonym_has_the_form_of_what_it_replaces_and_is_another_with_another_key() -> None:
    person = parse_person("maria@b.co")
    eraser, other = (Eraser(person, Mode.PSEUDONYMISE, key) for key in (b"one", b"two"))
    plain = eraser.text("maria@b.co")
    assert eraser.text("MARIA%40B.CO") == plain.replace("@", "%40") != other.text("MARIA%40B.CO")
    assert plain.endswith("@erased.invalid")
    number = Eraser(parse_person(NUMBER), Mode.PSEUDONYMISE, b"one")
    assert number.text("+49 151 12345") == "+" + number.text("4915112345")
    assert number.text("4915112345").isdigit()


@pytest.mark.parametrize(
    "typed", ["", "maria", "@b.co", "maria@", "a b@c.co", "4915112345", "+49", "+49151x2345678", "+1234567890123456"]
)
def test_what_is_no_person_is_refused(typed: str) -> None:
    with pytest.raises(UsageError):
        parse(typed)
