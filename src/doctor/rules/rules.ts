/** The table of rules, in the order in which a page meets what they are about. */
import type { Finding, Rule } from '../finding.js';
import { SEVERITIES } from '../finding.js';
import type { Observed } from '../observed.js';
import { endpointAnswers, endpointCached } from './endpoint.js';
import { namesBlocked, offersFiltered } from './names.js';
import {
  offerBoxes,
  offerIds,
  offerNames,
  offersEnded,
  offersFramed,
  offersHidden,
  offersThere,
} from './offers.js';
import { keyWorks, operatorStatus } from './operator.js';
import {
  inspectorServed,
  scriptBeside,
  scriptConfigured,
  scriptIntegrity,
  scriptPolicy,
  scriptRan,
  scriptServed,
} from './script-file.js';
import { scriptFound, scriptModule, scriptRewritten, scriptStripped, scriptTwice } from './script-tag.js';
import { workersLeftOut } from './workers.js';

const WHY_NOT_RUN: readonly Rule[] = [scriptServed, scriptPolicy, scriptIntegrity, scriptRewritten];

/** A rule that is asked only if none of some others knows more. */
const unless = (others: readonly Rule[], rule: Rule): Rule => ({
  ...rule,
  find: (observed) => (others.some((other) => other.find(observed).length) ? [] : rule.find(observed)),
});

const RULES: readonly Rule[] = [
  scriptFound,
  ...WHY_NOT_RUN,
  unless(WHY_NOT_RUN, scriptRan),
  scriptModule,
  scriptTwice,
  unless([scriptRewritten], scriptStripped),
  scriptConfigured,
  scriptBeside,
  inspectorServed,
  workersLeftOut,
  endpointAnswers,
  endpointCached,
  offerIds,
  offerNames,
  offerBoxes,
  offersEnded,
  offersFramed,
  offersFiltered,
  offersHidden,
  offersThere,
  namesBlocked,
  operatorStatus,
  keyWorks,
];

/** What all rules say: what is in order, and what is wrong, worst first. */
export const judge = (
  observed: Observed,
  rules: readonly Rule[] = RULES,
): { readonly fine: readonly string[]; readonly findings: readonly Finding[] } => {
  const said = rules.map((rule) => ({ rule, findings: rule.find(observed) }));
  const worst = ({ severity }: Finding): number => SEVERITIES.indexOf(severity);
  return {
    fine: said.flatMap(({ rule, findings }) => (findings.length ? [] : (rule.fine?.(observed) ?? []))),
    findings: said.flatMap(({ findings }) => findings).sort((one, other) => worst(one) - worst(other)),
  };
};
