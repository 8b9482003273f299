"""The static server that browser tests rely on does what a plain static host does, and fails when told to."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.site_server import StaticSite


@pytest.fixture
def site(tmp_path: Path) -> Iterator[StaticSite]:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.html").write_text("<p>docs</p>")
    (tmp_path / "big.tar.gz").write_bytes(b"x" * 300_000)
    for name in ("a.mjs", "a.js", "a.wasm", "a.json", "é ü.txt"):
        (tmp_path / name).write_text("{}")
    with StaticSite(tmp_path) as site:
        yield site


def ask(
    site: StaticSite, path: str, method: str = "GET", headers: dict[str, str] | None = None
) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection(site.host, timeout=10)
    try:
        connection.request(method, path, headers=headers or {})
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.mjs", "text/javascript; charset=utf-8"),
        ("a.js", "text/javascript; charset=utf-8"),
        ("a.wasm", "application/wasm"),
        ("a.json", "application/json"),
        ("big.tar.gz", "application/gzip"),
        ("%C3%A9%20%C3%BC.txt", "text/plain; charset=utf-8"),
    ],
)
def test_serves_files_with_their_types(site: StaticSite, name: str, kind: str) -> None:
    response, body = ask(site, site.prefix + name)
    assert response.status == 200
    assert response.headers["Content-Type"] == kind
    assert response.headers["Content-Encoding"] is None
    assert response.headers["Cache-Control"] is None
    assert len(body) == int(response.headers["Content-Length"])


def test_sends_a_folder_to_its_index(site: StaticSite) -> None:
    response, _ = ask(site, site.prefix + "docs?q=1")
    assert (response.status, response.headers["Location"]) == (301, "docs/?q=1")
    assert ask(site, site.prefix + "docs/")[1] == b"<p>docs</p>"


@pytest.mark.parametrize("path", ["a.js", "none", "docs/index.html/", "../a.js", "%2e%2e/a.js", "%00", "docs/none/"])
def test_knows_nothing_else(site: StaticSite, path: str) -> None:
    prefix = "/" if path == "a.js" else site.prefix
    assert ask(site, prefix + path)[0].status == 404


def test_answers_304_until_the_file_changes(site: StaticSite) -> None:
    etag = ask(site, site.prefix + "a.js")[0].headers["ETag"]
    response, body = ask(site, site.prefix + "a.js", headers={"If-None-Match": etag})
    assert (response.status, body, response.headers["Content-Length"]) == (304, b"", None)
    (site.root / "a.js").write_text("let changed;")
    assert ask(site, site.prefix + "a.js", headers={"If-None-Match": etag})[0].status == 200


def test_head_and_other_methods_leave_a_connection_usable(site: StaticSite) -> None:
    connection = http.client.HTTPConnection(site.host, timeout=10)
    connection.request("HEAD", site.prefix + "big.tar.gz")
    response = connection.getresponse()
    assert (response.read(), response.headers["Content-Length"]) == (b"", "300000")
    connection.request("POST", site.prefix + "a.js", body=b"12345")
    response = connection.getresponse()
    assert response.read() and (response.status, response.headers["Allow"]) == (405, "GET, HEAD")
    connection.request("GET", site.prefix + "a.js")
    assert connection.getresponse().read() == b"{}"
    connection.close()
    assert [(one.method, one.status, one.sent) for one in site.requests] == [
        ("HEAD", 200, 0),
        ("POST", 405, 23),
        ("GET", 200, 2),
    ]


def test_counts_bytes_by_pattern(site: StaticSite) -> None:
    ask(site, site.prefix + "big.tar.gz?1")
    ask(site, site.prefix + "a.js")
    assert site.sent("*.tar.gz") == 300_000
    assert site.sent() == 300_002
    assert [one.path for one in site.matching("a.*")] == [site.prefix + "a.js"]


def test_fails_in_the_ways_a_network_does(site: StaticSite) -> None:
    site.fail("*.gz", truncate=1000)
    with pytest.raises(http.client.IncompleteRead) as cut:
        ask(site, site.prefix + "big.tar.gz")
    assert len(cut.value.partial) == 1000
    site.fail("*.gz", body=b"rotten")
    assert ask(site, site.prefix + "big.tar.gz")[1] == b"rotten"
    once = site.fail("a.*", status=503, times=1)
    assert [ask(site, site.prefix + "a.js")[0].status for _ in range(2)] == [503, 200]
    assert once.hits == 1
    site.forget()
    assert len(ask(site, site.prefix + "big.tar.gz")[1]) == 300_000
    assert len(site.requests) == 1


def test_holds_an_answer_back_until_told(site: StaticSite) -> None:
    hold = threading.Event()
    site.fail("a.js", hold=hold)
    bodies: list[bytes] = []
    asker = threading.Thread(target=lambda: bodies.append(ask(site, site.prefix + "a.js")[1]))
    asker.start()
    assert ask(site, site.prefix + "a.json")[1] == b"{}"
    assert bodies == []
    hold.set()
    asker.join(10)
    assert bodies == [b"{}"]


def test_as_a_proxy_serves_itself_and_hangs_up_on_the_rest(site: StaticSite) -> None:
    assert ask(site, site.url + "a.js")[1] == b"{}"
    for target, method in (("http://foreign.test/x?y", "GET"), ("foreign.test:443", "CONNECT")):
        with pytest.raises(http.client.RemoteDisconnected):
            ask(site, target, method)
    assert site.foreign == ["http://foreign.test/x?y", "https://foreign.test:443"]
    assert [one.path for one in site.requests] == [site.prefix + "a.js"]


def test_extra_headers_go_out_with_everything(tmp_path: Path) -> None:
    with StaticSite(tmp_path, prefix="/", headers={"Cache-Control": "max-age=600"}) as site:
        assert ask(site, "/none")[0].headers["Cache-Control"] == "max-age=600"


def test_a_closed_site_is_gone_for_open_connections_too(site: StaticSite) -> None:
    connection = http.client.HTTPConnection(site.host, timeout=10)
    connection.request("GET", site.prefix + "a.js")
    connection.getresponse().read()
    site.close()
    with pytest.raises((ConnectionError, http.client.BadStatusLine)):
        connection.request("GET", site.prefix + "a.js")
        connection.getresponse()
    with pytest.raises(ConnectionRefusedError):
        ask(site, site.prefix + "a.js")
    site.close()


def test_a_prefix_without_slashes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'deep/path' must begin and end with a slash"):
        StaticSite(tmp_path, prefix="deep/path")
