"""report-page.py AXE PAGE... — looks at pages of `tally report` in Chromium; AXE is axe-core's script,
or empty.  Then the first page is spoilt in several ways, and each must be found."""

import pathlib
import re
import shutil
import struct
import sys
import zlib

import browser

AXE = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")
DRAWS = shutil.which("gnuplot") is not None
WIDTHS = 1280, 390
GROUND = {"light": (255, 255, 255), "dark": (15, 19, 24)}

# What the page is made of, as a browser has understood it.  Each sentence is a fault.
STRUCTURE = r"""(() => {
    const faults = [], all = selector => [...document.querySelectorAll(selector)];
    const must = (good, words) => { if (!good) faults.push(words); };
    const named = id => { const node = document.getElementById(id); return node && node.textContent.trim(); };

    must(document.documentElement.lang === "en", "the language is not said");
    must(all("main").length === 1 && all("nav[aria-label]").length === 1, "landmarks");
    must(all("h1").length === 1 && document.title === all("h1")[0].textContent, "title and h1");
    const links = all("nav a").map(a => a.getAttribute("href").slice(1));
    const sections = all("section[aria-labelledby]").map(s => s.getAttribute("aria-labelledby"));
    must(links.length >= 6 && links.join() === sections.join(), "the contents are " + links + ", not " + sections);
    for (const section of all("section[aria-labelledby]"))
        must(section.getBoundingClientRect().height > 40, "nothing in " + section.getAttribute("aria-labelledby"));
    let level = 0;
    for (const head of all("h1, h2, h3, h4")) {
        must(+head.tagName[1] <= level + 1, "a heading skips a level: " + head.textContent);
        level = +head.tagName[1];
    }
    for (const svg of all("svg")) {
        const box = svg.getBoundingClientRect(), ids = svg.getAttribute("aria-labelledby").split(" ");
        const name = svg.parentNode.querySelector("figcaption").textContent;
        must(svg.getAttribute("role") === "img" && ids.length === 2 && ids.every(named), name + " has no words");
        must(box.width > 250 && box.height > 50, name + " is " + box.width + " x " + box.height);
        must(svg.querySelectorAll("path, polygon, rect, circle, use").length > 2, name + " is empty");
        for (const text of svg.querySelectorAll("text")) {
            const at = text.getBoundingClientRect();
            must(at.width === 0 || (at.left > box.left - 2 && at.right < box.right + 2 &&
                 at.top > box.top - 2 && at.bottom < box.bottom + 2), name + " cuts off " + text.textContent);
        }
    }
    for (const table of all("table")) {
        const name = table.caption && table.caption.textContent;
        must(name, "a table has no caption");
        must([...table.querySelectorAll("thead th")].every(th => th.scope === "col" && th.textContent), name + ": heads");
        must([...table.tBodies[0].rows].every(row => row.cells[0].scope === "row"), name + ": heads of rows");
        must(table.tBodies[0].rows.length > 0, name + " is empty");
    }
    for (const node of all("body *")) {
        const style = getComputedStyle(node), scrolls = /auto|scroll/.test(style.overflowX + style.overflowY);
        must(!scrolls || node.tabIndex >= 0, "what scrolls is not reached by keyboard: " + node.outerHTML.slice(0, 80));
    }
    const root = document.scrollingElement;
    must(root.scrollWidth <= root.clientWidth, "the page is " + root.scrollWidth + " wide, the window " + root.clientWidth);
    return faults;
})()"""

CHECK = """axe.run(document, {resultTypes: ["violations"],
                   runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]})
    .then(found => found.violations.map(v => v.id + ": " + v.nodes.slice(0, 3).map(n => n.html.slice(0, 120)).join(" ")))"""

# All of them, on a page that has few.
OPEN = """(tables => tables.forEach(node => { node.open = tables.length < 30; }))
    (document.querySelectorAll("details"))"""


def pixels(png):
    """Rows of (red, green, blue) of a PNG that Chromium has written: 8 bits, RGB or RGBA."""
    width, height, depth, kind = struct.unpack(">IIBB", png[16:26])
    channels = {2: 3, 6: 4}[kind]
    assert depth == 8
    data, at = b"", 8
    while at < len(png):
        size, = struct.unpack(">I", png[at:at + 4])
        if png[at + 4:at + 8] == b"IDAT":
            data += png[at + 8:at + 8 + size]
        at += size + 12
    data, stride, above = zlib.decompress(data), width * channels, bytes(width * channels)
    for y in range(height):
        start = y * (stride + 1)
        line, how = bytearray(data[start + 1:start + 1 + stride]), data[start]
        for i in range(stride):
            left = line[i - channels] if i >= channels else 0
            corner = above[i - channels] if i >= channels else 0
            if how == 1:
                line[i] = line[i] + left & 255
            elif how == 2:
                line[i] = line[i] + above[i] & 255
            elif how == 3:
                line[i] = line[i] + (left + above[i]) // 2 & 255
            elif how == 4:
                guess = left + above[i] - corner
                near = min((abs(guess - left), 0, left), (abs(guess - above[i]), 1, above[i]),
                           (abs(guess - corner), 2, corner))[2]
                line[i] = line[i] + near & 255
        above = line
        yield [tuple(line[i:i + 3]) for i in range(0, stride, channels)]


def look(page, scheme):
    """Faults of how the first picture looks: ground, ink, the first run's colour."""
    box = page.evaluate("""(() => { const box = document.querySelector("svg").getBoundingClientRect();
        const style = getComputedStyle(document.documentElement);
        return [box.left + scrollX, box.top + scrollY, box.width, box.height, style.getPropertyValue("--c0")]; })()""")
    colour = tuple(bytes.fromhex(box.pop().strip()[1:]))
    counts = {}
    for row in pixels(page.screenshot(*box)):
        for pixel in row:
            counts[pixel] = counts.get(pixel, 0) + 1
    total = sum(counts.values())
    near = lambda a: sum(n for b, n in counts.items() if max(abs(x - y) for x, y in zip(a, b)) < 24)
    faults = []
    if max(counts, key=counts.get) != GROUND[scheme]:
        faults.append(f"the ground in {scheme} is {max(counts, key=counts.get)}")
    if len(counts) < 20 or not 0.02 < 1 - near(GROUND[scheme]) / total < 0.5:
        faults.append(f"the first picture in {scheme} has {len(counts)} colours, {1 - near(GROUND[scheme]) / total:.3f} drawn")
    if near(colour) < 0.001 * total:
        faults.append(f"the first run is not drawn in {colour} in {scheme}")
    return faults


def walk(page):
    """Faults of the keyboard: Tab goes through the contents, Enter opens the first table."""
    links = page.evaluate("[...document.querySelectorAll('nav a')].map(a => a.textContent)")
    reached = []
    for _ in links:
        page.press("Tab", 9)
        reached.append(page.evaluate("document.activeElement.textContent"))
    faults = [] if reached == links else [f"Tab reaches {reached}, not {links}"]
    if page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "none":
        faults.append("nothing shows where the keyboard is")
    page.evaluate("document.querySelector('summary').focus()")
    page.press("Enter", 13)
    if not page.evaluate("document.querySelector('details').open"):
        faults.append("Enter opens no table")
    return faults


def read_aloud(page):
    """Faults of what a screen reader is told of pictures and tables."""
    page.call("Accessibility.enable")
    told = {}
    for node in page.call("Accessibility.getFullAXTree")["nodes"]:
        if not node.get("ignored"):
            told.setdefault(node["role"]["value"], []).append(node.get("name", {}).get("value", ""))
    page.call("Accessibility.disable")
    faults = []
    pictures = page.evaluate("document.querySelectorAll('svg').length")
    images = [name for role in ("image", "img") for name in told.get(role, [])]
    if len(images) != pictures or not all(re.search(r"\w+ \w+", name) for name in images):
        faults.append(f"{pictures} pictures, told as {images}")
    tables = page.evaluate("[...document.querySelectorAll('table')].filter(t => t.checkVisibility()).length")
    if len(told.get("table", [])) != tables or not all(told["table"]):
        faults.append(f"{tables} tables, told as {told.get('table')}")
    if not {"main", "navigation", "heading", "columnheader", "rowheader"} <= set(told):
        faults.append(f"only {sorted(told)} are told")
    return faults


def check(page):
    """Faults that axe-core finds."""
    if not AXE:
        return []
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE + "; 0")
    return page.evaluate(CHECK)


def wide_faults(chromium, path):
    page = chromium.open(path, WIDTHS[0])
    faults = walk(page)
    page.evaluate(OPEN)
    faults += page.evaluate(STRUCTURE) + read_aloud(page)
    for scheme in "light", "dark":
        page.show(scheme)
        faults += look(page, scheme) if DRAWS else []
        faults += [f"in {scheme}: {fault}" for fault in check(page)]
    page.show("dark", "print")
    if page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)":
        faults.append("paper is not white")
    if page.evaluate("document.querySelector('nav').getBoundingClientRect().height"):
        faults.append("the contents are printed")
    pdf = page.pdf()
    if not pdf.startswith(b"%PDF-") or len(pdf) < 20000:
        faults.append("nothing comes onto paper")
    faults += page.complaints()
    page.close()
    return faults


def narrow_faults(chromium, path):
    page = chromium.open(path, WIDTHS[1])
    faults = page.evaluate(STRUCTURE)
    page.evaluate(OPEN)
    faults += page.evaluate(STRUCTURE) + page.complaints()
    page.close()
    return faults


# How the first page is spoilt, and what must be said of it then.
SPOILT = [
    (r'aria-labelledby="p1-title p1-text">\n<title.*?</desc>', 'aria-labelledby="p1-title p1-text">',
     ["has no words"] * DRAWS + ["svg-img-alt"] * bool(DRAWS and AXE)),
    (r"var\(--c0\)", "var(--ground)", ["is not drawn in"] * DRAWS),
    (r"--soft: #57606a", "--soft: #c0c4c8", ["color-contrast"] * bool(AXE)),
    (r'<html lang="en">', "<html>", ["the language is not said"]),
    (r"<caption[^>]*>.*?</caption>", "", ["no caption"]),
    (r'tabindex="0"', "", ["not reached by keyboard"]),
    (r"<h2 ([^>]*)>(.*?)</h2>", r"<h4 \1>\2</h4>", ["skips a level"]),
    (r"<summary>", "<summary hidden='hidden'>", ["Enter opens no table"]),
    (r"</main>", "<div style='width: 2000px'>x</div>"
     "<script>console.error('spoilt')</script><img alt='' src='http://127.0.0.1:9/x.png'/></main>",
     ["the page is 2", "spoilt", "asks for http"]),
]


def unseen(chromium, path):
    """What nobody says of a page that was spoilt."""
    text, wanted = path.read_text(encoding="utf-8"), []
    for pattern, instead, sentences in SPOILT:
        text, count = re.subn(pattern, instead, text, flags=re.S)
        assert count or not sentences, pattern
        wanted += sentences
    path = path.with_name("spoilt.html")
    path.write_text(text, encoding="utf-8")
    faults = wide_faults(chromium, path)
    return [f"nobody says that \"{words}\" of a page that was spoilt: {faults}"
            for words in wanted if not any(words in fault for fault in faults)]


def main():
    paths = [pathlib.Path(name) for name in sys.argv[2:]]
    with browser.Browser() as chromium:
        faults = [f"{path}: {fault}" for path in paths
                  for fault in wide_faults(chromium, path) + narrow_faults(chromium, path)]
        faults += unseen(chromium, paths[0])
    print("\n".join(faults), file=sys.stderr)
    sys.exit(bool(faults))


main()
