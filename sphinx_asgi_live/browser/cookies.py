"""The cookies of one app, kept and given out as a browser does: RFC 6265bis.

Invariants: a path in a jar is the app's own, without the root that the docs serve it under, so `/` is the app's
root for apps that know it and apps that do not, and a jar outlives a move of the docs. What is kept holds no
control character but the tab. The jar's order is the order of creation; a cookie that replaces one has its place.

https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis (section numbers are those of its draft 22).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias
from urllib.parse import unquote

Site: TypeAlias = Literal["same", "lax", "cross"]
"""Who made a request: this site; another by navigating a whole tab here with GET or HEAD; another in any other way."""

# Which of the SameSite values are sent with such a request; the empty one stands for no attribute or a strange one.
SENT: dict[Site, frozenset[str]] = {
    "same": frozenset({"strict", "lax", "none", ""}),
    "lax": frozenset({"lax", "none", ""}),
    "cross": frozenset({"none"}),
}

LONGEST_LIFE = 400 * 24 * 3600.0
"""Seconds that a cookie may live from when it was last set."""
LARGEST_PAIR = 4096
"""Bytes of a name and its value together."""
LARGEST_ATTRIBUTE = 1024
"""Bytes of an attribute's value."""
MOST_COOKIES = 180
"""Cookies in a jar, as many as Chromium keeps for a site."""

CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
WHITESPACE = b" \t"
MAX_AGE = re.compile(rb"-?[0-9]+")

# Section 5.1.1
DATE_DELIMITER = re.compile(rb"[\t\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+")
DATE_TIME = re.compile(rb"(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\D.*)?", re.DOTALL)
DATE_DAY = re.compile(rb"(\d{1,2})(?:\D.*)?", re.DOTALL)
DATE_YEAR = re.compile(rb"(\d{2,4})(?:\D.*)?", re.DOTALL)
MONTHS = [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"]


@dataclass(slots=True)
class Cookie:
    """A cookie as it is kept.

    `domain` is empty for one without Domain, which is for its host only. `same_site` is in lower case, empty for
    the default. Times are in seconds since 1970; `expires` is None for a session's cookie.
    """

    name: bytes
    value: bytes
    domain: str
    path: bytes
    secure: bool
    http_only: bool
    same_site: str
    expires: float | None
    used: float = field(compare=False)

    @property
    def key(self) -> tuple[bytes, str, bytes]:
        """What makes it another cookie."""
        return self.name, self.domain, self.path

    @property
    def pair(self) -> bytes:
        """As it stands in the header."""
        return self.name + b"=" + self.value if self.name else self.value

    def is_over(self, now: float) -> bool:
        """Whether its time is up."""
        return self.expires is not None and self.expires <= now

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Cookie:
        """The cookie of a record in a dump; raises ValueError, KeyError, TypeError or AttributeError if it is none."""
        name, value, path = (record[key].encode("latin-1") for key in ("name", "value", "path"))
        expires, same_site = record["expires"], record["same_site"]
        if CONTROL.search(name + value) or not path.startswith(b"/") or same_site not in SENT["same"]:
            raise ValueError(f"This is no cookie: {record!r:.80}.")
        return cls(
            name=name,
            value=value,
            domain=str(record["domain"]),
            path=path,
            secure=bool(record["secure"]),
            http_only=bool(record["http_only"]),
            same_site=same_site,
            expires=None if expires is None else float(expires),
            used=float(record["used"]),
        )


class Jar:
    """The cookies of one app.

    `host` is the docs' host in lower case, without a port; `root` the app's root as in `URL.pathname`. Every
    `path` is that of a request or of a page, percent-encoded, with the root in front. `secure` tells whether its
    URL is trustworthy, `now` is in seconds since 1970. `changes` grows whenever other cookies are kept than before.
    """

    def __init__(self, host: str, root: str) -> None:
        self.host = host
        self.changes = 0
        self._roots = _spellings(root.rstrip("/"))
        self._cookies: dict[tuple[bytes, str, bytes], Cookie] = {}

    def store(self, set_cookie: bytes, *, path: str, secure: bool, now: float, from_script: bool = False) -> str:
        """Keep, replace or delete the cookie of a `Set-Cookie` header, or of what a script gave `document.cookie`.

        Returns why it is refused, for the log; empty if it is not.
        """
        self._drop(lambda cookie: cookie.is_over(now))
        name, value, attributes = _parse(set_cookie)
        cookie = Cookie(
            name=name,
            value=value,
            domain=self._own_domain(attributes.get(b"domain", b"")),
            path=self._own_path(attributes.get(b"path", b""), path),
            secure=b"secure" in attributes,
            http_only=b"httponly" in attributes,
            same_site=_same_site(attributes),
            expires=_expiry(attributes, now),
            used=now,
        )
        refusal = (
            _malformed(set_cookie, cookie)
            or self._foreign(cookie.domain)
            or _breaks_its_prefix(cookie, attributes)
            or self._forbidden(cookie, secure, from_script)
        )
        if refusal:
            return f"The cookie {name.decode(errors='replace')!r:.80} is refused: {refusal}."
        self._keep(cookie, now)
        return ""

    def header(self, *, path: str, secure: bool, now: float, site: Site = "same") -> bytes | None:
        """Return the value of a request's `Cookie` header, None if it has none."""
        found = [cookie for cookie in self._matching(path, secure, now) if cookie.same_site in SENT[site]]
        for cookie in found:
            cookie.used = now
        return b"; ".join(cookie.pair for cookie in found) or None

    def visible_to_script(self, path: str, secure: bool, now: float) -> str:
        """Return what `document.cookie` is in the app's page at `path`."""
        found = [cookie for cookie in self._matching(path, secure, now) if not cookie.http_only]
        return b"; ".join(cookie.pair for cookie in found).decode(errors="replace")

    def dump(self) -> str:
        """Return all cookies as JSON, those of a session too: the worker is stopped while its reader reads on."""
        records = [asdict(cookie) for cookie in self._cookies.values()]
        return json.dumps(records, default=lambda octets: octets.decode("latin-1"), separators=(",", ":"))

    def load(self, text: str) -> None:
        """Hold exactly the cookies that `dump` gave; that alone is no change.

        Raises ValueError if the text is not from there, and then leaves the jar as it was.
        """
        try:
            cookies = [Cookie.from_json(record) for record in json.loads(text)]
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise ValueError(f"These are not the cookies of a jar: {text!r:.80}. Delete them.") from error
        self._cookies = {cookie.key: cookie for cookie in cookies}

    def _matching(self, path: str, secure: bool, now: float) -> list[Cookie]:
        self._drop(lambda cookie: cookie.is_over(now))
        own = self._without_root(path.encode())
        found = [
            cookie
            for cookie in self._cookies.values()
            if _path_matches(own, cookie.path) and (secure or not cookie.secure)
        ]
        return sorted(found, key=lambda cookie: -len(cookie.path))

    def _without_root(self, path: bytes) -> bytes:
        """Return the app's own path; one outside the root is that already, of an app that does not know its root."""
        for root in self._roots:
            if path == root or path.startswith(root + b"/"):
                return path[len(root) :] or b"/"
        return path

    def _own_path(self, attribute: bytes, request_path: str) -> bytes:
        if attribute.startswith(b"/"):
            return self._without_root(attribute)
        # Section 5.1.4, default-path
        return self._without_root(request_path.encode()).rpartition(b"/")[0] or b"/"

    def _own_domain(self, attribute: bytes) -> str:
        domain = attribute.decode("latin-1").removeprefix(".").lower()
        # A top-level domain, which `localhost` is too, has cookies for that very host only.
        return "" if domain == self.host and "." not in domain else domain

    def _foreign(self, domain: str) -> str:
        """Tell what is wrong with a Domain, if it is neither the host nor a parent that a browser would take.

        Of the public suffixes only the top-level domains are known here; a cookie never leaves the jar anyway.
        """
        is_address = ":" in self.host or self.host.rpartition(".")[2].isdigit()
        is_parent = self.host.endswith("." + domain) and "." in domain and not is_address
        if not domain or domain == self.host or is_parent:
            return ""
        return f"Domain={domain!r:.80} does not hold {self.host}; leave Domain out"

    def _forbidden(self, cookie: Cookie, secure: bool, from_script: bool) -> str:
        """Tell what forbids the one who sets this cookie to do so."""
        if from_script and cookie.http_only:
            return "a script cannot set HttpOnly"
        if cookie.secure and not secure:
            return "Secure needs https or localhost"
        if cookie.same_site == "none" and not cookie.secure:
            return "SameSite=None needs Secure"
        old = self._cookies.get(cookie.key)
        if old and old.http_only and from_script:
            return "a script cannot replace an HttpOnly cookie"
        if not secure and any(_shadows(cookie, each) for each in self._cookies.values()):
            return "it would stand before a Secure one of that name, which needs https or localhost"
        return ""

    def _keep(self, cookie: Cookie, now: float) -> None:
        if cookie.is_over(now):
            self._drop(lambda each: each.key == cookie.key)
            return
        self.changes += self._cookies.get(cookie.key) != cookie
        self._cookies[cookie.key] = cookie
        while len(self._cookies) > MOST_COOKIES:
            # Section 5.7, at its end; of those equally long unused the oldest.
            least = min(self._cookies.values(), key=lambda each: (each.secure, each.used))
            del self._cookies[least.key]

    def _drop(self, condition: Callable[[Cookie], bool]) -> None:
        dropped = [key for key, cookie in self._cookies.items() if condition(cookie)]
        for key in dropped:
            del self._cookies[key]
        self.changes += bool(dropped)


def is_trustworthy(scheme: str, host: str) -> bool:
    """Whether Secure cookies are for an origin: https, and this machine without it, as in browsers.

    https://www.w3.org/TR/secure-contexts/#is-origin-trustworthy
    """
    local = host == "localhost" or host.endswith(".localhost") or host == "::1"
    return scheme in ("https", "wss") or local or re.fullmatch(r"127(\.\d{1,3}){3}", host) is not None


def parse_date(text: bytes) -> float | None:
    """Return the time that an Expires means, in seconds since 1970; None if it means none (section 5.1.1)."""
    time: list[int] | None = None
    day = month = year = None
    for token in DATE_DELIMITER.split(text):
        if time is None and (match := DATE_TIME.fullmatch(token)):
            time = [int(part) for part in match.groups()]
        elif day is None and (match := DATE_DAY.fullmatch(token)):
            day = int(match[1])
        elif month is None and token[:3].lower() in MONTHS:
            month = MONTHS.index(token[:3].lower()) + 1
        elif year is None and (match := DATE_YEAR.fullmatch(token)):
            year = int(match[1])
    if time is None or day is None or month is None or year is None:
        return None
    year += 1900 if 70 <= year <= 99 else 2000 if year <= 69 else 0
    hour, minute, second = time
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp() if year >= 1601 else None
    except ValueError:
        return None


def _parse(set_cookie: bytes) -> tuple[bytes, bytes, dict[bytes, bytes]]:
    """Return name, value and attributes (by names in lower case, the last of several that is sound) of section 5.6."""
    pair, *rest = set_cookie.split(b";")
    name, equals, value = pair.partition(b"=")
    if not equals:
        name, value = b"", pair
    attributes: dict[bytes, bytes] = {}
    for each in rest:
        key, _, content = (part.strip(WHITESPACE) for part in each.partition(b"="))
        key = key.lower()
        unsound = (key == b"max-age" and not MAX_AGE.fullmatch(content)) or (
            key == b"expires" and parse_date(content) is None
        )
        if len(content) <= LARGEST_ATTRIBUTE and not unsound:
            attributes[key] = content
    return name.strip(WHITESPACE), value.strip(WHITESPACE), attributes


def _expiry(attributes: dict[bytes, bytes], now: float) -> float | None:
    if b"max-age" in attributes:
        return now + max(0, min(int(attributes[b"max-age"]), LONGEST_LIFE))
    expires = parse_date(attributes.get(b"expires", b""))
    return None if expires is None else min(expires, now + LONGEST_LIFE)


def _same_site(attributes: dict[bytes, bytes]) -> str:
    value = attributes.get(b"samesite", b"").lower().decode("latin-1")
    return value if value in SENT["same"] else ""


def _malformed(set_cookie: bytes, cookie: Cookie) -> str:
    if CONTROL.search(set_cookie):
        return "it holds a control character; encode it"
    if not cookie.name and not cookie.value:
        return "it has neither a name nor a value"
    if (size := len(cookie.name) + len(cookie.value)) > LARGEST_PAIR:
        return f"its name and value have {size:,} bytes, more than the {LARGEST_PAIR:,} that browsers keep"
    return ""


def _breaks_its_prefix(cookie: Cookie, attributes: dict[bytes, bytes]) -> str:
    """Tell what a cookie lacks that its name promises; any case, as servers may not mind the case (section 5.4)."""
    # One without a name would be taken for what its value begins with.
    name = (cookie.name or cookie.value).lower()
    if name.startswith((b"__secure-", b"__host-")) and not cookie.name:
        return "a cookie without a name cannot begin like a prefix"
    if name.startswith(b"__secure-") and not cookie.secure:
        return "__Secure- needs Secure"
    at_root = attributes.get(b"path", b"").startswith(b"/") and cookie.path == b"/"
    if name.startswith(b"__host-") and not (cookie.secure and at_root and not cookie.domain):
        return "__Host- needs Secure and Path=/, and no Domain"
    return ""


def _shadows(cookie: Cookie, kept: Cookie) -> bool:
    """Whether it would be taken for a Secure cookie that is kept: "leave Secure cookies alone", section 5.7."""
    return kept.secure and kept.name == cookie.name and _path_matches(cookie.path, kept.path)


def _path_matches(path: bytes, cookie_path: bytes) -> bool:
    """Section 5.1.4."""
    return path == cookie_path or path.startswith(cookie_path if cookie_path.endswith(b"/") else cookie_path + b"/")


def _spellings(root: str) -> list[bytes]:
    """Return the root as a browser writes it, and as an app may that puts its `root_path` in a header."""
    decoded = unquote(root)
    return list(dict.fromkeys([root.encode(), decoded.encode(), decoded.encode("latin-1", errors="replace")]))
