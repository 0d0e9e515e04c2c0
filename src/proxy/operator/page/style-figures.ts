/** Facts, the chart, tables and the live view, also on a phone and in forced colours. */
export const FIGURES = `
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
