import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { API_ROOT, answerCall, keyOf } from './api.js';
import type { CallStatus } from './calls.js';
import { type Answer, failure, usualCode, usualParam } from './errors.js';
import { type Fault, isRecorded } from './faults.js';
import { isObject, type JsonObject, parseJson, readBody } from './shape.js';
import type { Site } from './site.js';
import { hang, reset, send, sendTruncated } from './wire.js';

/** One API call from its arrival to its end, with the fault that hits it. */
export async function serveCall(
  site: Site,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = 'GET', url = '/', headers } = request;
  const [address = '/'] = url.split('?', 1);
  const path = address.slice(API_ROOT.length);
  const { life } = site;
  const call = site.calls.open({
    at: site.now(),
    ended_at: null,
    method,
    path: address,
    host: headers.host ?? '',
    status: 'open',
    key: keyOf(headers),
    personalized_offer_id: null,
    type: null,
    code: null,
    recorded: false,
    fault: null,
    headers: vendorHeaders(request),
  });
  site.changed();
  let leave = () => {};
  // Before the first byte goes out: who holds the answer must find the call ended, and its place free.
  const end = (status: CallStatus, code: string | null = null) => {
    call.status = status;
    call.code = code;
    call.ended_at = status === 'hung' ? null : site.now();
    if (status !== 'hung') leave();
    site.ended(call);
  };
  try {
    const body = await readBody(request).catch(() => undefined);
    if (body === undefined) return end('aborted');
    const { personalized_offer_id: offerId, type } = fieldsOf(body);
    call.personalized_offer_id = typeof offerId === 'string' ? offerId : null;
    call.type = typeof type === 'string' ? type : null;

    const fault = site.faults.take(path, call.personalized_offer_id);
    call.fault = fault?.kind ?? null;
    const pause = async () => {
      site.changed();
      if (fault?.ms !== undefined && fault.ms > 0) await wait(fault.ms, undefined, { signal: life });
      life.throwIfAborted();
    };
    const onEnter = (leaveGate: () => void) => {
      leave = leaveGate;
    };
    let answer: Answer | null = null;
    if (isRecorded(fault)) answer = await answerCall(site, { method, path, headers, body, pause, onEnter });
    else await pause();
    call.recorded = answer !== null && answer.status < 300;
    await finish(response, {
      shown: spoil(fault, answer),
      end,
      life,
      isTruncated: fault?.kind === 'truncated',
    });
  } catch (error) {
    if (life.aborted) {
      end('reset');
      reset(response);
      return;
    }
    const message = error instanceof Error ? error.message : String(error);
    end(500);
    send(response, failure(500, 'internal_error', { message }));
  } finally {
    leave();
  }
}

interface Finish {
  readonly shown: Answer | 'reset' | 'hung';
  readonly end: (status: CallStatus, code?: string | null) => void;
  readonly life: AbortSignal;
  readonly isTruncated: boolean;
}

async function finish(response: ServerResponse, { shown, end, life, isTruncated }: Finish): Promise<void> {
  switch (shown) {
    case 'reset':
      end('reset');
      return reset(response);
    case 'hung':
      end('hung');
      return hang(response, life);
    default:
      end(shown.status, codeOf(shown));
      if (isTruncated) sendTruncated(response, shown);
      else send(response, shown);
  }
}

/** What the client gets to see in place of the true answer. */
function spoil(fault: Fault | null, answer: Answer | null): Answer | 'reset' | 'hung' {
  switch (fault?.kind) {
    case 'reset_before':
    case 'reset_after':
    case 'down':
      return 'reset';
    case 'hang':
      return 'hung';
    case 'status': {
      const code = fault.code ?? usualCode(fault.status);
      const details = { message: `The mock API was asked to answer ${fault.status}.` };
      const param = fault.param ?? usualParam(code);
      const retry = fault.retry_after === undefined ? {} : { retryAfter: fault.retry_after };
      const told = failure(fault.status, code, {
        ...details,
        ...retry,
        ...(param === undefined ? {} : { param }),
      });
      // These have no body by definition; sending one would spoil the connection too.
      return fault.status === 204 || fault.status === 304 ? { status: fault.status } : told;
    }
    case 'html': {
      const page = '<!doctype html><title>Gateway</title><h1>Please try again later</h1>';
      return { status: fault.status, headers: { 'content-type': 'text/html;charset=utf-8' }, body: page };
    }
    case 'redirect':
      return { status: fault.status ?? 302, headers: { location: fault.location }, body: '' };
    default:
      return answer ?? { status: 204 };
  }
}

function codeOf({ body = '' }: Answer): string | null {
  const { api_error_code: code } = fieldsOf(body);
  return typeof code === 'string' ? code : null;
}

function fieldsOf(body: string | null): JsonObject {
  const value = body === null ? undefined : parseJson(body);
  return isObject(value) ? value : {};
}

function vendorHeaders(request: IncomingMessage): Record<string, string> {
  const isVendors = (name: string) => name.startsWith('chargebee-') && name !== 'chargebee-idempotency-key';
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (isVendors(name) && typeof value === 'string') kept[name] = value;
  }
  return kept;
}
