"""Addresses of CDNs: which file of npm each means, and what is said of those that mean none."""

from __future__ import annotations

import pytest

from sphinx_asgi_live.packing.cdn import CdnFile, cdn_file, find_cdn_files, find_complaints

JSDELIVR = "https://cdn.jsdelivr.net/npm"
UNPKG = "https://unpkg.com"


@pytest.mark.parametrize(
    ("address", "package", "path"),
    [
        (f"{JSDELIVR}/swagger-ui-dist@5/swagger-ui.css", "swagger-ui-dist@5", "swagger-ui.css"),
        (f"{JSDELIVR}/htmx.org@2.0.4/dist/htmx.min.js", "htmx.org@2.0.4", "dist/htmx.min.js"),
        (f"{JSDELIVR}/@picocss/pico@2/css/pico.min.css", "@picocss/pico@2", "css/pico.min.css"),
        (f"{JSDELIVR}/@picocss/pico", "@picocss/pico@latest", ""),
        (f"{JSDELIVR}/vue", "vue@latest", ""),
        (f"{JSDELIVR}/vue/", "vue@latest", ""),
        (f"{JSDELIVR}/vue@3", "vue@3", ""),
        (f"{JSDELIVR}/vue@^3.4/dist/vue.js", "vue@^3.4", "dist/vue.js"),
        (f"{JSDELIVR}/vue@%5E3.4/dist/vue.js", "vue@^3.4", "dist/vue.js"),
        (f"{JSDELIVR}/vue@~3.4/dist/vue.js", "vue@~3.4", "dist/vue.js"),
        (f"{JSDELIVR}/vue@3.x/dist/vue.js", "vue@3.x", "dist/vue.js"),
        (f"{JSDELIVR}/vue@next/dist/vue.js", "vue@next", "dist/vue.js"),
        (f"{JSDELIVR}/vue@3.0.0-beta.1+build/a.js", "vue@3.0.0-beta.1+build", "a.js"),
        (f"{JSDELIVR}/font/My%20Font.woff2", "font@latest", "My Font.woff2"),
        (f"{JSDELIVR}/vue@3/a.js?v=1", "vue@3", "a.js"),
        (f"{UNPKG}/react@18/umd/react.js", "react@18", "umd/react.js"),
        (f"{UNPKG}/@scope/name@1.2.3/a/b.mjs", "@scope/name@1.2.3", "a/b.mjs"),
        (f"{UNPKG}/htmx.org", "htmx.org@latest", ""),
        (f"{UNPKG}/npm@10/index.js", "npm@10", "index.js"),
        (f"{UNPKG}/npm/index.js", "npm@latest", "index.js"),
        (f"{JSDELIVR}/npm/index.js", "npm@latest", "index.js"),
    ],
)
def test_an_address_names_a_package_and_a_path(address: str, package: str, path: str) -> None:
    assert cdn_file(address) == CdnFile(address, package, path)
    assert find_cdn_files(f'<script src="{address}"></script>') == [CdnFile(address, package, path)]


@pytest.mark.parametrize(
    "address",
    [
        f"{JSDELIVR}/vue@3/+esm",
        f"{JSDELIVR}/",
        f"{JSDELIVR}/@scope",
        f"{UNPKG}/",
        "https://cdn.jsdelivr.net/gh/owner/name@1/file.js",
        "https://cdn.jsdelivr.net/combine/npm/a@1,npm/b@2",
        "https://cdn.example/npm/vue@3/a.js",
        "https://unpkg.com.example/vue@3/a.js",
    ],
)
def test_other_addresses_name_none(address: str) -> None:
    assert find_cdn_files(f'<script src="{address}"></script>') == []


def test_addresses_are_found_wherever_a_page_has_them() -> None:
    page = f"""
    <link rel=stylesheet href={UNPKG}/a@1/a.css>
    <script src='{UNPKG}/b@1/b.js#hash' integrity="x"></script>
    <script>import("{UNPKG}/c@1/c.js"); load(`{UNPKG}/d@1/d.js`); const again = "{UNPKG}/a@1/a.css"</script>
    <style>body {{ background: url({UNPKG}/e@1/e.png) }}</style>
    <div data-load="[&quot;{UNPKG}/f@1/f.js?x=1&amp;y=2&quot;]">&lt;{UNPKG}/g@1/g.js&gt;</div>
    """
    found = [file.address.removeprefix(UNPKG) for file in find_cdn_files(page)]
    assert found == [
        "/a@1/a.css", "/b@1/b.js", "/c@1/c.js", "/d@1/d.js", "/e@1/e.png", "/f@1/f.js?x=1&y=2", "/g@1/g.js"
    ]  # fmt: skip


def test_one_file_has_one_address_whatever_the_scheme() -> None:
    page = f'<script src="//unpkg.com/a@1/a.js"></script><script src="http://unpkg.com/a@1/a.js#x"></script>{UNPKG}/b'
    assert [file.address for file in find_cdn_files(page)] == [f"{UNPKG}/a@1/a.js", f"{UNPKG}/b"]


# What cannot be shipped


@pytest.mark.parametrize(
    "markup",
    [
        '<script type="module" src="{}"></script>',
        '<link rel="preload stylesheet" href="{}">',
        "<script type=module>import {{ html, render }} from '{}'; render()</script>",
        '<script type="module">import "{}"</script>',
        "<script>const vue = await import(`{}`)</script>",
        '<script type="importmap">{{"imports": {{"vue": "{}"}}}}</script>',
        "<style>@import url('{}');</style>",
    ],
)
@pytest.mark.parametrize(
    "address",
    [
        f"{JSDELIVR}/vue@3/+esm",
        "//cdn.jsdelivr.net/npm/vue@3/+esm",
        "https://esm.sh/vue@3",
        "https://cdn.jsdelivr.net/gh/owner/name@1/file.js",
        "https://cdnjs.cloudflare.com/ajax/libs/htmx/2.0.4/htmx.min.js",
    ],
)
def test_what_only_a_cdn_has_is_told_with_a_remedy(markup: str, address: str) -> None:
    assert find_complaints(markup.format(address) * 2) == [
        f"the page's {address} is not shipped: the CDN makes it, and it is in no npm package; name the file as its "
        "package has it, https://cdn.jsdelivr.net/npm/<package>@<version>/<file>, or ship it with the app"
    ]


def test_http_and_folders_are_told() -> None:
    page = """
    <script src="http://unpkg.com/a@1/a.js"></script>
    <script type="importmap">{"imports": {"lit/": "https://unpkg.com/lit@3/", "lit": "https://unpkg.com/lit@3/a.js"}}
    </script>"""
    http, folder = find_complaints(page)
    assert http.startswith("the page's http://unpkg.com/a@1/a.js does not load where the documentation is served over")
    assert http.endswith("; write https:// in the app")
    assert folder.startswith("the page's https://unpkg.com/lit@3/ is not shipped: which of its files the page needs")


@pytest.mark.parametrize(
    "markup",
    [
        '<a href="https://esm.sh/vue">esm.sh</a> https://esm.sh/vue <link rel="canonical" href="https://esm.sh/vue">',
        '<script>const shown = "https://esm.sh/vue"</script><code>import "https://esm.sh/vue"</code>',
        '<script src="https://shop.example/widget.js"></script>',
        f'<script src="{JSDELIVR}/vue@3/dist/vue.js"></script><script src="/local.js"></script><script src></script>',
        "<script src='https://[not an address'></script><style>body { color: red }</style><p title='",
    ],
)
def test_what_is_shipped_or_not_loaded_or_a_service_is_not_told(markup: str) -> None:
    assert find_complaints(markup) == []
