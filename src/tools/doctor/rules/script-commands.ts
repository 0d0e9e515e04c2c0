/** Whether what the page says to the tracker by `offersight.push` has an effect. */
import type { Rule } from '../finding.js';
import { finding } from './wording.js';

/** What a command threw. The script file shows that on the console, and goes on. */
const THROWN = /^error: (?!OffersightError)\w*Error\b.*\/offersight(?:[.-](?=[\w-]*\d)[\w-]{8,})?\.js/s;

/** Whether it reaches the tracker, and works there. */
export const scriptCommands: Rule = {
  find({ browser }) {
    const { commands = 'none', tracker, console = [] } = browser ?? {};
    const thrown = console.filter((line) => THROWN.test(line));
    if (thrown.length)
      return [
        finding('error', 'script-commands-lost', {
          title: 'Something that the page gave to offersight.push failed, so it had no effect.',
          evidence: thrown,
          repair:
            'Give push a function that gets the tracker: offersight.push((tracker) => tracker.consent("granted")). If it is one, the line says what fails in it.',
        }),
      ];
    const isLost = commands === 'queue' || commands === 'other';
    if (!isLost || !tracker?.endpoints.length) return [];
    return [
      finding('warning', 'script-commands-lost', {
        title: 'The page says things to the tracker that do not reach it.',
        evidence: [
          commands === 'queue'
            ? 'window.offersight is a list of commands that nothing takes'
            : 'window.offersight is something else than the script file made',
        ],
        repair:
          'Write (window.offersight ||= []).push(…), which keeps what is there, and give nothing else that name. From npm call the tracker itself: only the script file takes such commands.',
      }),
    ];
  },
};
