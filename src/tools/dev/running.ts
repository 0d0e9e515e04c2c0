/** The proxy of one run, watched on its way. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Answer } from '../../proxy/cli/routes.js';
import { createOfferProxy, type OfferProxy } from '../../proxy/handler.js';
import { type DirectIntake, directIntake, isDurable } from '../../proxy/intake/direct/direct.js';
import type { Intake } from '../../proxy/intake/intake.js';
import { type RequestHandler, toNodeListener } from '../../proxy/node.js';
import { createOfferAdmin } from '../../proxy/operator/admin.js';
import type { Trail } from './trail.js';

/** A proxy that runs, until the next reset. */
export interface Running {
  readonly answer: Answer;
  /** Answers operators, if it keeps events. */
  readonly operate: Answer | undefined;
  close(): Promise<void>;
}

/** What it runs on. */
export interface RunningOptions {
  readonly trail: Trail;
  /** The endpoint's path. */
  readonly path: string;
  readonly apiKey: string;
  readonly baseUrl: string;
  readonly origins: readonly string[];
}

/** Not a secret: everybody on this machine may look. */
export const ADMIN_TOKEN = 'offersight-dev-has-no-secrets-on-this-machine';
const SITE = 'offersight-dev';
const MAX_DEAD = 500;

/** Durable where its optional package is installed, as a proxy in production is. */
const openIntake = async (): Promise<{
  readonly intake: Intake | DirectIntake;
  readonly remove?: () => Promise<void>;
}> => {
  const folder = await mkdtemp(join(tmpdir(), 'offersight-dev-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const { sqliteIntake } = await import('../../proxy/intake/sqlite/sqlite.js');
    return { intake: sqliteIntake({ file: join(folder, 'intake.sqlite') }), remove };
  } catch (cause) {
    await remove();
    const { code } = (cause as { readonly cause?: NodeJS.ErrnoException }).cause ?? {};
    if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') throw cause;
    return { intake: directIntake() };
  }
};

/** Notes what the proxy answers, and of what was asked only as much as the proxy itself reads. */
const watching =
  (proxy: OfferProxy, trail: Trail): RequestHandler =>
  async (request, connection) => {
    const chunks: Uint8Array[] = [];
    const noting = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        chunks.push(chunk);
        controller.enqueue(chunk);
      },
    });
    const body = request.body?.pipeThrough(noting);
    const response = await proxy(
      body ? new Request(request, { body, duplex: 'half' } as RequestInit) : request,
      connection,
    );
    const { pathname: page } = pageOf(request.headers.get('referer'));
    const { status } = response;
    const answer = await response.clone().text();
    trail.answered({ body: Buffer.concat(chunks).toString(), page, status, answer });
    return response;
  };

/** Notes which events became dead letters, those among them that went along with another one. */
const tellingDead = (intake: Intake, trail: Trail): Intake => {
  const tell = async (offerId?: string): Promise<void> => {
    for (const { id, code } of await intake.list({ states: ['dead'], offerId, limit: MAX_DEAD }))
      trail.buried(id, code ?? 'refused');
  };
  return {
    ...intake,
    async begin(options) {
      const begun = await intake.begin(options);
      if (begun.expired) await tell();
      return begun;
    },
    async finish(finished, now) {
      await intake.finish(finished, now);
      const offers = new Set<string | undefined>();
      for (const { id, result } of finished)
        if (result.kind === 'dead') offers.add(trail.buried(id, result.code));
      for (const offerId of offers) await tell(offerId);
    },
  };
};

const pageOf = (referrer: string | null): { pathname?: string } => {
  try {
    return new URL(referrer ?? '');
  } catch {
    return {};
  }
};

/** Starts one. */
export const runProxy = async ({
  trail,
  path,
  apiKey,
  baseUrl,
  origins,
}: RunningOptions): Promise<Running> => {
  const { intake, remove } = await openIntake();
  const proxy = createOfferProxy({
    site: SITE,
    apiKey,
    baseUrl,
    intake: isDurable(intake) ? tellingDead(intake, trail) : intake,
    origins,
    // Who develops drives a browser by a script.
    machines: 'count',
    inspectSecret: ADMIN_TOKEN,
    pace: { perMinute: 6_000 },
    onAlert(message, _, code) {
      // Its events are not meant to outlive it.
      if (code !== 'unsafePlace') console.error(message);
    },
  });
  return {
    answer: toNodeListener(watching(proxy, trail), { path }),
    operate: isDurable(intake)
      ? toNodeListener(
          createOfferAdmin({ intake, token: ADMIN_TOKEN, report: (events) => proxy.report(events) }),
        )
      : undefined,
    async close() {
      await proxy.close();
      await remove?.();
    },
  };
};
