/** The rules for Prometheus wake somebody for the alerts that the list marks as urgent, and for no others. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ALERTS } from '../src/proxy/alerts/table.js';
import { METRICS } from '../src/proxy/cli/metric-names.js';
import { blocksOf } from './support/markdown.js';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
}

const [, text = ''] = blocksOf(readFileSync('docs/recipes/prometheus.md', 'utf8'))
  .filter(({ language }) => language === 'yaml')
  .map((block) => block.text);
const { groups } = parse(text) as { readonly groups: readonly { readonly rules: readonly Rule[] }[] };
const RULES = groups.flatMap(({ rules }) => rules);

const codesOf = (operator: string): { severity: string | undefined; codes: string[] } => {
  const rule = RULES.find(({ expr }) => expr.startsWith(`offersight_alert{code${operator}"`));
  return { severity: rule?.labels.severity, codes: rule?.expr.split('"')[1]?.split('|').sort() ?? [] };
};

describe('the rules for Prometheus', () => {
  it('wake somebody for every urgent alert, and leave the others for working hours', () => {
    const urgent = Object.entries(ALERTS).flatMap(([code, { isUrgent }]) => (isUrgent ? code : []));
    expect(codesOf('=~')).toEqual({ severity: 'page', codes: urgent.sort() });
    expect(codesOf('!~')).toEqual({ severity: 'ticket', codes: urgent.sort() });
  });

  it('name only metrics and labels that the proxy has', () => {
    const known = new Map<string, string[]>(
      Object.values(METRICS).map(({ name, labels }) => [name, Object.keys(labels)]),
    );
    const selectors = RULES.flatMap(({ expr }) => [...expr.matchAll(/\b(offersight_\w+)(?:\{(\w+))?/g)]);
    expect(selectors.length).toBeGreaterThan(6);
    for (const [, name = '', label] of selectors) {
      expect([...known.keys()]).toContain(name);
      if (label !== undefined) expect(known.get(name)).toContain(label);
    }
  });
});
