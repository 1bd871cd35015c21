"""The functions and methods of the language; most rows are examples of Google's reference."""

from __future__ import annotations

import pytest

from emulator.rules.values import Duration, LatLng, Path, Timestamp
from tests.emulator.rules.support import NOW, error, outcome, request

TRUE = [
    # rules.String
    "'ABC'.lower() == 'abc'",
    "'abc'.upper() == 'ABC'",
    "'  a b '.trim() == 'a b'",
    "'abc'.size() == 3",
    "'äöü'.size() == 3 && '😀'.size() == 2 && 'a😀b'[3] == 'b' && 'a😀b'[1:3] == '😀'",
    "'Ä'.lower() == 'Ä'",
    "'user@domain.com'.matches('.*@domain[.]com')",
    "!'user@domain.com'.matches('domain')",
    "'banana'.matches('banana')",
    "'a\\nb'.matches('(?s)a.b')",
    "'user@domain.com'.split('@') == ['user', 'domain.com']",
    "'/home/user/'.split('/') == ['', 'home', 'user', '']",
    "'abc'.split('') == ['a', 'b', 'c']",
    "'a1b22c'.split('[0-9]+') == ['a', 'b', 'c']",
    "'file@domain.com'.replace('@domain[.]com', '') == 'file'",
    "'aXbX'.replace('X', '$1\\\\1') == 'a$1\\\\1b$1\\\\1'",
    "'foo'.toUtf8().size() == 3",
    "'hello'[1] == 'e'",
    "'hello'[1:3] == 'el'",
    "'a' + 'b' == 'ab'",
    "'a' < 'b' && 'b' >= 'a' && 'B' < 'a'",
    "string(true) == 'true' && string(1) == '1' && string(2.0) == '2.0' && string(null) == 'null'",
    # rules.Bytes
    "b'\\x0a\\xff'.toHexString() == '0aff'",
    "b'\\101bc' == 'Abc'.toUtf8()",
    "'hello'.toUtf8().toBase64() == 'aGVsbG8='",
    # rules.Integer, Float, Boolean, math
    "int('2') == 2 && int(2.9) == 2 && int(-2.9) == -2 && int('-7') == -7",
    "float('2.5') == 2.5 && float(2) == 2.0 && float('1e3') == 1000",
    "bool('true') == true && bool('FALSE') == false && bool(true)",
    "1 == 1.0 && 1 < 1.5 && 2.0 >= 2",
    "5 / 2 == 2 && -5 / 2 == -2 && 5 % 3 == 2 && -5 % 3 == -2",
    "5.0 / 2 == 2.5 && 5.5 % 2 == 1.5",
    "2 + 3 * 4 == 14 && (2 + 3) * 4 == 20 && 7 - 2 - 1 == 4",
    "0x10 == 16 && -0x10 == -16 && 1.5e1 == 15",
    "-9223372036854775808 < 0",
    "math.abs(-1) == 1 && math.abs(-1.5) == 1.5",
    "math.ceil(1.2) == 2 && math.floor(-1.2) == -2",
    "math.round(1.5) == 2 && math.round(-1.5) == -1 && math.round(0.49999999999999994) == 0",
    "math.isInfinite(1.0 / 0.0) && math.isNaN(0.0 / 0.0) && !math.isNaN(1)",
    "math.pow(2, 10) == 1024 && math.sqrt(9) == 3 && math.isNaN(math.sqrt(-1))",
    "math.isInfinite(math.pow(10, 1000)) && math.isNaN(math.pow(-1, 0.5))",
    "float('nan') != float('nan')",
    # rules.List
    "['a', 'b'].concat(['c']) == ['a', 'b', 'c']",
    "['a', 'b'].hasAll(['a']) && !['a', 'b'].hasAll(['a', 'c']) && ['a'].hasAll([])",
    "['a', 'b'].hasAny(['c', 'a']) && !['a', 'b'].hasAny(['c'])",
    "['a', 'b'].hasOnly(['a', 'c']) == false",
    "['a', 'b'].hasOnly(['a', 'b', 'c']) == true",
    "['a', 'b'].hasOnly(['b', 'a']) == true",
    "['a', 'a', 'b'].hasOnly(['a', 'b', 'b']) == true",
    "['a', 1, true, null].join('-') == 'a-1-true-null'",
    "['a', 'b', 'a'].removeAll(['a']) == ['b']",
    "[1, 2].size() == 2 && [1, 1.0, 2].toSet().size() == 2 && [1, true].toSet().size() == 2",
    "[1, 2, 3][0] == 1 && [1, 2, 3][1:3] == [2, 3]",
    "'a' in ['a', 'b'] && !('c' in ['a', 'b']) && 1.0 in [1]",
    "[1, [2.0, {'a': 1}]] == [1, [2.0, {'a': 1}]] && [1] != [1, 1] && [true] != [1]",
    "[1] != [1.0] && {'a': 1} != {'a': 1.0} && [1].toSet() == [1.0].toSet()",
    "{'a': [1]}.diff({'a': [1.0]}).unchangedKeys() == ['a'].toSet()",
    # rules.Set
    "['a', 'b'].toSet().difference(['a', 'c'].toSet()) == ['b'].toSet()",
    "!['a', 'b'].toSet().hasAll(['a', 'c']) && ['d', 'e', 'f'].toSet().hasAll(['d', 'e'])",
    "!['a', 'b'].toSet().hasAny(['c', 'd'].toSet()) && ['a', 'b'].toSet().hasAny(['a', 'c'].toSet())",
    "!['a', 'b'].toSet().hasOnly(['a', 'c']) && ['a', 'b'].toSet().hasOnly(['a', 'b'])",
    "['a', 'b'].toSet().intersection(['a', 'c'].toSet()) == ['a'].toSet()",
    "['a', 'b'].toSet().union(['a', 'c'].toSet()) == ['a', 'b', 'c'].toSet()",
    "'a' in ['a', 'b'].toSet() && ['a', 'b'].toSet() == ['b', 'a'].toSet() && ['a'].toSet() != ['a']",
    # rules.Map, MapDiff
    "{'a': 3, 'b': 2}.get('c', 7) == 7 && {'a': 3}.get('a', 7) == 3",
    "{'a': [2, 7], 'b': [9, 12]}.get('c', [1, 1]) == [1, 1]",
    "{'a': {'b': {'c': 9}}}.get(['a', 'b', 'c'], 0) == 9 && {'a': {'b': 1}}.get(['a', 'x'], 0) == 0",
    "{'a': 1}.get(['a', 'b'], 0) == 0",
    "{'a': 1, 'b': 2}.keys().hasOnly(['a', 'b']) && {'a': 1}.values() == [1] && {'a': 1}.size() == 1",
    "{'a': 1}.a == 1 && {'a': 1}['a'] == 1 && 'a' in {'a': 1} && !(1 in {'a': 1})",
    "{'a': 1, 'b': 2, 'c': 3}.diff({'a': 1, 'b': 5, 'd': 4}).addedKeys() == ['c'].toSet()",
    "{'a': 1, 'b': 2, 'c': 3}.diff({'a': 1, 'b': 5, 'd': 4}).removedKeys() == ['d'].toSet()",
    "{'a': 1, 'b': 2, 'c': 3}.diff({'a': 1, 'b': 5, 'd': 4}).changedKeys() == ['b'].toSet()",
    "{'a': 1, 'b': 2, 'c': 3}.diff({'a': 1, 'b': 5, 'd': 4}).unchangedKeys() == ['a'].toSet()",
    "{'a': 1, 'b': 2, 'c': 3}.diff({'a': 1, 'b': 5, 'd': 4}).affectedKeys() == ['b', 'c', 'd'].toSet()",
    # rules.Path
    "/a/b == path('a/b') && path('/a/b') == path(/a/b) && /a/b != /a/c",
    "(/path/$(foo)/$(bar)).bind({'foo': 'something', 'bar': 'another'}) == /path/something/another",
    "(/path/$(foo)).bind({'foo': 'x'}).foo == 'x' && (/path/$(foo)).bind({'foo': 'x'})['foo'] == 'x'",
    "/a/b/c[1] == 'b' && /a/$('b' + 'c') == /a/bc && /a/$(1) == /a/1 && string(/a/b) == '/a/b'",
    "/databases/(default)/documents == path('databases/(default)/documents')",
    # rules.Timestamp, rules.Duration
    "timestamp.date(2026, 3, 1).year() == 2026 && timestamp.date(2026, 3, 1) < request.time",
    "request.time.month() == 3 && request.time.day() == 1 && request.time.dayOfWeek() == 7",
    "request.time.dayOfYear() == 60 && request.time.hours() == 12 && request.time.minutes() == 30",
    "request.time.seconds() == 15 && request.time.nanos() == 250000000",
    "request.time.date() == timestamp.date(2026, 3, 1) && request.time.time() == duration.time(12, 30, 15, 250000000)",
    "timestamp.value(1000).toMillis() == 1000 && timestamp.value(-1).nanos() == 999000000",
    "request.time + duration.value(1, 'd') > request.time && duration.value(1, 'h') + request.time > request.time",
    "request.time - timestamp.date(2026, 3, 1) < duration.value(13, 'h')",
    "duration.value(1, 'w') == duration.value(7, 'd') && duration.value(60, 'm') == duration.value(1, 'h')",
    "duration.value(1, 's') == duration.value(1000, 'ms') && duration.value(5, 'ns').nanos() == 5",
    "duration.time(1, 0, 0, 0).seconds() == 3600 && duration.abs(duration.value(-1, 's')).seconds() == 1",
    "duration.value(-1500, 'ms').seconds() == -1 && duration.value(-1500, 'ms').nanos() == -500000000",
    "-duration.value(1, 's') == duration.value(-1, 's')",
    # rules.LatLng, hashing
    "latlng.value(10, 20).latitude() == 10.0 && latlng.value(10, 20.5).longitude() == 20.5",
    "latlng.value(0, 0).distance(latlng.value(0, 180)) > 20015000",
    "latlng.value(0, 0).distance(latlng.value(0, 180)) < 20016000",
    "latlng.value(1, 2) == latlng.value(1.0, 2.0)",
    "hashing.md5('hello').toHexString() == '5d41402abc4b2a76b9719d911017c592'",
    "hashing.sha256(b'').toHexString().matches('e3b0c44298fc1c14.*')",
    "hashing.crc32('123456789').toHexString() == 'cbf43926'",
    "hashing.crc32c('123456789').toHexString() == 'e3069283'",
    # is
    "true is bool && b'a' is bytes && 1.0 is float && 1 is int && [] is list && {} is map && 'a' is string",
    "1 is number && 1.5 is number && !('1' is number) && !(1 is float) && !(true is int) && !(null is map)",
    "/a is path && request.time is timestamp && duration.value(1, 's') is duration && [].toSet() is set",
    "{}.diff({}) is map_diff && latlng.value(1, 1) is latlng && !(1 is constraint) && null is null",
    "debug(1 + 1) == 2",
]

FALSE = ["null == false", "1 == '1'", "true == 1", "[] == {}", "'' == null", "b'a' == 'a'", "timestamp.value(0) == 0"]

ERRORS = [
    ("'a'.size(1) == 1", "Function [size] called with 1 arguments: expected 0."),
    ("'a'.nope() == 1", "Function not found error: Name: [nope]."),
    ("null.size() == 1", "Null value error."),
    ("1 + '1' == 2", "Unsupported operation error. Received: int + string."),
    ("1 < '1'", "Unsupported operation error. Received: int < string."),
    ("true < false", "Unsupported operation error. Received: bool < bool."),
    ("null < 1", "Null value error."),
    ("[1][1] == 1", "Index 1 is out of bounds: size 1."),
    ("[1][-1] == 1", "Index -1 is out of bounds: size 1."),
    ("'abc'[2:5] == 'c'", "Range 2:5 is out of bounds: size 3."),
    ("'abc'[2:1] == ''", "Range 2:1 is out of bounds: size 3."),
    ("{'a': 1}.b == 1", "Property b is undefined on object."),
    ("['a'].size > 0", "Type error. Received: [list] Expected: [map,path]."),
    ("1 / 0 == 1", "Division by zero."),
    ("1 % 0 == 1", "Division by zero."),
    ("9223372036854775807 + 1 > 0", "Integer overflow."),
    ("-(-9223372036854775808) > 0", "Integer overflow."),
    ("9223372036854775807 * 2 > 0", "Integer overflow."),
    ("int('x') == 1", "Cannot convert the string to int."),
    ("int(1e300) == 1", "Integer overflow."),
    ("bool('yes')", "Cannot convert the string to bool."),
    ("string([]) == ''", "Type error. Received: [list] Expected: [bool,float,int,null,path,string]."),
    ("'a' in 'abc'", "Type error. Received: [string] Expected: [list,map,set]."),
    ("timestamp.date(2026, 2, 30).year() == 1", "There is no date 2026-2-30."),
    ("timestamp.value(9000000000000000).year() == 1", "Timestamp out of range."),
    ("duration.value(1, 'x').seconds() == 1", "Unknown unit of a duration: [x]."),
    ("latlng.value(91, 0).latitude() == 91", "Latitude is within [-90, 90] and longitude within [-180, 180]."),
    ("get(/databases/$(database)/documents/$(nobody)/x) == null", "Path has an unbound variable: [nobody]."),
    ("exists(/a/b)", "Not the path of a document: [/a/b]."),
    ("exists('a/b')", "Type error. Received: [string] Expected: [path]."),
    ("/a/$('') == /a", "A segment of a path is empty."),
    ("!1", "Type error. Received: [int] Expected: [bool]."),
    ("-'a' == 1", "Type error. Received: [string] Expected: [int,float,duration]."),
    ("1 && true", "Type error. Received: [int] Expected: [bool]."),
    ("1 ? true : true", "Type error. Received: [int] Expected: [bool]."),
    ("{1: 2}.size() == 1", "Type error. Received: [int] Expected: [string]."),
    ("[1].hasAny(1)", "Type error. Received: [int] Expected: [list,set]."),
]


@pytest.mark.parametrize("condition", TRUE)
def test_holds(condition):
    assert outcome(condition) == "true"


@pytest.mark.parametrize("condition", FALSE)
def test_does_not_hold(condition):
    assert outcome(condition) == "false"


@pytest.mark.parametrize(("condition", "message"), ERRORS)
def test_fails(condition, message):
    assert outcome(condition) == "error"
    assert error(condition) == message


def test_a_bad_pattern_is_an_error_and_says_why():
    assert error("'a'.matches('(a')").startswith("Invalid regular expression pattern. Pattern: (a: missing )")


def test_values_of_documents_have_their_types():
    data = {
        "at": Timestamp.from_datetime(NOW),
        "span": Duration(5),
        "place": LatLng(1.0, 2.0),
        "ref": Path.parse("databases/(default)/documents/a/b"),
        "raw": b"\x00",
        "list": [1, {"deep": None}],
    }
    assert (
        outcome(
            "resource.data.at == request.time && resource.data.span.nanos() == 5 && resource.data.place is latlng"
            " && resource.data.ref == /databases/$(database)/documents/a/b && resource.data.raw.size() == 1"
            " && resource.data.list[1].deep == null",
            request(data=data),
        )
        == "true"
    )


def test_half_a_surrogate_pair_is_an_error_not_a_crash():
    assert outcome("resource.data.a.matches('x')", request(data={"a": "\ud800"})) == "error"
    assert outcome("resource.data.a.toUtf8().size() == 1", request(data={"a": "\ud800"})) == "error"


def test_values_do_not_grow_without_bound():
    doubling = "function grow(s) { let a = s + s; let b = a + a; let c = b + b; let d = c + c; return d + d; }"
    assert outcome("grow(grow(grow(grow(grow(grow('xxxxxxxx')))))).size() > 0", functions=doubling) == "error"
