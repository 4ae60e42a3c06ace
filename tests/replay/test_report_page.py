# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 300
"""The report's page in a real browser: its parts, on a screen, in the dark and on paper; no request, no complaint."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import browser  # noqa: E402
from check import BUILD, TMP, between, check, finish, pagewarden, skip  # noqa: E402
import subprocess  # noqa: E402

PAGE = os.path.join(TMP, "page.html")
HISTORY = os.path.join(TMP, "day.db")

# Contrast as WCAG 2 has it, of what a person reads against what lies behind it.
CONTRAST = """
const light = c => { const [r, g, b] = c.match(/[\\d.]+/g).map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
const behind = e => { for (; e; e = e.parentElement) {
    const c = getComputedStyle(e).backgroundColor; if (!/, 0\\)$/.test(c)) return c; } return 'rgb(255, 255, 255)'; };
let worst = [99, ''];
for (const e of document.querySelectorAll('h1,h2,p,li,li b,td,th,summary,.card b,.card span,footer,svg.chart text')) {
    if (!e.textContent.trim() || !e.getClientRects().length) continue;
    const style = getComputedStyle(e), ink = light(e.matches('text') ? style.fill : style.color);
    const ground = light(behind(e.matches('text') ? e.closest('section') : e));
    const ratio = (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
    if (ratio < worst[0]) worst = [ratio, e.tagName + '.' + (e.getAttribute('class') || '') + ': ' + e.textContent.slice(0, 40)];
}
return worst;
"""

PARTS = ["summary", "findings", "machine", "suspects", "growth", "grown_groups", "grown_processes", "kills", "oom_kills",
         "oom_holders", "restarts", "shrunk_groups", "shrunk_processes", "largest_groups", "alerts", "boots", "gaps", "losses", "coverage_parts"]


def make_page():
    made = subprocess.run([os.path.join(BUILD, "tests/replay/make_history"), "day", HISTORY], check=False)
    done = pagewarden("report", "--since", "24h", "--until", "2023-11-15T23:20:00Z", "--history", HISTORY, "--format",
                      "html", "--output", PAGE)
    return check("a page is made", not made.returncode and not done.returncode, done.stderr)


def look_at_parts(b):
    order = b.run("return [...document.querySelectorAll('[id]')].map(e => e.id).filter(id => !id.endsWith('-title'))")
    check("it has its parts, in the order in which they matter", order == PARTS, order)
    empty = b.run("return [...document.querySelectorAll('section, #summary')].filter("
                  "e => e.offsetHeight < 30 || !e.innerText.trim()).map(e => e.id)")
    check("each part is seen", not empty, empty)
    check("the title names the machine", b.run("return document.title") == "Memory of srv1", b.run("return document.title"))
    summary = b.run("return document.getElementById('summary').innerText")
    check("the first sentence has the figures that matter",
          all(word in summary for word in ("2 suspected leaks (1 new)", "1 OOM kill", "4 restarts after a failure")), summary)
    rows = b.run("return [...document.querySelectorAll('#suspects tbody tr')].map(r => r.cells[0].innerText)")
    check("the suspects are standing, new and resolved", rows == ["standing", "new", "resolved"], rows)


def look_at_names(b):
    cells = b.run("return [...document.querySelectorAll('#grown_processes tbody td')].map(c => c.innerText)")
    check("a hostile name is text", "<b>\"'&\\x1b[7m" in cells, cells)
    strangers = b.run("return [...document.querySelectorAll('script,img,iframe,object,link,base,form,a,style ~ style')]"
                      ".map(e => e.outerHTML)")
    check("no name became an element", strangers == [], strangers)
    handlers = b.run("return [...document.querySelectorAll('*')].filter(e => [...e.attributes].some("
                     "a => a.name.startsWith('on'))).length")
    check("nor a handler", handlers == 0, handlers)


def look_for_who_cannot_see(b):
    charts = b.run("return [...document.querySelectorAll('svg.chart')].map(s => [s.getAttribute('role'), "
                   "s.getAttribute('aria-label'), s.querySelector('title').textContent, "
                   "(s.querySelector('desc') || {textContent: ''}).textContent])")
    check("each chart has a role, a name and a description",
          len(charts) == 3 and all(c[0] == "img" and c[1] and c[2] and c[3] for c in charts), charts)
    figures = b.run("const d = document.querySelector('#machine details'); d.open = true; "
                    "const n = d.querySelectorAll('tbody tr').length; d.open = false; return n")
    between("the machine's chart has a table behind it", figures, 24, 48)
    check("every table has heads with a scope", b.run(
        "return [...document.querySelectorAll('table')].every(t => t.tHead && [...t.tHead.rows[0].cells].every("
        "c => c.tagName == 'TH' && c.scope == 'col'))"))
    check("sections are labelled by their heads", b.run(
        "return [...document.querySelectorAll('section')].every(s => document.getElementById("
        "s.getAttribute('aria-labelledby')).tagName == 'H2')"))
    check("the language is told", b.run("return document.documentElement.lang") == "en")


def look_at_chart(b):
    box = b.run("const r = document.querySelector('#machine svg').getBoundingClientRect(), out = [];"
                "for (const e of document.querySelectorAll('#machine svg *')) { const q = e.getBoundingClientRect();"
                "if (q.width && (q.left < r.left - 1 || q.right > r.right + 1 || q.top < r.top - 1 || q.bottom > r.bottom + 1))"
                "out.push(e.outerHTML.slice(0, 80)); } return out")
    check("nothing of the chart is drawn outside", box == [], box)
    check("the OOM kill is marked", b.run("return document.querySelectorAll('#machine .mark').length") == 1)
    gaps = b.run("return [...document.querySelectorAll('#machine .gap')].map(e => e.getBoundingClientRect().width)")
    check("the gap is shown as one", len(gaps) == 1 and gaps[0] > 50, gaps)
    stretches = b.run("return document.querySelectorAll('#machine .line.c0').length")
    check("and the line breaks off there", stretches == 2, stretches)


def look_at_pixels(b, name, dark):
    colours = browser.png_colours(b.screenshot("#machine"))
    total = sum(colours.values())
    most = max(colours, key=colours.get)
    between(f"{name}: the chart is not one colour", len(colours), 50, 100000)
    between(f"{name}: and its ground is {'dark' if dark else 'light'}", sum(most), *((0, 200) if dark else (600, 765)))
    blue = sum(n for (r, g, bl), n in colours.items() if bl > r + 40 and bl > 90)
    between(f"{name}: the line and the area are drawn", blue / total, 0.002, 0.6)


def look_at_schemes(b):
    for name, media, scheme in (("light", "", "light"), ("dark", "", "dark"), ("paper", "print", "dark")):
        b.emulate(media, scheme)
        ratio, where = b.run(CONTRAST)
        between(f"{name}: everything can be read ({where!r} the least)", ratio, 4.5, 21)
    b.emulate("", "dark")
    check("in the dark the page is dark", b.run(
        "return getComputedStyle(document.body).backgroundColor.match(/\\d+/g).every(v => v < 40)"))
    look_at_pixels(b, "dark", True)
    b.emulate("print", "dark")
    check("on paper it is white, whatever the screen", b.run(
        "return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)")
    check("and nothing is there to be clicked", b.run(
        "return getComputedStyle(document.querySelector('details')).display") == "none")
    b.emulate()
    look_at_pixels(b, "light", False)


def look_at_sizes(b):
    for width in (1200, 400):
        b.devtools("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=False)
        wide = b.run("return document.scrollingElement.scrollWidth")
        between(f"{width} pixels are wide enough", wide, 1, width)
    b.devtools("Emulation.clearDeviceMetricsOverride")
    pages = len(re.findall(rb"/Type\s*/Page\b", b.pdf()))
    between("it fits some sheets of paper", pages, 1, 6)


def main():
    why = browser.missing()
    if why:
        skip("the page in a browser", why)
        finish()
    if make_page():
        b = browser.Browser()
        b.forget()
        b.open(PAGE)
        look_at_parts(b)
        look_at_names(b)
        look_for_who_cannot_see(b)
        look_at_chart(b)
        look_at_schemes(b)
        look_at_sizes(b)
        complaints, asked = b.console(), b.requests()
        check("the browser complains about nothing", complaints == [], complaints)
        check("and asked for nothing but the page", set(asked) == {"file://" + PAGE}, asked)
        b.close()
    finish()


main()
