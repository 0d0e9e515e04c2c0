/** The operator's page in colours and boxes. A text of its own, since a server's bundler would lose a file. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #f6f7f9;
  --card: #fff;
  --line: #d5dae1;
  --text: #1d2430;
  --quiet: #556070;
  --accent: #0b5fd0;
  --on-accent: #fff;
  --good: #12693b;
  --wait: #8a5200;
  --bad: #b3261e;
  --viewed: #b9cdea;
  --edge: #5f83ba;
  --dismissed: #b3541e;
  --accepted: #12693b;
  font: 15px / 1.5 system-ui, sans-serif;
  color: var(--text);
  background: var(--ground);
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #12161c;
    --card: #1b212a;
    --line: #3a4452;
    --text: #e8ecf2;
    --quiet: #a9b4c2;
    --accent: #7fb2ff;
    --on-accent: #10151b;
    --good: #6fd39a;
    --wait: #f2b560;
    --bad: #ff9a91;
    --viewed: #40577a;
    --edge: #8fb0de;
    --dismissed: #f0a36b;
    --accepted: #6fd39a;
  }
}
* {
  box-sizing: border-box;
}
body {
  margin: 0;
}
header,
main {
  max-width: 80rem;
  margin: 0 auto;
  padding: 0 1.25rem;
}
header {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  gap: 0.25rem 1.5rem;
  padding-block: 0.75rem;
}
main {
  padding-bottom: 3rem;
}
.brand {
  margin: 0;
  font-weight: 700;
}
nav {
  display: flex;
  flex: 1 1 24rem;
  flex-wrap: wrap;
  align-items: center;
  justify-content: space-between;
  gap: 0.25rem 1rem;
}
nav ul,
.legend {
  display: flex;
  flex-wrap: wrap;
  gap: 0.25rem 1rem;
  margin: 0;
  padding: 0;
  list-style: none;
}
nav a {
  display: block;
  padding: 0.35rem 0;
}
nav [aria-current] {
  color: var(--text);
  font-weight: 600;
  text-decoration-thickness: 2px;
}
h1 {
  margin: 0.75rem 0 1rem;
  font-size: 1.6rem;
}
h2,
caption {
  margin: 0 0 0.75rem;
  font-size: 1.05rem;
  font-weight: 600;
  text-align: start;
}
h3 {
  margin: 0;
  font-size: 1rem;
}
a {
  color: var(--accent);
  overflow-wrap: anywhere;
}
main > section {
  margin-block: 1.25rem;
  padding: 1.1rem;
  background: var(--card);
  border: 1px solid var(--line);
  border-radius: 10px;
}
.narrow {
  max-width: 34rem;
}
.hint,
.empty,
small,
figcaption {
  color: var(--quiet);
}
.skip {
  position: absolute;
  inset: 0 auto auto 0;
  padding: 0.5rem 1rem;
  background: var(--card);
}
.skip:not(:focus) {
  width: 1px;
  height: 1px;
  padding: 0;
  overflow: hidden;
  clip-path: inset(50%);
}
:focus-visible {
  outline: 2px solid var(--accent);
  outline-offset: 2px;
}
form {
  margin: 0;
}
label {
  display: grid;
  gap: 0.2rem;
  font-weight: 600;
}
input,
select,
button {
  min-height: 2.25rem;
  padding: 0.3rem 0.6rem;
  font: inherit;
  color: inherit;
  background: var(--card);
  border: 1px solid var(--quiet);
  border-radius: 6px;
}
button {
  padding-inline: 0.9rem;
  color: var(--on-accent);
  background: var(--accent);
  border-color: var(--accent);
  cursor: pointer;
}
button.quiet,
td button,
.actions button:not(.danger) {
  color: var(--accent);
  background: none;
}
button.danger {
  color: var(--card);
  background: var(--bad);
  border-color: var(--bad);
}
.filter,
.actions {
  display: flex;
  flex-wrap: wrap;
  align-items: end;
  gap: 0.75rem;
}
.actions {
  align-items: center;
  margin-top: 1rem;
}
.filter label {
  max-width: 100%;
}
.filter select {
  max-width: 18rem;
}
.stack {
  display: grid;
  gap: 0.75rem;
}
.stack button {
  justify-self: start;
}
details {
  margin-top: 0.75rem;
}
summary {
  padding-block: 0.3rem;
  cursor: pointer;
}
.fault,
.alert {
  padding: 0.6rem 0.9rem;
  color: var(--bad);
  border: 1px solid currentcolor;
  border-radius: 8px;
}
.alert {
  margin-bottom: 1rem;
}
.alert p {
  margin: 0.25rem 0 0;
  color: var(--text);
}
.done {
  padding: 0.6rem 0.9rem;
  color: var(--good);
  border: 1px solid currentcolor;
  border-radius: 8px;
}
.figures,
.facts {
  display: flex;
  flex-wrap: wrap;
  gap: 0.75rem 2rem;
  margin: 0 0 1rem;
}
.facts {
  display: grid;
  gap: 0.5rem;
}
.facts > div {
  display: grid;
  grid-template-columns: minmax(8rem, 14rem) minmax(0, 1fr);
  gap: 0 1rem;
}
dt {
  color: var(--quiet);
}
dd {
  margin: 0;
  overflow-wrap: anywhere;
}
.figures dd {
  font-size: 1.35rem;
  font-variant-numeric: tabular-nums;
}
.figures small {
  font-size: 0.9rem;
}
figure {
  margin: 0;
}
figure svg {
  overflow: visible;
}
.legend {
  color: var(--quiet);
}
.legend svg {
  margin-inline-end: 0.35rem;
}
figure svg text {
  font-size: 12px;
  fill: var(--quiet);
  /* Over bars as well. */
  paint-order: stroke;
  stroke: var(--card);
  stroke-width: 4px;
}
.grid {
  stroke: var(--line);
}
.viewed {
  fill: var(--viewed);
  stroke: var(--edge);
}
.dismissed {
  fill: var(--dismissed);
}
.accepted {
  fill: var(--accepted);
}
.scroller {
  overflow-x: auto;
}
table {
  width: 100%;
  border-collapse: collapse;
}
th,
td {
  padding: 0.4rem 0.6rem;
  text-align: start;
  vertical-align: baseline;
  border-bottom: 1px solid var(--line);
}
tbody th {
  max-width: 20rem;
  font-weight: 400;
}
td .actions {
  flex-wrap: nowrap;
  gap: 0.4rem;
  margin: 0;
}
tfoot :is(th, td) {
  font-weight: 600;
}
.number {
  text-align: end;
  font-variant-numeric: tabular-nums;
  white-space: nowrap;
}
.id {
  white-space: nowrap;
}
.state {
  font-weight: 600;
}
.state.done {
  padding: 0;
  color: var(--good);
  border: 0;
}
.state:is(.waiting, .forwarding) {
  color: var(--wait);
}
.state.dead {
  color: var(--bad);
}
.live {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  gap: 0.75rem;
}
@media (max-width: 40rem) {
  .facts > div {
    grid-template-columns: minmax(0, 1fr);
  }
}
@media (forced-colors: active) {
  .viewed {
    fill: Canvas;
    stroke: CanvasText;
  }
  .dismissed {
    fill: Highlight;
  }
  .accepted {
    fill: CanvasText;
  }
  .grid {
    stroke: GrayText;
  }
  figure svg text {
    fill: CanvasText;
    stroke: Canvas;
  }
}
`;
