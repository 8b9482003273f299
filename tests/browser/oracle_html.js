// Documents of random pieces, in random chunks: the browser parses them with and without the script, and finds no
// difference but the script. Returns what was wrong.
async ([module, seed, count]) => {
    const { withScript } = await import(module);
    const random = () => {
        seed = (seed + 0x6d2b79f5) | 0;
        let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
        mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
        return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    };
    const pick = (list) => list[Math.floor(random() * list.length)];
    const EARLY = ["<!doctype html>", "<!DOCTYPE html PUBLIC '-//W3C//DTD HTML 4.01//EN' \"x>y\">", "<!doctype>", "<!doctypehtml>",
        " ", "\n", "\t\f\r\n", "<!-- c -->", "<!-->", "<!--->", "<!--a--!>", "<!-- - -- > -->", "<!-- <!-- -->", "<!-->-->",
        "<?xml version='1.0'?>", "<!foo>", "<![CDATA[x]]>", "</ y>", "</>", "</p>", "</head>", "</html>", "</br>", "</body>",
        "<html>", "<HTML lang=\"a>b\">", "<html a='>' b=c/d e = f>", "<html/>", "<html = \"x\">", "<html a=\"b\"c='d'>", "<htmlx>",
        "<head>", "<head a=\"b\">", "<HEAD\n/>", "<header>", "<html\f>", "\u00a0", "\ufeff", "\v", "é→🎉"];
    const LATE = ["<body>", "<body class=x>", "<title>t</title>", "<meta charset=utf-8>", "<script>1</" + "script>", "<p>", "text",
        "<", "<!", "<!-", "<!--", "<?", "</", "&amp;", "<frameset>", "<frame>", "<html a=\"", "<html", "<!doctype x", "<template>", "<br>",
        "<table>", "<svg>", "<noscript>", "<style>", ">", "\"", "'", "<base href=x>", "<link>"];
    const parse = (source) => new DOMParser().parseFromString(source, "text/html");
    const shape = (page) => [page.compatMode, ...Array.from(page.childNodes, (node) =>
        node.nodeType === 10 ? [node.name, node.publicId, node.systemId].join() : node.outerHTML ?? `<!--${node.data}-->`)].join("\n");
    // Behind what a parser ignores, such as a second `html`, comments and space may come into the head, and a head that
    // comes then has lost its attributes.
    const AGAIN = /<(html|head|!doctype)[^]*<(html|!doctype)|<\/[a-z]/i;
    const bare = (text) => text.replace(/<!--[^]*?-->|(?<=<head)[^>]*|\s+/g, "");
    const alike = (source, one, two) => one === two || (AGAIN.test(source) && bare(one) === bare(two));
    const wrong = [];
    for (let at = 0; at < count; at++) {
        const pieces = Array.from({length: Math.floor(random() * 7)}, () => pick(random() < 0.8 ? EARLY : LATE));
        const source = [...pieces, ...(random() < 0.5 ? [pick(LATE)] : [])].join("");
        const bytes = new TextEncoder().encode(source);
        const stream = new ReadableStream({start(controller) {
            for (let from = 0; from < bytes.length; ) {
                const size = 1 + Math.floor(random() * random() * 20);
                controller.enqueue(bytes.slice(from, (from += size)));
            }
            controller.close();
        }});
        const headers = new Headers({"content-type": "text/html; charset=utf-8"});
        const body = await withScript(headers, stream, {text: "0", data: {mark: "ours\u00e9\"<&"}});
        const result = new TextDecoder("utf-8", {ignoreBOM: true}).decode(await new Response(body).arrayBuffer());
        // A mark at the start is the decoder's business, not the parser's.
        const [plain, page] = [parse(source.replace(/^\ufeff/, "")), parse(result.replace(/^\ufeff/, ""))];
        const script = page.querySelector("script[data-mark]");
        const inserted = result.length > source.length;
        const first = script === page.scripts[0] && script === page.head?.firstElementChild && script?.dataset.mark === "ours\u00e9\"<&";
        script?.remove();
        if (inserted !== Boolean(script) || (inserted && !first) || !alike(source, shape(plain), shape(page))) wrong.push([source, result, shape(page)]);
        // Only what the document's end cuts off stays as it is.
        if (!inserted && !/<[^>]*$|<!--|<html a="/.test(source)) wrong.push([source, "not inserted"]);
    }
    return wrong;
}
