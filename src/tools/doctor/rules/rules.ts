/** The table of rules, in the order in which a page meets what they are about. */
import type { Finding, Rule } from '../finding.js';
import { anyOf, SEVERITIES, unless } from '../finding.js';
import type { Observed } from '../observed.js';
import { offerAttributes, offersPatient, tagAttributes } from './attributes.js';
import { offersClosing } from './closing.js';
import { consentGiven } from './consent.js';
import { endpointAnswers, endpointCached } from './endpoint.js';
import { endpointClock, endpointLong, endpointTakesEvents } from './endpoint-bodies.js';
import { namesBlocked, offersFiltered } from './names.js';
import { offerBoxes, offerIds, offerNames, offersEnded, offersHidden } from './offers.js';
import { offersRepeated, offersReported } from './offers-counting.js';
import { offersClosed, offersFramed, offersThere } from './offers-unseen.js';
import { keyWorks, operatorStatus } from './operator.js';
import { scriptConfigured, scriptIntegrity, scriptPolicy, scriptRan } from './script-file.js';
import { inspectorServed, offersServed, scriptBeside, scriptServed } from './script-served.js';
import { scriptFound, scriptModule, scriptRewritten, scriptStripped, scriptTwice } from './script-tag.js';
import { offersShared } from './shared.js';
import { storageKept, storageThere } from './storage.js';
import { workersLeaveAlone } from './workers.js';

const WHY_NOT_RUN: readonly Rule[] = [scriptServed, scriptPolicy, scriptIntegrity, scriptRewritten];

/** What explains that an offer in view was not reported. */
const WHY_NOT_REPORTED: readonly Rule[] = [
  ...[storageThere, scriptPolicy, scriptConfigured, offersServed, consentGiven],
  ...[endpointAnswers, offerIds, offersEnded],
];

const RULES: readonly Rule[] = [
  storageKept,
  storageThere,
  scriptFound,
  ...WHY_NOT_RUN,
  unless(anyOf(...WHY_NOT_RUN), scriptRan),
  scriptModule,
  scriptTwice,
  unless(anyOf(scriptRewritten), scriptStripped),
  tagAttributes,
  scriptConfigured,
  offersServed,
  scriptBeside,
  inspectorServed,
  consentGiven,
  workersLeaveAlone,
  endpointAnswers,
  endpointCached,
  endpointTakesEvents,
  endpointLong,
  endpointClock,
  offerIds,
  offerNames,
  offerAttributes,
  offersPatient,
  offerBoxes,
  offersEnded,
  offersRepeated,
  unless(anyOf(...WHY_NOT_REPORTED), offersReported),
  offersClosing,
  offersShared,
  offersFramed,
  offersClosed,
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
