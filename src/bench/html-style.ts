/** Twelve colors that can be told apart; the second list is for dark grounds. Order: as methods are listed. */
const LIGHT = [
  '#8a8f98',
  '#3b6fd4',
  '#2a9d8f',
  '#9b6dd6',
  '#e4572e',
  '#b5301a',
  '#7a5a2f',
  '#4b5563',
  '#1d4e89',
  '#6a994e',
  '#bc6c25',
  '#ad2e6f',
]
const DARK = [
  '#9aa0aa',
  '#7aa5ff',
  '#4fd1bf',
  '#c3a0f5',
  '#ff8a63',
  '#ff6b52',
  '#d1ab76',
  '#a7b0bd',
  '#74b0f0',
  '#a3cf86',
  '#eba25e',
  '#f084b8',
]

/** Number of method colors, `--c0` and on. */
export const COLORS = LIGHT.length

const variables = (colors: readonly string[]) => colors.map((color, i) => `--c${i}:${color}`).join(';')

/** The report's only style sheet: the system's fonts, light or dark as the reader has it. */
export const STYLE = `
:root{color-scheme:light dark;--ground:#fff;--ink:#1d2026;--dim:#5d6470;--line:#d9dce1;--soft:#f4f5f7;--warning:#b45309;${variables(LIGHT)}}
@media (prefers-color-scheme:dark){:root{--ground:#15171b;--ink:#e6e8ec;--dim:#a0a7b3;--line:#363b44;--soft:#1e2127;--warning:#f5b04c;${variables(DARK)}}}
body{margin:0 auto;padding:2rem 1.25rem 4rem;max-width:70rem;background:var(--ground);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
h1{font-size:1.7rem;margin:0 0 1rem}
h2{font-size:1.3rem;margin:2.5rem 0 .5rem;padding-top:1rem;border-top:1px solid var(--line)}
h3{font-size:1rem;margin:1.5rem 0 .4rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem;margin:0;padding:1rem;background:var(--soft);border-radius:8px}
dt{color:var(--dim)}
dd{margin:0;overflow-wrap:anywhere}
code{font:.9em ui-monospace,monospace}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-size:.87rem;font-variant-numeric:tabular-nums;width:100%}
th,td{padding:.3rem .6rem;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}
th{color:var(--dim);font-weight:500;white-space:normal;vertical-align:bottom}
th:first-child,td:first-child{text-align:left}
.projected td:nth-child(-n+3),.projected th:nth-child(-n+3){text-align:left}
.projected{border-left:4px solid var(--warning);padding-left:1rem}
.warning{color:var(--warning);font-weight:600}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.3rem 1.1rem;padding:0;margin:.5rem 0 1rem;font-size:.87rem}
.legend i{display:inline-block;width:.8em;height:.8em;border-radius:2px;margin-right:.45em}
figure{margin:1.5rem 0}
figcaption,summary{color:var(--dim);margin-bottom:.4rem}
summary{cursor:pointer}
details{margin:.6rem 0}
svg{max-width:100%;height:auto;color:var(--ink)}
footer{margin-top:2.5rem;color:var(--dim);font-size:.87rem}
`
