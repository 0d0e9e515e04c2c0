/**
 * How the inspector looks. What stands for the host is important, since of important rules those of a shadow tree win over the
 * page's own (CSS Cascade 4, §6.1).
 */
export const STYLE = `
:host {
  all: initial !important;
  display: block !important;
  position: fixed !important;
  inset: 0 !important;
  width: auto !important;
  height: auto !important;
  max-width: none !important;
  max-height: none !important;
  margin: 0 !important;
  padding: 0 !important;
  border: 0 !important;
  overflow: visible !important;
  background: none !important;
  pointer-events: none !important;
  z-index: 2147483647 !important;
  visibility: visible !important;
  opacity: 1 !important;
  color-scheme: light dark;
}
:host {
  --ink: #1a1c20;
  --quiet: #565b66;
  --paper: #fff;
  --shade: #f1f3f6;
  --line: #c9ced8;
  --counted: #0a6b3d;
  --dwelling: #0b57c2;
  --lacking: #7a4a00;
  --wrong: #b3201c;
}
.panel, .outlines { font: 13px/1.45 system-ui, sans-serif; color: var(--ink); text-align: start; }
@media (prefers-color-scheme: dark) {
  :host {
    --ink: #e9ebef;
    --quiet: #aab0bc;
    --paper: #17191d;
    --shade: #23262c;
    --line: #434853;
    --counted: #63d69b;
    --dwelling: #82b4ff;
    --lacking: #f0b95a;
    --wrong: #ff928c;
  }
}
*, ::before, ::after { box-sizing: border-box; }
.outlines { position: fixed; inset: 0; overflow: hidden; }
.outline { position: absolute; left: 0; top: 0; border: 2px solid var(--tone); border-radius: 3px; }
.outline.lacking { border-style: dashed; }
.outline.wrong { border-style: dotted; }
.counted { --tone: var(--counted); }
.dwelling { --tone: var(--dwelling); }
.lacking { --tone: var(--lacking); }
.wrong { --tone: var(--wrong); }
.label {
  position: absolute; left: -2px; bottom: 100%; display: flex; gap: 4px; align-items: center; max-width: calc(100% + 4px);
  padding: 1px 6px; overflow: hidden; white-space: nowrap; text-overflow: ellipsis; font-size: 12px;
  background: var(--paper); color: var(--tone); border: 1px solid var(--tone); border-radius: 3px;
}
.label span { overflow: hidden; text-overflow: ellipsis; }
.label.inside { bottom: auto; top: 0; }
.ring { flex: none; transform: none; }
.ring circle { fill: none; stroke-width: 4; }
.ring-track { stroke: var(--line); }
.ring-share { stroke: var(--tone, var(--dwelling)); }
.panel {
  pointer-events: auto; position: fixed; right: 8px; top: 8px; bottom: 8px; width: min(400px, calc(100vw - 16px));
  display: flex; flex-direction: column; background: var(--paper); border: 1px solid var(--line); border-radius: 8px;
  box-shadow: 0 4px 24px rgb(0 0 0 / 25%);
}
.panel.folded { bottom: auto; }
@media (max-width: 600px) {
  .panel { left: 8px; top: auto; width: auto; max-height: 50vh; }
}
header { display: flex; gap: 6px; align-items: center; padding: 8px; border-bottom: 1px solid var(--line); }
.folded header { border-bottom: 0; }
h1 { margin: 0; font-size: 14px; }
header [role='status'] { flex: 1; min-width: 0; color: var(--quiet); }
.body { overflow: auto; padding: 0 12px 12px; overscroll-behavior: contain; }
button, textarea, input {
  font: inherit; color: inherit; background: var(--shade); border: 1px solid var(--line); border-radius: 5px; padding: 2px 8px;
}
form { display: contents; }
button { min-height: 26px; cursor: pointer; white-space: nowrap; }
input { margin: 0 0 6px; }
textarea { width: 100%; font-family: ui-monospace, monospace; font-size: 11px; }
a { color: var(--dwelling); }
:focus-visible { outline: 2px solid var(--dwelling); outline-offset: 1px; }
summary { cursor: pointer; padding: 8px 0 4px; }
h2 { display: inline; margin: 0; font-size: 13px; }
ul, ol { list-style: none; margin: 0; padding: 0; }
ul > li { padding: 6px 0 6px 8px; margin: 4px 0; border-left: 3px solid var(--tone, var(--line)); background: var(--shade); }
.row { display: flex; flex-wrap: wrap; gap: 6px; align-items: center; }
.row code { overflow-wrap: anywhere; }
.row button, .row a { margin-left: auto; margin-right: 6px; }
code { font-family: ui-monospace, monospace; font-size: 12px; overflow-wrap: anywhere; }
.standing { color: var(--tone); font-weight: 600; }
p { margin: 4px 6px 0 0; overflow-wrap: anywhere; }
.quiet, time, dt { color: var(--quiet); }
.hint { color: var(--lacking); }
.problem { color: var(--wrong); font-weight: 600; }
.steps { display: flex; flex-wrap: wrap; gap: 2px 10px; margin-top: 4px; color: var(--quiet); }
.steps li::before { content: '○ '; }
.steps .done { color: var(--counted); }
.steps .done::before { content: '● '; }
dl { margin: 0; }
dl > div { display: grid; grid-template-columns: 110px 1fr; gap: 8px; padding: 2px 0; }
dd { margin: 0; overflow-wrap: anywhere; }
dl .wrong dd { color: var(--wrong); }
table { width: 100%; border-collapse: collapse; font-size: 12px; }
th, td { text-align: left; vertical-align: top; padding: 2px 6px 2px 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; font-weight: normal; }
thead th { color: var(--quiet); }
@media (forced-colors: active) {
  .outline { border-color: Highlight; }
  .label { border-color: CanvasText; color: CanvasText; }
  .ring-track { stroke: GrayText; }
  .ring-share { stroke: Highlight; }
}
@media print {
  :host { display: none !important; }
}
`;
