/* style.c — how a report looks: in light and in dark, on a phone and on paper.
 *
 * Colours --c0 to --c17 are those of plot.h: of runs, of parts of a step, of links.
 * Names are written in those of runs, which keep 4.5:1 against their ground in both
 * schemes (WCAG 2.1, 1.4.3); the others keep 3:1 (1.4.11).  Neighbours differ in
 * lightness as well as in hue. */

#include "cli/report/sheet.h"

#include <stddef.h>

/* Of light screens and of paper. */
static const char light[] =
    "  --c0: #0a62b5; --c1: #c4490b; --c2: #0b7a55; --c3: #8d3fa8; --c4: #8a6500; --c5: #b8265f;\n"
    "  --c6: #1f7687; --c7: #5d5d5d; --c8: #42576f; --c9: #7a5ab0; --c10: #c2410c; --c11: #b07410;\n"
    "  --c12: #ad4f93; --c13: #0e7490; --c14: #2f7d54; --c15: #7b828c; --c16: #4f7fb5; --c17: #c2410c;\n";

static const char dark[] =
    "  --c0: #62b0ff; --c1: #ff9857; --c2: #46d39a; --c3: #d59bf0; --c4: #e3c04b; --c5: #ff86ae;\n"
    "  --c6: #6fd6e8; --c7: #b9bfc6; --c8: #90a6bf; --c9: #b9a2ea; --c10: #ff9360; --c11: #e9bf5e;\n"
    "  --c12: #e79cd2; --c13: #5cc8de; --c14: #6bd39b; --c15: #7d8793; --c16: #86aede; --c17: #ff9360;\n";

static const char screen[] =
    ":root { color-scheme: light dark; --ground: #fff; --ink: #1b1f24; --soft: #57606a;\n"
    "  --axis: #8c959f; --grid: #e4e8ec; --rule: #d0d7de; --shade: #f6f8fa; --link: #0550ae;\n";

static const char night[] =
    "}\n"
    "@media (prefers-color-scheme: dark) {\n"
    "  :root { --ground: #0f1318; --ink: #e6eaef; --soft: #a3adb8; --axis: #76818d;\n"
    "    --grid: #262d35; --rule: #323a44; --shade: #171d24; --link: #7ab8ff;\n";

static const char paper[] =
    "} }\n"
    "@media print {\n"
    "  :root { color-scheme: light; --ground: #fff; --ink: #000; --soft: #444;\n"
    "    --axis: #777; --grid: #ddd; --rule: #bbb; --shade: #fff; --link: #000;\n";

static const char text[] =
    "} }\n"
    "* { box-sizing: border-box; }\n"
    "html { scroll-padding-top: 4rem; }\n"
    "body { margin: 0; background: var(--ground); color: var(--ink);\n"
    "  font: 1rem/1.55 system-ui, -apple-system, \"Segoe UI\", \"Noto Sans\", sans-serif; }\n"
    "main { max-width: 80rem; margin: 0 auto; padding: 2rem clamp(1rem, 4vw, 3rem) 3rem; }\n"
    "h1 { font-size: clamp(1.6rem, 4vw, 2.3rem); line-height: 1.15; margin: 0 0 .5rem;\n"
    "  letter-spacing: -.015em; overflow-wrap: anywhere; text-wrap: balance; }\n"
    "h2 { font-size: 1.4rem; line-height: 1.25; margin: 2.75rem 0 .5rem; letter-spacing: -.01em; }\n"
    "h3 { font-size: 1.05rem; margin: 1.75rem 0 .25rem; overflow-wrap: anywhere; }\n"
    "p { max-width: 46rem; margin: .4rem 0 1rem; overflow-wrap: anywhere; color: var(--soft); }\n"
    "a { color: var(--link); }\n"
    ":focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }\n"
    "nav { background: var(--ground); border-bottom: 1px solid var(--rule); }\n"
    "nav ul, .legend { list-style: none; display: flex; flex-wrap: wrap; gap: .25rem 1.25rem;\n"
    "  padding: 0; margin: .5rem 0; }\n"
    "nav a { display: inline-block; padding: .25rem 0; }\n"
    "@media (min-width: 60rem) { nav { position: sticky; top: 0; z-index: 2; } }\n"
    ".facts { display: flex; flex-wrap: wrap; gap: .75rem; margin: .75rem 0 1.25rem; }\n"
    ".facts div { flex: 1 1 9rem; background: var(--shade); border: 1px solid var(--rule);\n"
    "  border-radius: .6rem; padding: .7rem 1rem; }\n"
    "dt { font-size: .88rem; color: var(--soft); }\n"
    "dd { margin: 0; font-size: 1.5rem; line-height: 1.3; font-weight: 650;\n"
    "  font-variant-numeric: tabular-nums; }\n"
    ".pictures { display: grid; gap: 1rem; margin: .75rem 0; align-items: start;\n"
    "  grid-template-columns: repeat(auto-fill, minmax(min(100%, 21rem), 1fr)); }\n"
    "figure { margin: 0; max-width: 27rem; border: 1px solid var(--rule); border-radius: .6rem;\n"
    "  padding: .7rem .8rem .4rem; min-width: 0; }\n"
    "figure:only-child { max-width: 32rem; grid-column: 1 / -1; }\n"
    "figure svg { display: block; width: 100%; height: auto; color: var(--ink); }\n"
    "figure p { font-size: .85rem; margin: .25rem 0 .35rem; } figcaption { font-size: .92rem; font-weight: 600; overflow-wrap: anywhere;\n"
    "  margin-bottom: .3rem; }\n"
    ".legend { font-size: .9rem; } .legend li { display: flex; align-items: center; }\n"
    ".chip { flex: none; width: .9rem; height: .9rem; border-radius: .2rem; margin-right: .45rem;\n"
    "  print-color-adjust: exact; -webkit-print-color-adjust: exact; }\n"
    ".c0 { background: var(--c0); } .c1 { background: var(--c1); } .c2 { background: var(--c2); }\n"
    ".c3 { background: var(--c3); } .c4 { background: var(--c4); } .c5 { background: var(--c5); }\n"
    ".c6 { background: var(--c6); } .c7 { background: var(--c7); } .c8 { background: var(--c8); }\n"
    ".c9 { background: var(--c9); } .c10 { background: var(--c10); } .c11 { background: var(--c11); }\n"
    ".c12 { background: var(--c12); } .c13 { background: var(--c13); } .c14 { background: var(--c14); }\n"
    ".c15 { background: var(--c15); } .c16 { background: var(--c16); } .c17 { background: var(--c17); }\n";

static const char tables[] =
    ".table { overflow: auto; margin: .5rem 0 1.25rem; }\n"
    "table { border-collapse: separate; border-spacing: 0; font-size: .92rem;\n"
    "  font-variant-numeric: tabular-nums; }\n"
    "caption { text-align: left; color: var(--soft); padding: 0 0 .4rem; position: sticky; left: 0;\n"
    "  max-width: calc(100vw - 2rem); }\n"
    "th, td { text-align: left; vertical-align: top; padding: .35rem 1.2rem .35rem 0;\n"
    "  border-bottom: 1px solid var(--rule); }\n"
    "thead th { border-bottom: 2px solid var(--axis); vertical-align: bottom; max-width: 10rem; }\n"
    "th[scope=row] { font-weight: 600; white-space: nowrap; position: sticky; left: 0;\n"
    "  background: var(--ground); max-width: 45vw; overflow-wrap: anywhere; }\n"
    "tbody tr:hover > * { background: var(--shade); }\n"
    ".number { text-align: right; } td.number { white-space: nowrap; }\n"
    "td { overflow-wrap: break-word; }\n"
    ".tables { display: flex; flex-wrap: wrap; gap: .5rem; margin: .75rem 0 1.25rem; }\n"
    ".tables details { min-width: 0; max-width: 100%; } .tables details[open] { flex-basis: 100%; }\n"
    "summary { cursor: pointer; color: var(--link); font-size: .92rem; width: fit-content;\n"
    "  max-width: 100%; overflow-wrap: anywhere; padding: .25rem .8rem; background: var(--shade);\n"
    "  border: 1px solid var(--rule); border-radius: .5rem; }\n"
    "details > .table { max-height: 32rem; }\n"
    ".beside details > .table { max-height: 20rem; margin-bottom: .25rem; }\n"
    "@media screen and (min-width: 60rem) {\n"
    "  .pictures:has(> figure:only-child) { float: left; width: 24rem; margin: 0 1.5rem 0 0; }\n"
    "  h3, section::after { clear: both; } section::after { content: \"\"; display: block; } }\n"
    "details thead th { position: sticky; top: 0; z-index: 1; background: var(--ground); }\n"
    "details caption { position: absolute; width: 1px; height: 1px; overflow: hidden;\n"
    "  clip-path: inset(50%); white-space: nowrap; }\n"
    "pre { background: var(--shade); border: 1px solid var(--rule); border-radius: .5rem;\n"
    "  padding: .75rem 1rem; overflow-x: auto; font-size: .88rem; white-space: pre-wrap;\n"
    "  overflow-wrap: anywhere; }\n"
    "pre span { display: inline-block; }\n"
    "footer p { font-size: .88rem; border-top: 1px solid var(--rule); padding-top: 1rem;\n"
    "  margin-top: 3rem; max-width: none; }\n"
    "@media print {\n"
    "  nav, details:not([open]) { display: none; } body { font-size: 9.5pt; }\n"
    "  main { max-width: none; padding: 0; }\n"
    "  figure, tr, pre, .facts { break-inside: avoid; } h2, h3, .legend { break-after: avoid; }\n"
    "  .table, details > .table { overflow: visible; max-height: none; }\n"
    "  .pictures { grid-template-columns: repeat(3, 1fr); gap: .6rem; }\n"
    "  figure:only-child { grid-column: auto; }\n"
    "  table { font-size: 8pt; } th, td { padding-right: .6rem; }\n"
    "  th[scope=row] { position: static; max-width: none; }\n"
    "  figcaption { font-size: 8.5pt; } figure p { font-size: 7.5pt; } }\n";

const char *const report_css[] = {screen, light, night,  dark, paper,
                                  light,  text,  tables, NULL};
