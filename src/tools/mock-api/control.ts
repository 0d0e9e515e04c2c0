import type { IncomingMessage, ServerResponse } from 'node:http';
import { isFromElsewhere, isNamedSafely } from './callers.js';
import type { Call } from './calls.js';
import {
  CommandError,
  readEnabled,
  readFaults,
  readIdempotency,
  readLimits,
  readOffers,
  readUsage,
} from './commands.js';
import { type Answer, ok } from './errors.js';
import type { Fault } from './faults.js';
import type { HistoryRow } from './history.js';
import type { Idempotency } from './idempotency.js';
import type { Limits } from './limits.js';
import type { OfferSettings } from './offers.js';
import { parseJson, readBody } from './shape.js';
import type { Enabled, Site, State } from './site.js';
import type { UsageRow, UsageSettings } from './usage.js';
import { send } from './wire.js';

/** What a test may ask and change; each method has its HTTP command. */
export interface Control {
  /** `GET /history`: the offer events taken, in order. */
  history(): HistoryRow[];
  /** `GET /calls`: every API call that arrived, in order. */
  calls(): Call[];
  /** `GET /usage`: the usage events taken, in order. */
  usage(): UsageRow[];
  /** `GET /state`: all settings, the active faults, counts. */
  state(): State;
  /** `POST /faults`: adds to the script of faults. */
  addFaults(faults: Fault | readonly Fault[]): void;
  /** `DELETE /faults`: calls that hang or wait already continue to do so. */
  clearFaults(): void;
  /** `POST /limits`: what is not named stays. */
  setLimits(limits: Partial<Limits>): void;
  /** `POST /idempotency`: what is not named stays. */
  setIdempotency(settings: Partial<Idempotency>): void;
  /** `POST /offers`: what is not named stays. */
  setOffers(settings: Partial<OfferSettings>): void;
  /** `POST /enabled`. */
  setEnabled(enabled: Enabled): void;
  /** `POST /usage`: what is not named stays. */
  setUsage(settings: Partial<UsageSettings>): void;
  /** `POST /reset`: as just started; calls that still run are cut off without effect. */
  reset(): void;
}

/** The control of one site. */
export function createControl(site: Site): Control {
  return {
    history: () => site.history.list(),
    calls: () => site.calls.list(),
    usage: () => site.usage.list(),
    state: () => site.state(),
    addFaults: (faults) => site.faults.add('kind' in faults ? [faults] : faults),
    clearFaults: () => site.faults.clear(),
    setLimits: (limits) => site.gate.set({ ...site.gate.limits, ...limits }),
    setIdempotency: (settings) => site.keys.set({ ...site.keys.settings, ...settings }),
    setOffers: (settings) => site.offers.set(settings),
    setEnabled: (enabled) => {
      site.enabled = enabled;
    },
    setUsage: (settings) => site.usage.set(settings),
    reset: () => site.reset(),
  };
}

type Command = (control: Control, body: unknown) => unknown;

/** What changes something answers the new state. */
const COMMANDS: Readonly<Partial<Record<string, Command>>> = {
  'GET /history': (control) => control.history(),
  'GET /calls': (control) => control.calls(),
  'GET /usage': (control) => control.usage(),
  'GET /state': (control) => control.state(),
  'POST /faults': (control, body) => control.addFaults(readFaults(body)),
  'DELETE /faults': (control) => control.clearFaults(),
  'POST /limits': (control, body) => control.setLimits(readLimits(body)),
  'POST /idempotency': (control, body) => control.setIdempotency(readIdempotency(body)),
  'POST /offers': (control, body) => control.setOffers(readOffers(body)),
  'POST /enabled': (control, body) => control.setEnabled(readEnabled(body)),
  'POST /usage': (control, body) => control.setUsage(readUsage(body)),
  'POST /reset': (control) => control.reset(),
};

/** Serves a command over HTTP. No fault and no limit ever touches it. */
export async function serveCommand(
  control: Control,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await readBody(request).catch(() => null);
  const [path = '/'] = (request.url ?? '/').split('?', 1);
  const name = `${request.method} ${path}`;
  const command = COMMANDS[name];
  const isTrusted = isNamedSafely(request.headers) && !isFromElsewhere(request);
  if (command === undefined)
    send(response, refusal(404, `${name} is unknown. Known: ${Object.keys(COMMANDS).join(', ')}`));
  else if (isTrusted) send(response, carryOut(command, control, body ?? ''));
  else send(response, refusal(403, 'Commands come from this machine, not from a page of another origin.'));
}

function carryOut(command: Command, control: Control, body: string): Answer {
  try {
    return ok(command(control, parseJson(body)) ?? control.state());
  } catch (error) {
    if (error instanceof CommandError) return refusal(400, error.message);
    throw error;
  }
}

function refusal(status: number, message: string): Answer {
  return { ...ok({ message }), status };
}
