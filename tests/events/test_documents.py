"""Bytes to documents: every layout, broken ones between, and the places where a block may be cut."""

from __future__ import annotations

import json
import tracemalloc
from time import process_time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from due_cli.events import Decoder, Document, Json, Record, documents, loads
from due_cli.events.documents import boundary, first_documents
from tests.events.blocks import LAYOUTS, RECORDS, SOUP, blocks
from tests.events.reading import DECODERS, faster
from tests.events.records import ses_click, ses_send
from tests.events.samples import SAMPLES

BETWEEN = b" \t\r\n\v\f,[]"
MARK = b"\xef\xbb\xbf"
decoders = pytest.mark.parametrize("decode", DECODERS.values(), ids=DECODERS)


def texts(found: list[Document]) -> list[tuple[bytes, str | None]]:
    return [(document.text, document.reason) for document in found]


def seen(found: list[Document]) -> list[Json | bytes]:
    """The value of each good document, the text of each broken one."""
    return [document.text.rstrip() if document.reason else document.value for document in found]


@given(blocks())
def test_every_good_record_is_found_and_every_broken_line_is_one_failure(
    written: tuple[bytes, list[Json | bytes]],
) -> None:
    block, expected = written
    expected = [text.rstrip() if isinstance(text, bytes) else text for text in expected]
    for decode in DECODERS.values():
        assert seen(list(documents(block, decode))) == expected


@decoders
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_kind_of_record_is_read_in_every_layout(layout: str, decode: Decoder) -> None:
    records = [sample.build() for sample in SAMPLES]
    block = LAYOUTS[layout](records).encode()
    assert [document.value for document in documents(block, decode)] == records
    assert [document.value for document in documents(block.replace(b"\n", b"\r\n"), decode)] == records


@given(blocks().map(lambda written: written[0]) | SOUP | st.binary(max_size=60))
@example(b' {\n  "a": 1\n }\n{"b":2}\n')
def test_every_byte_is_in_one_document_or_between_them(block: bytes) -> None:
    for decode in DECODERS.values():
        end = 0
        for document in documents(block, decode):
            assert document.text == block[document.start : document.start + len(document.text)]
            assert end <= document.start < document.end
            assert not block[end : document.start].replace(MARK, b"").strip(BETWEEN)
            assert not block[document.start + len(document.text) : document.end].strip(BETWEEN)
            end = document.end
        assert not block[end:].replace(MARK, b"").strip(BETWEEN)


@given(blocks().map(lambda written: written[0]) | SOUP)
@example(b' {\n  "a": {\n }\n{"b":2}\n{"c":3}')
def test_cutting_a_block_at_its_boundary_changes_no_document(block: bytes) -> None:
    at = boundary(block)
    for decode in DECODERS.values():
        halves = [*documents(block[:at], decode), *documents(block[at:], decode)]
        assert texts(halves) == texts(list(documents(block, decode)))


@given(blocks().map(lambda written: written[0]) | SOUP)
def test_both_decoders_find_the_same_documents(block: bytes) -> None:
    one, other = list(documents(block, loads)), list(documents(block, faster))
    assert texts(one) == texts(other)
    assert [document.value for document in one] == [document.value for document in other]


@given(
    st.lists(RECORDS, min_size=1, max_size=5),
    st.sampled_from(sorted(LAYOUTS)),
    st.integers(0, 200),
)
def test_what_is_surely_complete_can_be_cut_off(records: list[Record], layout: str, missing: int) -> None:
    whole = LAYOUTS[layout](records).encode()
    held = whole[: max(0, len(whole) - missing)]
    at = first_documents(held)
    found = [*documents(held[:at], loads), *documents(held[at:] + whole[len(held) :], loads)]
    assert [document.value for document in found] == records
    assert not missing or at <= len(held)


def test_first_documents_ends_where_the_last_whole_object_does() -> None:
    assert first_documents(b'{"a":1}{"b":2}{"c":') == len(b'{"a":1}{"b":2}')
    assert first_documents(b'[{"a":1},{"b":2},') == len(b'[{"a":1},{"b":2}')
    assert first_documents(b'{"a":') == first_documents(b"text") == first_documents(b"") == first_documents(b"[ ,") == 0


@pytest.mark.parametrize(
    ("block", "at"),
    [
        (b'{"a":1}\n{"b":2}\n', 8),
        (b'{"a":1}\r\n{"b":2}\r\n', 9),
        (b'{"a":1}\n{"b":2}\n{"c"', 16),
        (b'{"a":1}{"b":2}', 0),
        (b'[{"a":1},\n{"b":2}]', 0),
        (b'{"a":1}\n', 0),
        (b"", 0),
    ],
)
def test_the_boundary_is_the_last_line_break_between_two_objects(block: bytes, at: int) -> None:
    assert boundary(block) == at


class TestBrokenPrettyPrinted:
    """A broken object of several lines is one failure and takes nothing that follows with it."""

    GOOD = json.dumps(ses_send(), indent=2)

    @decoders
    @pytest.mark.parametrize("lines", [1, 2, 3, 10, 30])
    @pytest.mark.parametrize(
        "following", [GOOD, json.dumps(ses_send()), f"{GOOD}\n{GOOD}", json.dumps([ses_send(), ses_click()])]
    )
    def test_cut_off(self, lines: int, following: str, decode: Decoder) -> None:
        cut = "\n".join(self.GOOD.split("\n")[:lines])
        found = list(documents(f"{self.GOOD}\n{cut}\n{following}".encode(), decode))
        assert [document.text for document in found if document.reason] == [cut.encode()]
        assert [document.value for document in found if not document.reason] == [
            document.value for document in documents(f"{self.GOOD}\n{following}".encode(), decode)
        ]

    @decoders
    @pytest.mark.parametrize("indent", [1, 4, "\t"])
    def test_in_an_array(self, indent: int | str, decode: Decoder) -> None:
        text = json.dumps([{"a": 1}, {"b": "broken"}, {"c": {"d": 3}}], indent=indent)
        for broken in ('"bro\nken"', "NaN", "", '"x",', '{"y": 1', "[1, 2"):
            found = list(documents(text.replace('"broken"', broken).encode(), decode))
            assert [document.value for document in found if not document.reason] == [{"a": 1}, {"c": {"d": 3}}]
            assert len([document for document in found if document.reason]) == 1

    @decoders
    def test_in_an_array_as_javascript_prints_it(self, decode: Decoder) -> None:
        found = list(documents(b'[{\n  "a": 1,\n  "b":\n}, {\n  "c": {\n    "d": 2\n  }\n}]\n{"e":3}', decode))
        assert seen(found) == [b'{\n  "a": 1,\n  "b":\n}', {"c": {"d": 2}}, {"e": 3}]

    @decoders
    def test_indented_deeper_than_what_follows(self, decode: Decoder) -> None:
        found = list(documents(b' {\n  "a": {\n }\n{"b":2}', decode))
        assert seen(found) == [b' {\n  "a": {\n }'.strip(), {"b": 2}]


@decoders
@pytest.mark.parametrize("separator", [b",", b", ", b"", b" "])
def test_a_broken_record_takes_no_other_of_its_line_with_it(separator: bytes, decode: Decoder) -> None:
    for broken in (b'{"b":NaN}', b'{"b":{"c":1},}', b'{"b":"\t"}'):
        block = b"[" + separator.join([b'{"a":1}', broken, b'{"d":{"e":2}}']) + b"]"
        assert seen(list(documents(block, decode))) == [{"a": 1}, broken, {"d": {"e": 2}}]


@decoders
def test_a_cut_off_record_takes_nothing_with_it_though_something_closes_it(decode: Decoder) -> None:
    found = list(documents(b'{\n  "a": 1,\n{"b":2}\n}\n{"c":3}', decode))
    assert seen(found) == [b'{\n  "a": 1,', {"b": 2}, b"}", {"c": 3}]


@decoders
def test_a_byte_order_mark_is_no_part_of_a_record(decode: Decoder) -> None:
    for block in (MARK + b'{"a":1}\n{"b":2}', MARK + b'[{"a":1}]\n' + MARK + b'{"b":2}\n'):
        assert [document.value for document in documents(block, decode)] == [{"a": 1}, {"b": 2}]


@decoders
def test_scalars_between_records_are_documents_of_their_own(decode: Decoder) -> None:
    found = list(documents(b'1, "two" ,true\nnull\n-3.5e2, {"a":1}\n"}{"', decode))
    assert [document.value for document in found] == [1, "two", True, None, -350.0, {"a": 1}, "}{"]
    assert [document.reason for document in found] == [None] * 7


class TestSize:
    """A record over 4 MB is kept unparsed; a batch may be larger than any of its records."""

    FILL = 4 * 1024 * 1024

    @decoders
    @pytest.mark.parametrize("separator", [b"\n", b"", b",", b"\r\n"])
    def test_a_record_larger_than_four_megabytes_is_kept_unparsed(self, separator: bytes, decode: Decoder) -> None:
        large = b'{"a":"' + b"x" * self.FILL + b'"}'
        found = list(documents(separator.join([b'{"b":1}', large, b'{"c":2}']), decode))
        assert [document.value for document in found] == [{"b": 1}, None, {"c": 2}]
        assert [document.reason for document in found] == [None, "larger than 4 MB", None]
        assert found[1].text == large

    @decoders
    def test_a_record_of_many_lines_larger_than_that_is_one_failure(self, decode: Decoder) -> None:
        large = b'{"a":1,\n"b":[' + b'"xxxxxxxxxxxxx",\n' * (self.FILL // 16) + b"1]}"
        found = list(documents(b'{"b":1}\n' + large + b'\n{"c":2}', decode))
        assert [document.value for document in found] == [{"b": 1}, None, {"c": 2}]
        assert (found[1].text, found[1].reason) == (large, "larger than 4 MB")

    @decoders
    def test_a_record_of_exactly_four_megabytes_is_read(self, decode: Decoder) -> None:
        [found] = documents(b'{"a":"' + b"x" * (self.FILL - 8) + b'"}\n', decode)
        assert (len(found.text), found.reason) == (self.FILL, None)

    @decoders
    def test_a_batch_may_be_larger(self, decode: Decoder) -> None:
        for key in (b'"Records"', b'"records"', b'"invocationId"', b'"deliveryStreamArn"', b'"attemptsMade"'):
            [found] = documents(b"{ " + key + b':"' + b"x" * self.FILL + b'"}', decode)
            assert found.reason is None

    def test_text_that_is_no_json_is_kept_whole_whatever_its_size(self) -> None:
        [found] = documents(b"x" * (self.FILL + 1), loads)
        assert (len(found.text), found.reason) == (self.FILL + 1, "larger than 4 MB")

    def test_a_large_string_costs_little_memory(self) -> None:
        block = b'{"a":"' + b"x" * (self.FILL - 100) + b'"}{"b":1}'
        tracemalloc.start()
        assert len(list(documents(block, loads))) == 2
        assert tracemalloc.get_traced_memory()[1] < 10 * len(block)
        tracemalloc.stop()


class TestTime:
    """No text makes the scanner take longer than in proportion to its size."""

    @pytest.mark.parametrize(
        "unit",
        [
            b'{"a":1\n',
            b'{"a":\n',
            b'{"a":[\n',
            b'{"a":[{"b":1},\n',
            b"{\n",
            b'{\n"a":\n',
            b"{",
            b"}{",
            b'"',
            b'{"a',
            b'{"a":"\\',
            b"[",
            b'{"a":[{"x":1},',
            b" {\n  {\n",
            b"\\",
        ],
    )
    def test_of_many_broken_ones(self, unit: bytes) -> None:
        small, large = self._time(unit * 150), self._time(unit * 900)
        assert large < 18 * small + 0.1  # thirty-six times where it grows with the square

    def _time(self, block: bytes) -> float:
        """The least of some runs: what others do on the machine only adds."""
        return min(self._once(block) for _ in range(4))

    def _once(self, block: bytes) -> float:
        start = process_time()
        for _ in documents(block, loads):
            pass
        return process_time() - start
