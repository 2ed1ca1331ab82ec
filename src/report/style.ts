/** The report's looks: one style sheet, light and dark by the reader's own choice. */
export const style = `
:root {
  color-scheme: light dark;
  --ground: #fbfaf8; --card: #ffffff; --text: #1d2327; --soft: #5b646b; --rule: #e3e0da; --focus: #1b6ac9;
  --kept: #2a7f78; --deleted: #d39a2d; --removed: #c4662f; --low-score: #8a63ad; --not-selected: #93a0ab;
  --rejected: #b3261e; --blank: #c9ccce; --line: #2a6fb0; --mark: #b3261e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14171a; --card: #1c2024; --text: #e8e6e1; --soft: #a0a8ae; --rule: #30363c; --focus: #7ab7ff;
    --kept: #4fb3a9; --deleted: #e0b455; --removed: #e0895a; --low-score: #b193d3; --not-selected: #8695a1;
    --rejected: #ff7a70; --blank: #5b636a; --line: #6cb0f0; --mark: #ff7a70;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 16px/1.55 system-ui, sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 32px 24px 64px; }
header h1 { font-size: 30px; line-height: 1.2; margin: 0 0 6px; overflow-wrap: anywhere; }
header p { margin: 0; color: var(--soft); }
h2 { font-size: 18px; line-height: 1.3; margin: 0 0 2px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; margin: 24px 0; padding: 0; }
.tiles div { background: var(--card); border: 1px solid var(--rule); border-radius: 8px; padding: 12px 16px; }
.tiles dt { color: var(--soft); font-size: 13px; }
.tiles dd { margin: 0; font-size: 22px; font-variant-numeric: tabular-nums; line-height: 1.3; }
.tiles small { font-size: 13px; color: var(--soft); }
section { background: var(--card); border: 1px solid var(--rule); border-radius: 8px; padding: 20px 24px; margin: 16px 0; min-width: 0; }
.note { color: var(--soft); font-size: 14px; margin: 0 0 12px; }
.pair { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 16px; }
.pair section { margin: 0; }
.pair + section, section + .pair, .pair + .pair { margin-top: 16px; }
figure { margin: 12px 0 0; }
figcaption { font-size: 14px; color: var(--soft); margin: 8px 0 0; }
svg { display: block; max-width: 100%; height: auto; font: 12px system-ui, sans-serif; overflow: visible; }
svg text, svg tspan { white-space: pre; }
svg [aria-label$="label"] { fill: var(--soft); }
svg rect:hover { filter: brightness(1.15); }
.narrow { display: none; }
table { border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums; width: 100%; }
th, td { text-align: left; padding: 4px 12px 4px 0; border-bottom: 1px solid var(--rule); vertical-align: top; }
tr:last-child > * { border-bottom: 0; }
th { font-weight: 500; color: var(--soft); }
tbody th { color: inherit; font-weight: 400; overflow-wrap: anywhere; }
.number { text-align: right; white-space: nowrap; }
.swatch { display: inline-block; width: 12px; height: 12px; border-radius: 3px; margin-right: 8px; vertical-align: -1px; }
.fates { margin-top: 14px; max-width: 560px; }
.ranking td.bar { width: 45%; padding-right: 0; }
.ranking td.bar span { display: block; height: 12px; margin-top: 5px; border-radius: 2px; background: var(--kept); min-width: 1px; }
.scroll { overflow: auto; max-height: 320px; }
.rejects { max-height: none; }
.rejects table { min-width: 600px; }
h3 { font-size: 14px; font-weight: 500; margin: 18px 0 0; }
h3 + figure { margin-top: 4px; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; padding: 0; margin: 8px 0 0; list-style: none; font-size: 14px; color: var(--soft); }
details { margin-top: 12px; font-size: 14px; }
summary { cursor: pointer; color: var(--soft); width: fit-content; border-radius: 3px; }
summary:hover { color: var(--text); }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; }
code { font: 13px/1.45 ui-monospace, monospace; overflow-wrap: anywhere; }
footer { color: var(--soft); font-size: 13px; margin-top: 24px; overflow-wrap: anywhere; }
@media (max-width: 820px) { .pair { grid-template-columns: minmax(0, 1fr); } }
@media (max-width: 560px) {
  main { padding: 20px 12px 40px; }
  section { padding: 16px; }
  header h1 { font-size: 24px; }
  .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .tiles dd { font-size: 19px; }
  .wide { display: none; }
  .narrow { display: block; }
}
@media print { body { background: none; } section { break-inside: avoid; } details { display: none; } }
`;
