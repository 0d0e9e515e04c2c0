/** The page around everything, its colours in light and dark, and its texts. */
export const FRAME = `
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
`;
