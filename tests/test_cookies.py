"""A jar and one rule of RFC 6265bis each; the app is at https://docs.example/guide/app unless a test says otherwise."""

from __future__ import annotations

import json
import re
import string
import time
from datetime import UTC, datetime
from http.cookies import CookieError, SimpleCookie

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.http import dump_cookie, parse_cookie

from sphinx_asgi_live.browser.cookies import (
    LARGEST_PAIR,
    LONGEST_LIFE,
    MOST_COOKIES,
    Jar,
    Site,
    is_trustworthy,
    parse_date,
)

ROOT = "/guide/app"
NOW = 1_800_000_000.0
DAY = 24 * 3600


class Browser:
    """A jar as the worker uses it; paths are the app's own."""

    def __init__(self, host: str = "docs.example", root: str = ROOT) -> None:
        self.jar = Jar(host, root)
        self.root = root
        self.now = NOW
        self.secure = True

    def receives(self, *set_cookies: bytes, path: str = "/") -> str:
        """What is wrong with the last."""
        for each in set_cookies:
            problem = self.jar.store(each, path=self.root + path, secure=self.secure, now=self.now)
        return problem

    def script_sets(self, set_cookie: bytes, path: str = "/") -> str:
        at = self.root + path
        return self.jar.store(set_cookie, path=at, secure=self.secure, now=self.now, from_script=True)

    def sends(self, path: str = "/", site: Site = "same") -> bytes | None:
        return self.jar.header(path=self.root + path, secure=self.secure, now=self.now, site=site)

    def shows(self, path: str = "/") -> str:
        return self.jar.visible_to_script(self.root + path, self.secure, self.now)


@pytest.fixture
def browser() -> Browser:
    return Browser()


# Names and values


def test_what_is_set_is_sent(browser: Browser) -> None:
    assert browser.sends() is None
    assert browser.receives(b"sid=1", b"theme=dark") == ""
    assert browser.sends() == b"sid=1; theme=dark"


@pytest.mark.parametrize(
    ("set_cookie", "sent"),
    [
        (b" \t a \t = \t 1 \t ; Path=/", b"a=1"),
        (b"a=b=c==", b"a=b=c=="),
        (b'a="1; 2"', b'a="1'),
        (b"a=", b"a="),
        (b"a=1 2,3", b"a=1 2,3"),
        (b"a=1\t2", b"a=1\t2"),
        (b"a=1;;; ;=; unknown; Priority=High;", b"a=1"),
    ],
)
def test_pairs_are_taken_as_they_come(browser: Browser, set_cookie: bytes, sent: bytes) -> None:
    browser.receives(set_cookie)
    assert browser.sends() == sent


@pytest.mark.parametrize("set_cookie", [b"token", b"=token", b" = token ; Path=/"])
def test_a_cookie_may_have_no_name(browser: Browser, set_cookie: bytes) -> None:
    browser.receives(set_cookie)
    assert browser.sends() == b"token"


@pytest.mark.parametrize("set_cookie", [b"", b"=", b" ; Path=/", b";a=1"])
def test_a_cookie_has_a_name_or_a_value(browser: Browser, set_cookie: bytes) -> None:
    assert "neither a name nor a value" in browser.receives(set_cookie)
    assert browser.sends() is None


def test_bytes_beyond_ascii_are_kept(browser: Browser) -> None:
    browser.receives("größe=日本".encode(), b"latin=\xe9")
    assert browser.sends() == "größe=日本; latin=".encode() + b"\xe9"
    assert browser.shows() == "größe=日本; latin=\ufffd"


@pytest.mark.parametrize("octet", [0, 1, 8, 10, 13, 31, 127])
@pytest.mark.parametrize("place", [b"a%cb=1", b"a=1%c2", b"a=1; Path=/%c"])
def test_control_characters_are_refused(browser: Browser, place: bytes, octet: int) -> None:
    assert "control character" in browser.receives(place % octet)
    assert browser.sends() is None


def test_name_and_value_together_have_a_limit(browser: Browser) -> None:
    assert browser.receives(b"a=" + b"1" * (LARGEST_PAIR - 1)) == ""
    assert "4,097 bytes" in browser.receives(b"ab=" + b"1" * (LARGEST_PAIR - 1))


def test_an_attribute_that_is_too_long_is_as_none(browser: Browser) -> None:
    browser.receives(b"a=1; Path=/deep; Path=/" + b"x" * 1024)
    assert browser.sends("/deep") == b"a=1"


# Order and replacing


def test_longer_paths_come_first_then_earlier_creation(browser: Browser) -> None:
    browser.receives(b"one=1; Path=/", b"two=2; Path=/a/b", b"three=3; Path=/a", b"four=4; Path=/")
    assert browser.sends("/a/b/c") == b"two=2; three=3; one=1; four=4"


def test_a_cookie_that_replaces_one_keeps_its_place(browser: Browser) -> None:
    browser.receives(b"a=1", b"b=1", b"a=2")
    assert browser.sends() == b"a=2; b=1"


def test_a_cookie_that_was_deleted_comes_back_last(browser: Browser) -> None:
    browser.receives(b"a=1", b"b=1", b"a=; Max-Age=0", b"a=2")
    assert browser.sends() == b"b=1; a=2"


def test_another_path_or_domain_makes_another_cookie(browser: Browser) -> None:
    browser.receives(b"a=1; Path=/", b"a=2; Path=/x", b"a=3; Domain=docs.example; Path=/", b"A=4; Path=/")
    assert browser.sends("/x") == b"a=2; a=1; a=3; A=4"


# Expiry


def test_max_age_is_in_seconds(browser: Browser) -> None:
    browser.receives(b"a=1; Max-Age=60")
    browser.now += 59.9
    assert browser.sends() == b"a=1"
    browser.now += 0.1
    assert browser.sends() is None
    assert browser.shows() == ""


@pytest.mark.parametrize(
    "attribute", [b"Max-Age=0", b"max-age=-1", b"MAX-AGE=-" + b"9" * 1000, b"Expires=1 Jan 1970 0:0:0"]
)
def test_a_time_that_is_up_deletes(browser: Browser, attribute: bytes) -> None:
    browser.receives(b"a=1", b"b=1")
    assert browser.receives(b"a=; " + attribute) == ""
    assert browser.sends() == b"b=1"


def test_max_age_wins_over_expires(browser: Browser) -> None:
    browser.receives(b"a=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT")
    assert browser.sends() == b"a=1"


@pytest.mark.parametrize(
    "attribute", [b"Max-Age", b"Max-Age=", b"Max-Age=+1", b"Max-Age=1s", b"Max-Age=-", b"Expires=soon"]
)
def test_a_time_that_is_none_leaves_the_earlier_one(browser: Browser, attribute: bytes) -> None:
    browser.receives(b"a=1; " + attribute, b"b=1; Max-Age=60; " + attribute)
    browser.now += 61
    assert browser.sends() == b"a=1"


@pytest.mark.parametrize("attribute", [b"Max-Age=" + b"9" * 1000, b"Expires=Fri, 31 Dec 9999 23:59:59 GMT"])
def test_no_cookie_lives_longer_than_400_days(browser: Browser, attribute: bytes) -> None:
    browser.receives(b"a=1; " + attribute)
    browser.now += 400 * DAY - 1
    assert browser.sends() == b"a=1"
    browser.now += 1
    assert browser.sends() is None


def test_a_cookie_without_a_time_is_never_over(browser: Browser) -> None:
    browser.receives(b"a=1")
    browser.now += 10 * LONGEST_LIFE
    assert browser.sends() == b"a=1"


@pytest.mark.parametrize(
    "text",
    [
        b"Wed, 09 Jun 2027 10:18:14 GMT",
        b"Wednesday, 09-Jun-27 10:18:14 GMT",
        b"Wed Jun  9 10:18:14 2027",
        b"09 June 2027 10:18:14 +0200",
        b"2027 Jun 9th 10:18:14.999",
        b"10:18:14pm;9;jUNk;27",
        b" ,/09@juN,2027~10:18:14",
    ],
)
def test_dates_are_read_in_any_order_and_dress(text: bytes) -> None:
    assert parse_date(text) == datetime(2027, 6, 9, 10, 18, 14, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("year", "meant"), [(b"69", 2069), (b"70", 1970), (b"99", 1999), (b"00", 2000), (b"1601", 1601)]
)
def test_years_of_two_digits_are_of_this_time(year: bytes, meant: int) -> None:
    assert parse_date(b"1 Jan " + year + b" 00:00:00") == datetime(meant, 1, 1, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"soon",
        b"9 Jun 10:18:14",
        b"9 2027 10:18:14",
        b"Jun 2027",
        b"9 Jun 2027 10:18",
        b"9 Jun 2027 24:00:00",
        b"9 Jun 2027 10:60:00",
        b"9 Jun 2027 10:18:60",
        b"30 Feb 2027 00:00:00",
        b"0 Jun 2027 00:00:00",
        b"32 Jun 2027 00:00:00",
        b"9 Jun 1600 00:00:00",
        b"9 Jun 20270 00:00:00",
        b"009 Jun 2027 100:00:00",
    ],
)
def test_dates_that_are_none(text: bytes) -> None:
    assert parse_date(text) is None


# Path


@pytest.mark.parametrize(
    ("set_at", "sent_to", "not_sent_to"),
    [
        ("/", ["/", "/a", "/a/b"], []),
        ("/a", ["/", "/b"], []),
        ("/a/", ["/a/", "/a/b", "/a"], ["/", "/ab"]),
        ("/a/b", ["/a", "/a/", "/a/c/d"], ["/", "/ab", "/b"]),
    ],
)
def test_without_path_a_cookie_is_for_the_folder(
    browser: Browser, set_at: str, sent_to: list[str], not_sent_to: list[str]
) -> None:
    browser.receives(b"a=1", path=set_at)
    assert all(browser.sends(path) for path in sent_to)
    assert not any(browser.sends(path) for path in not_sent_to)


@pytest.mark.parametrize("attribute", [b"Path", b"Path=", b"Path=a", b"Path=/b; Path=", b"Path=http://docs.example/"])
def test_a_path_that_is_none_is_the_folder(browser: Browser, attribute: bytes) -> None:
    browser.receives(b"a=1; " + attribute, path="/x/y")
    assert browser.sends("/x") == b"a=1"
    assert browser.sends("/") is None


@pytest.mark.parametrize(
    ("attribute", "sent_to", "not_sent_to"),
    [
        (b"/admin", ["/admin", "/admin/", "/admin/users"], ["/", "/administrator", "/Admin"]),
        (b"/admin/", ["/admin/", "/admin/users"], ["/", "/admin"]),
        (b"/", ["/", "/admin"], []),
    ],
)
@pytest.mark.parametrize("root", [b"", ROOT.encode()])
def test_a_path_is_the_apps_with_its_root_or_without(
    browser: Browser, root: bytes, attribute: bytes, sent_to: list[str], not_sent_to: list[str]
) -> None:
    browser.receives(b"a=1; Path=" + root + attribute)
    assert all(browser.sends(path) for path in sent_to)
    assert not any(browser.sends(path) for path in not_sent_to)


def test_with_the_root_and_without_it_is_the_same_cookie(browser: Browser) -> None:
    browser.receives(b"a=1; Path=/guide/app/x", b"a=2; Path=/x", b"b=1; Path=/guide/app", b"b=2; Path=/")
    assert browser.sends("/x") == b"a=2; b=2"


def test_a_path_that_only_begins_like_the_root_is_the_apps(browser: Browser) -> None:
    browser.receives(b"a=1; Path=/guide/apples")
    assert browser.sends("/guide/apples") == b"a=1"
    assert browser.sends("/") is None


def test_the_root_itself_is_a_path_of_the_app(browser: Browser) -> None:
    browser.receives(b"a=1", path="")
    assert browser.sends("") == browser.sends("/x") == b"a=1"


@pytest.mark.parametrize("root", ["", "/"])
def test_an_app_at_the_root_of_its_host(root: str) -> None:
    jar = Jar("docs.example", root)
    jar.store(b"a=1; Path=/x", path="/y", secure=True, now=NOW)
    assert jar.header(path="/x/z", secure=True, now=NOW) == b"a=1"
    assert jar.header(path="/", secure=True, now=NOW) is None


@pytest.mark.parametrize("spelling", [b"/caf%C3%A9/app", "/café/app".encode(), b"/caf\xe9/app"])
def test_the_root_as_an_app_may_write_it(spelling: bytes) -> None:
    browser = Browser(root="/caf%C3%A9/app")
    browser.receives(b"a=1; Path=" + spelling + b"/x")
    assert browser.sends("/x") == b"a=1"
    assert browser.sends("/") is None


# Domain


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("docs.example", b""),
        ("docs.example", b"."),
        ("docs.example", b"docs.example"),
        ("docs.example", b".Docs.EXAMPLE"),
        ("a.b.docs.example", b"docs.example"),
        ("localhost", b"localhost"),
        ("127.0.0.1", b"127.0.0.1"),
    ],
)
def test_a_domain_may_be_the_host_or_a_parent(host: str, domain: bytes) -> None:
    browser = Browser(host)
    assert browser.receives(b"a=1; Domain=" + domain) == ""
    assert browser.sends() == b"a=1"


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("docs.example", b"other.example"),
        ("docs.example", b"www.docs.example"),
        ("docs.example", b"ocs.example"),
        ("docs.example", b"example"),
        ("docs.example", b"..docs.example"),
        ("docs.example", b"docs.example."),
        ("docs.example", "döcs.example".encode()),
        ("127.0.0.1", b"0.0.1"),
        ("::1", b"1"),
    ],
)
def test_any_other_domain_is_refused(host: str, domain: bytes) -> None:
    browser = Browser(host)
    assert f"does not hold {host}; leave Domain out" in browser.receives(b"a=1; Domain=" + domain)
    assert browser.sends() is None


def test_the_last_domain_counts(browser: Browser) -> None:
    assert browser.receives(b"a=1; Domain=other.example; Domain=docs.example") == ""
    assert browser.receives(b"a=1; Domain=docs.example; Domain=other.example") != ""


# Secure


def test_secure_cookies_need_a_trustworthy_url(browser: Browser) -> None:
    browser.receives(b"a=1; secure", b"b=1; SECURE=no")
    assert browser.sends() == b"a=1; b=1"
    browser.secure = False
    assert browser.sends() is None
    assert browser.shows() == ""
    assert "needs https or localhost" in browser.receives(b"c=1; Secure")


def test_secure_cookies_are_left_alone_without_https(browser: Browser) -> None:
    browser.receives(b"a=1; Secure; Path=/x")
    browser.secure = False
    assert "stand before a Secure one" in browser.receives(b"a=2; Path=/x/y")
    assert browser.receives(b"a=2; Path=/") == ""
    browser.secure = True
    assert browser.sends("/x") == b"a=1; a=2"


@pytest.mark.parametrize(
    ("scheme", "host", "trustworthy"),
    [
        ("https", "docs.example", True),
        ("wss", "docs.example", True),
        ("http", "docs.example", False),
        ("http", "localhost", True),
        ("http", "docs.localhost", True),
        ("http", "localhost.example", False),
        ("http", "127.0.0.1", True),
        ("http", "127.1.2.3", True),
        ("http", "127.0.0.1.example", False),
        ("http", "::1", True),
        ("http", "192.168.0.1", False),
    ],
)
def test_this_machine_is_trustworthy(scheme: str, host: str, trustworthy: bool) -> None:
    assert is_trustworthy(scheme, host) is trustworthy


# HttpOnly and scripts


def test_a_script_sees_all_but_http_only(browser: Browser) -> None:
    browser.receives(b"sid=1; HttpOnly", b"csrf=2", b"deep=3; Path=/x")
    assert browser.shows() == "csrf=2"
    assert browser.shows("/x") == "deep=3; csrf=2"


def test_a_script_sets_what_the_app_gets(browser: Browser) -> None:
    assert browser.script_sets(b"theme=dark; path=/") == ""
    assert browser.sends("/x") == b"theme=dark"
    browser.script_sets(b"theme=; max-age=0; path=/")
    assert browser.sends("/x") is None


@pytest.mark.parametrize("set_cookie", [b"sid=2", b"sid=; Max-Age=0", b"sid=2; HttpOnly"])
def test_a_script_cannot_touch_http_only(browser: Browser, set_cookie: bytes) -> None:
    browser.receives(b"sid=1; HttpOnly")
    assert "a script cannot" in browser.script_sets(set_cookie)
    assert browser.sends() == b"sid=1"


def test_a_script_cannot_set_http_only(browser: Browser) -> None:
    assert "a script cannot set HttpOnly" in browser.script_sets(b"a=1; httponly")


# SameSite


@pytest.mark.parametrize(
    ("attribute", "sites"),
    [
        (b"SameSite=Strict", ["same"]),
        (b"SameSite=lax", ["same", "lax"]),
        (b"SameSite=None; Secure", ["same", "lax", "cross"]),
        (b"", ["same", "lax"]),
        (b"SameSite=Strict; SameSite=odd", ["same", "lax"]),
    ],
)
def test_same_site_tells_whose_requests_carry_it(browser: Browser, attribute: bytes, sites: list[Site]) -> None:
    browser.receives(b"a=1; " + attribute)
    every: list[Site] = ["same", "lax", "cross"]
    assert [site for site in every if browser.sends(site=site)] == sites


def test_same_site_none_needs_secure(browser: Browser) -> None:
    assert "SameSite=None needs Secure" in browser.receives(b"a=1; SameSite=None")


# Prefixes


@pytest.mark.parametrize(
    "set_cookie",
    [
        b"__Secure-a=1; Secure",
        b"__Secure-a=1; Secure; Domain=docs.example; Path=/x",
        b"__Host-a=1; Secure; Path=/",
        b"__Host-a=1; Secure; Path=/guide/app; Domain=",
        b"__HostA=1",
    ],
)
def test_prefixes_that_are_kept(browser: Browser, set_cookie: bytes) -> None:
    assert browser.receives(set_cookie) == ""


@pytest.mark.parametrize(
    "set_cookie",
    [
        b"__Secure-a=1",
        b"__SECURE-a=1",
        b"__Host-a=1; Path=/",
        b"__Host-a=1; Secure",
        b"__Host-a=1; Secure; Path=",
        b"__Host-a=1; Secure; Path=/x",
        b"__hOST-a=1; Secure; Path=/; Domain=docs.example",
        b"=__Secure-a=1; Secure",
        b"__Host-a; Secure; Path=/",
    ],
)
def test_prefixes_that_are_broken(browser: Browser, set_cookie: bytes) -> None:
    assert re.search("__(Secure|Host)- needs|cannot begin like a prefix", browser.receives(set_cookie))
    assert browser.sends("/x") is None


# How many


def test_the_longest_unused_goes_first(browser: Browser) -> None:
    browser.receives(b"used=1; Path=/used", b"idle=1; Path=/idle")
    browser.now += 1
    browser.sends("/used")
    browser.receives(*(b"%d=1; Path=/" % number for number in range(MOST_COOKIES - 1)))
    assert browser.sends("/idle") == browser.sends("/")
    assert (browser.sends("/used") or b"").startswith(b"used=1; 0=1; ")
    assert len((browser.sends("/used") or b"").split(b"; ")) == MOST_COOKIES


def test_secure_cookies_stay_longest(browser: Browser) -> None:
    browser.receives(b"sid=1; Secure; Path=/")
    browser.now += 1
    browser.receives(*(b"%d=1; Path=/" % number for number in range(MOST_COOKIES)))
    sent = (browser.sends() or b"").split(b"; ")
    assert sent[:2] == [b"sid=1", b"1=1"]
    assert len(sent) == MOST_COOKIES


# Changes and keeping


def test_changes_tells_whether_other_cookies_are_kept(browser: Browser) -> None:
    seen = [browser.jar.changes]

    def changed() -> bool:
        seen.append(browser.jar.changes)
        return seen[-1] != seen[-2]

    browser.receives(b"a=1; Max-Age=60")
    assert changed()
    browser.receives(b"a=1; Max-Age=60", b"a=1; Domain=other.example", b"b=; Max-Age=0")
    browser.sends()
    assert not changed()
    browser.receives(b"a=1; Max-Age=61")
    assert changed()
    browser.now += 61
    browser.sends()
    assert changed()
    browser.receives(b"c=1")
    assert changed()
    browser.receives(b"c=; Max-Age=0")
    assert changed()


def test_a_new_worker_goes_on_with_the_same_cookies(browser: Browser) -> None:
    browser.receives(b"sid=\xe9; HttpOnly", b"b=2; Path=/x; Max-Age=60; Secure; SameSite=Strict; Domain=docs.example")
    after = Browser(root="/moved/elsewhere")
    after.jar.load(browser.jar.dump())
    assert after.jar.changes == 0
    assert after.sends("/x") == browser.sends("/x") == b"b=2; sid=\xe9"
    assert after.sends("/x", site="cross") is None
    assert after.shows("/x") == "b=2"
    after.now += 60
    assert after.sends("/x") == b"sid=\xe9"


COOKIE = json.loads(
    '{"name": "a", "value": "1", "domain": "", "path": "/", "secure": false, "http_only": false, "same_site": "",'
    ' "expires": null, "used": 0}'
)
BROKEN: list[dict[str, object]] = [
    {"name": "a\r\nb"},
    {"value": "1\0"},
    {"value": "日"},
    {"value": 1},
    {"path": ""},
    {"same_site": "odd"},
    {"same_site": []},
    {"expires": "soon"},
    {"used": None},
    {"used": 10**400},
]


def test_a_record_as_the_next_test_breaks_it(browser: Browser) -> None:
    browser.jar.load(json.dumps([COOKIE]))
    assert browser.sends() == b"a=1"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "1",
        "[1]",
        "[[]]",
        '[{"name": "a"}]',
        "[" * 100_000,
        *(json.dumps([COOKIE | change]) for change in BROKEN),
    ],
)
def test_what_is_no_dump_leaves_the_jar_as_it_was(browser: Browser, text: str) -> None:
    browser.receives(b"a=1")
    with pytest.raises(ValueError, match="These are not the cookies of a jar"):
        browser.jar.load(text)
    assert browser.sends() == b"a=1"


# Whatever comes

ATTRIBUTES = [b"Path=/x", b"Path=/guide/app", b"Max-Age=5", b"Expires=1 Jan 2030 0:0:0", b"Domain=docs.example"]
FLAGS = [b"Secure", b"HttpOnly", b"SameSite=None", b"SameSite=Strict", b"Max-Age=0"]
PIECES = st.one_of(
    st.sampled_from([b"=", b"__Host-", b"__Secure-", b"a", b"\t", *ATTRIBUTES, *FLAGS]), st.binary(max_size=12)
)
SET_COOKIES = st.one_of(
    st.binary(max_size=200), st.lists(PIECES, max_size=8).map(b";".join), st.lists(PIECES, max_size=8).map(b"".join)
)
PATHS = st.sampled_from(["/guide/app", "/guide/app/", "/guide/app/x/y", "/elsewhere", "/", ""])


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(SET_COOKIES, PATHS, st.booleans(), st.booleans()), max_size=12), PATHS)
def test_any_bytes_are_kept_or_refused_and_the_dump_holds_it_all(
    steps: list[tuple[bytes, str, bool, bool]], path: str
) -> None:
    jar, restored = Jar("docs.example", ROOT), Jar("docs.example", ROOT)
    for set_cookie, at, secure, from_script in steps:
        problem = jar.store(set_cookie, path=at, secure=secure, now=NOW, from_script=from_script)
        assert not re.search(r"[\x00-\x1f\x7f]", problem)
    restored.load(jar.dump())
    assert restored.dump() == jar.dump()
    for each in (jar, restored):
        sent = each.header(path=path, secure=True, now=NOW + 1)
        assert sent != b""
        assert not re.search(rb"[\x00-\x08\x0a-\x1f\x7f]", sent or b"")
        assert not re.search(r"[\x00-\x08\x0a-\x1f\x7f]", each.visible_to_script(path, True, NOW + 1))
    assert restored.dump() == jar.dump()


# To the standard library a name with a dollar is none; of control characters Werkzeug lets some pass as they are.
NAMES = st.text(alphabet=string.ascii_letters + string.digits + "!#%&'*+-.^`|~", min_size=1, max_size=8)
VALUES = st.text(alphabet=st.characters(exclude_categories=["Cc", "Cs"]), max_size=12)


@settings(max_examples=100)
@given(st.dictionaries(NAMES, VALUES, max_size=5))
def test_what_frameworks_set_they_read_again(values: dict[str, str]) -> None:
    """Werkzeug's cookies, and those of the standard library, which Starlette and Django use."""
    browser = Browser()
    for name, value in values.items():
        assert browser.receives(dump_cookie(name, value, path="/", max_age=60).encode("latin-1")) == ""
    assert dict(parse_cookie((browser.sends() or b"").decode("latin-1"))) == values

    plain = {name: value.encode("ascii", "ignore").decode() for name, value in values.items()}
    standard: SimpleCookie = SimpleCookie()
    for name, value in plain.items():
        try:
            standard[name] = value
            standard[name].OutputString()
        except CookieError:
            standard.pop(name, None)
    browser = Browser()
    for morsel in standard.values():
        assert browser.receives(morsel.OutputString().encode()) == ""
    read = SimpleCookie((browser.sends() or b"").decode())
    assert {name: morsel.value for name, morsel in read.items()} == {name: plain[name] for name in standard}


@given(st.binary(max_size=60))
def test_any_bytes_are_a_date_or_none(text: bytes) -> None:
    assert isinstance(parse_date(text), float | None)


@given(st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2069, 12, 31)))
def test_every_date_in_http_form_is_read(moment: datetime) -> None:
    moment = moment.replace(microsecond=0, tzinfo=UTC)
    text = time.strftime("%a, %d %b %Y %H:%M:%S GMT", moment.utctimetuple())
    assert parse_date(text.encode()) == moment.timestamp()


@given(st.text(max_size=80) | st.recursive(st.none() | st.text(), st.lists).map(json.dumps))
def test_any_text_is_a_dump_or_an_error(text: str) -> None:
    jar = Jar("docs.example", ROOT)
    try:
        jar.load(text)
    except ValueError:
        assert jar.dump() == "[]"
