/** A report for people. */
import type { Finding, Report, Severity } from './finding.js';

const WORDS: Readonly<Record<Severity, string>> = { error: 'WRONG', warning: 'DOUBT', note: 'NOTE' };
const WIDTH = 7;

/** What a page or a server wrote must not steer a terminal. */
const clean = (text: string): string => text.replaceAll(/\p{Cc}/gu, ' ');

const line = (word: string, text: string): string => `${word.padEnd(WIDTH)} ${clean(text)}`;

const describe = ({ id, severity, title, evidence, repair }: Finding): string[] => [
  line(WORDS[severity], title),
  ...evidence.map((each) => line('  seen', each)),
  line('  do', repair),
  line('  read', `docs/doctor.md#${id}`),
  '',
];

const summaryOf = ({ findings, leftOut }: Report): string => {
  const count = (severity: Severity): number => findings.filter((each) => each.severity === severity).length;
  const [errors, warnings] = [count('error'), count('warning')];
  if (!errors && !warnings)
    return leftOut.length
      ? 'Nothing is wrong in what was checked. The lines with LEFT say what was not.'
      : 'Nothing is wrong.';
  const advice =
    errors + warnings > 1 ? ' Repair the first one and run the doctor again: others may follow from it.' : '';
  return `${errors} wrong, ${warnings} in doubt.${advice}`;
};

/** The whole report as text: what is in order, what is wrong, what was left out. */
export const render = (report: Report): string => {
  const { url, endpoint, fine, findings, leftOut, stoppedEvents } = report;
  const stopped = stoppedEvents
    ? [
        line(
          'NOTE',
          `The page wanted to report ${stoppedEvents === 1 ? 'an event' : `${stoppedEvents} events`}. The doctor stopped that, so nothing was counted.`,
        ),
      ]
    : [];
  return `${[
    clean(`${url}, endpoint ${endpoint}`),
    '',
    ...fine.map((text) => line('fine', text)),
    ...(fine.length ? [''] : []),
    ...findings.flatMap(describe),
    ...leftOut.map((text) => line('LEFT', text)),
    ...stopped,
    ...(leftOut.length + stopped.length ? [''] : []),
    summaryOf(report),
  ].join('\n')}\n`;
};

/** Whether something is wrong; notes are not. */
export const isAnythingWrong = ({ findings }: Pick<Report, 'findings'>): boolean =>
  findings.some(({ severity }) => severity !== 'note');
