/** The page on privacy lists every metric, and in each metric's row every label of it. */
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { METRICS as SECTION } from '../../e2e/fixtures/privacy-headings.js';
import { readPrivacyPage } from '../../e2e/fixtures/privacy-page.js';
import { placesOfMetrics } from '../../e2e/fixtures/privacy-places.js';
import { METRICS, type Metric } from '../../src/proxy/cli/metric-names.js';
import { createMetrics } from '../../src/proxy/cli/metrics.js';
import {
  AT_THE_PROXY,
  callsOf,
  lineOf,
  nodesOf,
  parse,
  read,
  sourcesOf,
  usesOf,
  withMore,
} from './sources.js';

const page = await readPrivacyPage();
const program = read('src/proxy/cli/metrics.ts');

describe('a metric', () => {
  const placesOf = (metrics: readonly Pick<Metric, 'name' | 'labels'>[]) =>
    metrics.flatMap(({ name, labels }) => {
      const written = Object.keys(labels).map((label) => `${label}=""`);
      return placesOfMetrics(`${name}{${written.join(',')}} 1`);
    });

  it('has a row, and every label of it is there', () => {
    expect(page.unlisted(placesOf(Object.values<Metric>(METRICS)))).toEqual([]);
    const more = (label: string) => [{ ...METRICS.calls, labels: { ...METRICS.calls.labels, [label]: '' } }];
    expect(page.unlisted(placesOf(more('address')))).toEqual([
      `${SECTION}: label offersight_calls_total.address`,
    ]);
    // Another row has it.
    expect(page.unlisted(placesOf(more('verdict')))).toEqual([
      `${SECTION}: label offersight_calls_total.verdict`,
    ]);
    expect(page.unlisted(placesOf([{ name: 'offersight_visitors', labels: {} }]))).toEqual([
      `${SECTION}: metric offersight_visitors`,
    ]);
  });

  it('is listed as it is scraped', async () => {
    const metrics = await createMetrics();
    metrics?.observe({ kind: 'request', status: 429, code: 'budget', durationMs: 1 });
    metrics?.observe({ kind: 'verdict', verdict: 'refused', code: 'unsigned', type: 'viewed', events: 1 });
    const call = { destination: 'offer_events', outcome: 'done' } as const;
    metrics?.observe({ kind: 'call', ...call, isReplay: true, events: 1, durationMs: 1 });
    metrics?.observe({ kind: 'forwarded', ...call, type: 'viewed', code: undefined, events: 1 });
    const text = (await metrics?.render()) ?? '';
    const places = placesOfMetrics(text);
    expect(places.map(({ name }) => name)).toEqual(expect.arrayContaining(['offersight_calls_total', 'le']));
    expect(page.unlisted(places)).toEqual([]);
    // A default label, and a metric of another kind under a name that is not ours.
    const labelled = text.replace('offersight_calls_total{', 'offersight_calls_total{address="",');
    expect(page.unlisted(placesOfMetrics(labelled))).toEqual([
      `${SECTION}: label offersight_calls_total.address`,
    ]);
    expect(page.unlisted(placesOfMetrics('visitors{quantile="0.5"} 1'))).toEqual([
      `${SECTION}: label visitors.quantile`,
      `${SECTION}: metric visitors`,
    ]);
  });
});

describe('the program that makes the metrics', () => {
  /** Everything that it takes of prom-client and of a registry, with what it gives to it. */
  const madeBy = (text: string): string[] => {
    const calls = callsOf(text, /^(?:client|registry)\.\w+$/);
    const others = nodesOf(parse(text))
      .filter((node) => ts.isIdentifier(node) && ['client', 'registry'].includes(node.text))
      .filter((node) => {
        const { parent } = node;
        return !ts.isPropertyAccessExpression(parent) && !('name' in parent && parent.name === node);
      })
      .map(({ parent }) => lineOf(parent));
    return [
      ...calls.map((call) => {
        const given = call.arguments?.map(lineOf).join(', ') ?? '';
        return `${lineOf(call.expression)}(${given.replace(/METRICS\.\w+/, 'METRICS.…')})`;
      }),
      ...others,
    ];
  };
  const MADE = new Set([
    'client.Registry()',
    'client.collectDefaultMetrics({ register: registry })',
    'client.Counter(configurationOf(METRICS.…))',
    'client.Gauge(configurationOf(METRICS.…))',
    'client.Histogram({ ...configurationOf(METRICS.…), buckets: SECONDS, })',
    'client.Histogram({ ...configurationOf(METRICS.…), buckets: SECONDS })',
    'client.Counter({ ...configurationOf(METRICS.…), labelNames: [] })',
    'registry.metrics()',
    // Whether the package is there, and where each metric is counted.
    '!client',
    'register: registry',
    '[registry]',
  ]);
  const otherIn = (text: string): string[] => madeBy(text).filter((made) => !MADE.has(made));

  it('makes only what METRICS has, and each of it once', () => {
    const named = callsOf(program, /^configurationOf$/).map((call) => call.arguments?.[0]?.getText());
    expect(named).toEqual(Object.keys(METRICS).map((name) => `METRICS.${name}`));
    expect(otherIn(program)).toEqual([]);
  });

  it.each([
    "new client.Summary({ name: 'offersight_visitors', help: '' })",
    "new client.Counter({ ...configurationOf(METRICS.up), labelNames: ['address'] })",
    "registry.setDefaultLabels({ address: 'x' })",
    "client.collectDefaultMetrics({ register: registry, labels: { address: 'x' } })",
    'const { Summary } = client',
    'registry.registerMetric(visitors)',
  ])('may not make anything else: %s', (more) => {
    const seeded = withMore(program, 'const registers = [registry];', `\n  ${more};`);
    expect(otherIn(seeded)).toHaveLength(1);
  });

  it('is the only one that imports prom-client', () => {
    expect(usesOf(sourcesOf(...AT_THE_PROXY), new Set(['prom-client']))).toEqual([
      'src/proxy/cli/metrics.ts: prom-client',
    ]);
  });
});
