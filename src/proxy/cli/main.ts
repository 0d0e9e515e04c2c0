/** The command line: reads which command is meant, and runs it. */
import { OffersightError } from '../../errors.js';
import { VERSION } from '../../version.js';
import { inspectLink } from '../judging/inspecting.js';
import { signOffer } from '../judging/signature.js';
import { nearestOf } from '../option-names.js';
import { runDev } from './dev-command.js';
import { runDoctor } from './doctor-command.js';
import { Failure, inFlags } from './failure.js';
import { FLAGS } from './flag-table.js';
import { momentOf, read } from './flags.js';
import { runFunnel } from './funnel-command.js';
import { runProxy } from './proxy-command.js';
import { runPurge } from './purge-command.js';
import { runReport } from './report-command.js';
import { runDeadLetters, runEvents } from './rows-command.js';
import { readSecret } from './secrets.js';
import { runStatus } from './status-command.js';

const HELP = `offersight dev [FOLDER | http://localhost:5173]   tries your pages against a stand-in for Chargebee, without an account
offersight doctor URL [options]          says what is wrong between a page and Chargebee; reports no event
offersight proxy --site NAME [options]   serves the endpoint and forwards to Chargebee
offersight status [--since TIME] [--limit 20] [--page 2] [--json] [--follow]   figures of groups, offers and lanes; with --follow
                                         until nothing waits
offersight funnel [--by day|group|day,group] [--group NAME] [--since DAY] [--until DAY] [--json|--csv]   offers seen, closed and accepted, day by day
offersight events [--offer ID] [--since TIME]    events as JSON lines, newest first
offersight dead-letters list|export|retry [ID…] [--offer ID] [--since TIME]   what Chargebee refused, as JSON lines; retry lets it
                                         wait again
offersight purge --waiting|--dead [--offer ID] [--visitor NAME] [--yes]   gives events up for good; without --yes it counts them
offersight report FILE|- --site NAME   events that your own programs saw, as JSON lines: name, type, personalized_offer_id, group
offersight sign --offer ID --expires TIME [--subject SUBJECT] [--group GROUP]   a token for data-offer-token
offersight inspect-link URL [--operator URL]   a link that opens the inspector on that page for an hour
offersight --version

Everywhere: --intake sqlite:FILE | postgres://USER@HOST/DATABASE | postgres
                     (default sqlite:offersight.db; for proxy also direct)  --schema offersight   in Postgres
            --lane offer_events | usage_events   for events, dead-letters, purge and status --follow
proxy:      --port 8787  --host 127.0.0.1  --path /offer-events  --origins https://shop.example,…
            --per-minute 150  --concurrent 10  --max-waiting 200000  --max-delay-hours 24
            --trusted-hops 0  --require-signed-offers  --base-url URL  --log-ids  --keep-alive-seconds 5  --drain-seconds 5
            --per-address 600
            --machines ignore|count   what crawlers and monitors see counts only with count
            --groups NAME,…   the only groups that the funnel keeps apart; without it the first 200
            --ledger-days 400   how long the funnel remembers
            --admin-port PORT  --admin-host 127.0.0.1   probes, /metrics, /admin/ and the operator's page, on a listener of
                                                        their own
            --admin-names ops.example.com,…   host names of the operator's page beside localhost
dev:        --port 4400  --upstream-port 4401  --admin-port 4402  --path /offer-events  --any-id  --lan ADDRESS  --upstream-only
doctor:     --endpoint PATH  --browser PATH  --no-browser  --lists DIR  --max-seconds 30  --json
            --admin http://127.0.0.1:8788/admin/   asks the proxy for its alerts
            --check-key --site NAME   asks Chargebee whether it takes the API key
            ends with 0 if nothing is wrong, 1 if something is, 2 if it could not look
Secrets:    OFFERSIGHT_API_KEY or --api-key-file FILE; OFFERSIGHT_ADMIN_TOKEN or --admin-token-file FILE;
            OFFERSIGHT_SIGNING_SECRET or --signing-secret-file FILE;
            OFFERSIGHT_POSTGRES_URL or --postgres-url-file FILE, for --intake postgres
TIME:       an ISO date or epoch milliseconds; DAY: a UTC day, such as 2026-11-01
`;

const runSign = async (args: string[]): Promise<void> => {
  const { values } = read(args, FLAGS.sign);
  const secret = readSecret(values['signing-secret-file'], 'OFFERSIGHT_SIGNING_SECRET') ?? '';
  const expiresAt = momentOf('expires', values.expires) ?? Number.NaN;
  const { offer: id = '', subject, group } = values;
  console.log(await signOffer({ id, subject, group, expiresAt }, secret));
};

const runInspectLink = async (args: string[]): Promise<void> => {
  const { values, positionals } = read(args, FLAGS['inspect-link'], true);
  const [url = '', ...others] = positionals;
  if (!url || others.length)
    throw new Failure('Give the address of one page: offersight inspect-link https://shop.example/offers');
  if (url.includes('#'))
    throw new Failure('Leave the # and what is behind it out of the address: the link has its own there.');
  const secret = readSecret(values['admin-token-file'], 'OFFERSIGHT_ADMIN_TOKEN');
  if (secret === undefined)
    throw new Failure('Set OFFERSIGHT_ADMIN_TOKEN or --admin-token-file, as for the proxy.');
  console.log(await inspectLink(url, { secret, operatorUrl: values.operator }));
};

const COMMANDS: Readonly<Record<string, (args: string[]) => Promise<void>>> = {
  dev: runDev,
  doctor: runDoctor,
  proxy: runProxy,
  purge: runPurge,
  status: runStatus,
  funnel: runFunnel,
  events: runEvents,
  'dead-letters': runDeadLetters,
  report: runReport,
  sign: runSign,
  'inspect-link': runInspectLink,
};

const [command = '--help', ...args] = process.argv.slice(2);
const run = COMMANDS[command];
if (command === '--version') console.log(VERSION);
else if (!run || args.includes('--help') || args.includes('-h')) {
  process.stdout.write(HELP);
  if (!run && !['--help', '-h', 'help'].includes(command)) {
    // A command that is not one could be a secret.
    process.stderr.write(
      `offersight: There is no such command.${nearestOf(command, Object.keys(COMMANDS))}\n`,
    );
    process.exitCode = 2;
  }
} else {
  // A reader that has seen enough, such as head, is not a fault. The proxy goes on without its log.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (command !== 'proxy') process.exit(error.code === 'EPIPE' ? 0 : 1);
  });
  await run(args).catch((cause: unknown) => {
    const message =
      cause instanceof Failure
        ? cause.message
        : cause instanceof OffersightError
          ? cause.hint
          : String(cause);
    process.stderr.write(`offersight: ${inFlags(message)}\n`);
    process.exitCode = 1;
  });
}
