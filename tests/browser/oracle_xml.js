// The same of the browser's XML parser, with every beginning that XHTML may have.
async ([module]) => {
    const { withScript } = await import(module);
    const XHTML = "http://www.w3.org/1999/xhtml";
    const PROLOGUES = ["", "\ufeff", "<?xml version='1.0' encoding='utf-8'?>\n", "<!-- > <html> -->", "<?x <html> ?>\n",
        `<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">\n`,
        "<!DOCTYPE html [<!ENTITY one \"a ]> 'b\"> <!-- ]> ' --> <?p ]> ?> <!ELEMENT x ANY>] >"];
    const ROOTS = [`<html xmlns="${XHTML}">`, `<html lang='a>b' xmlns='${XHTML}' data-x="/>">`, `<x:html\n xmlns:x="${XHTML}" >`];
    const wrong = [];
    for (const prologue of PROLOGUES) for (const root of ROOTS) for (const size of [1, 3, 1000]) {
        const name = /[\w:]+/.exec(root)[0];
        const source = `${prologue}${root}<body xmlns="${XHTML}"><p>größe</p></body></${name}>`;
        const bytes = new TextEncoder().encode(source);
        const stream = new ReadableStream({start(controller) {
            for (let from = 0; from < bytes.length; from += size) controller.enqueue(bytes.slice(from, from + size));
            controller.close();
        }});
        const script = {text: "if (1 < 2 && 3 > 2) ;", data: {mark: "ours\u00e9"}};
        const body = await withScript(new Headers({"content-type": "application/xhtml+xml"}), stream, script);
        const parse = (text) => new DOMParser().parseFromString(text, "application/xhtml+xml");
        const [plain, page] = [parse(source), parse(await new Response(body).text())];
        const element = page.documentElement.firstChild;
        const right = element.localName === "script" && element.dataset?.mark === "ours\u00e9" && element.textContent === script.text;
        element.remove();
        const shape = (tree) => new XMLSerializer().serializeToString(tree);
        if (!right || shape(plain) !== shape(page)) wrong.push([source, shape(page)]);
    }
    return wrong;
}
