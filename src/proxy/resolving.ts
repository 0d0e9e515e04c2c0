/** What is wrong with what a host says of its proxy: a deployment has to fail, not its requests. */
import * as z from 'zod/mini';
import { OffersightError } from '../errors.js';
import { type Hook, hookOf } from './alerts/cause.js';
import { INSPECTING } from './authorize/inspecting.js';
import { checkSecrets } from './authorize/signature.js';
import type { ResolvedPace } from './forward/gate.js';
import { isDurable } from './intake/direct/direct.js';
import type { OfferProxyOptions, UsageOptions } from './options.js';
import { checked, ranged } from './settings/checking.js';
import { API_KEY, LIMITS, PACE, SHARED, UPSTREAM, USAGE_PACE } from './settings/values.js';

type HookOf<Options, Name extends keyof Options> =
  NonNullable<Options[Name]> extends (...given: infer Given) => unknown ? Hook<Given> : never;

/** What usage events need, as the pipeline has it. */
export interface UsageHooks {
  readonly pace: ResolvedPace;
  readonly subscriptionFor: HookOf<UsageOptions, 'subscriptionFor'>;
  readonly propertiesFor?: HookOf<UsageOptions, 'propertiesFor'> | undefined;
}

type Options = OfferProxyOptions;

const hook = <Hook>() =>
  ranged(
    z.custom<NonNullable<Hook>>((value) => typeof value === 'function'),
    'a function',
  );
/** They are checked where they are used, which says how long one is. */
const secret = () => z.optional(z.custom<string | readonly string[]>());

/** Every option, so that a misspelt one is not ignored, and with it the protection that it asks for. */
const OPTIONS = z.strictObject({
  ...SHARED,
  apiKey: API_KEY,
  withoutOrigin: z._default(
    ranged(z.enum(['refuse', 'with-subject']), "'refuse' or 'with-subject'"),
    'refuse',
  ),
  intake: ranged(
    z.custom<Options['intake']>(
      (value) => typeof value === 'object' && value !== null && ('take' in value || 'start' in value),
    ),
    'an intake, such as sqliteIntake({ file })',
  ),
  subject: z.optional(hook<Options['subject']>()),
  authorize: z.optional(hook<Options['authorize']>()),
  requireSignedOffers: secret(),
  inspectSecret: secret(),
  limits: z.prefault(ranged(z.strictObject(LIMITS), 'an object, such as { perAddress: 2_000 }'), {}),
  address: z.optional(hook<Options['address']>()),
  caller: z.optional(hook<Options['caller']>()),
  disable: z._default(
    ranged(z.array(z.enum(['webhook', 'email', 'actions'])), "a list of 'webhook', 'email' and 'actions'"),
    [],
  ),
  pace: z.prefault(ranged(z.strictObject(PACE), 'an object, such as { perMinute: 1_000 }'), {}),
  usage: z.optional(
    ranged(
      z.strictObject({
        subscriptionFor: hook<UsageOptions['subscriptionFor']>(),
        propertiesFor: z.optional(hook<UsageOptions['propertiesFor']>()),
        baseUrl: z.optional(UPSTREAM),
        pace: z.prefault(ranged(z.strictObject(USAGE_PACE), 'an object, such as { perMinute: 5_000 }'), {}),
      }),
      'an object, such as { subscriptionFor }',
    ),
  ),
  onAlert: z.optional(hook<Options['onAlert']>()),
  onObservation: z.optional(hook<Options['onObservation']>()),
  runtime: z.optional(z.custom<Options['runtime']>()),
} satisfies Record<keyof Options, z.ZodMiniType>);

const configuration = (hint: string): OffersightError => new OffersightError('configuration', hint);

/** What one option says of another. */
const checkTogether = ({ intake, withoutOrigin, subject, usage }: z.output<typeof OPTIONS>): void => {
  // Its timers and connections end with the request that began them (workerd), so nothing would forward what is kept.
  if (isDurable(intake) && globalThis.navigator?.userAgent === 'Cloudflare-Workers')
    throw configuration(
      'Set intake to directIntake() in a Worker: it runs only while it answers, so it cannot forward what another intake keeps. ' +
        'For a queue that lasts, run the proxy in Node.',
    );
  if (withoutOrigin === 'with-subject' && !subject)
    throw configuration('Set subject too, where requests without an origin are taken for it.');
  // A resend has to be identical, so what was said has to be remembered.
  if (usage && !isDurable(intake))
    throw configuration('Usage events need a durable intake, such as sqliteIntake({ file }).');
};

/** The host's functions. Their errors say in which line they were thrown, and nothing of what they were about. */
const hooksOf = (options: OfferProxyOptions) => {
  const { subject, authorize, address, caller, usage } = options;
  // A host's functions may use what is beside them in their own object.
  return {
    subject: subject && hookOf(subject.bind(options)),
    authorize: authorize && hookOf(authorize.bind(options)),
    address: address && hookOf(address.bind(options)),
    caller: caller && hookOf(caller.bind(options)),
    usage: usage && {
      subscriptionFor: hookOf(usage.subscriptionFor.bind(usage)),
      propertiesFor: usage.propertiesFor && hookOf(usage.propertiesFor.bind(usage)),
    },
  };
};

/** Options as the pipeline has them. */
export type ResolvedProxyOptions = ReturnType<typeof resolveProxyOptions>;

/**
 * Checks what a host gave.
 * @throws {OffersightError} `configuration`, which says what to set.
 */
export const resolveProxyOptions = (given: OfferProxyOptions) => {
  const options = checked('createOfferProxy', OPTIONS, given);
  checkTogether(options);
  const { site, requireSignedOffers, inspectSecret, usage, withoutOrigin, groups } = options;
  const hooks = hooksOf(given);
  return {
    ...options,
    ...hooks,
    usage: hooks.usage && usage && { ...hooks.usage, pace: usage.pace },
    baseUrl: options.baseUrl ?? `https://${site}.grow.chargebee.com`,
    usageBaseUrl: usage?.baseUrl ?? `https://${site}.ingest.chargebee.com`,
    origins: new Set(options.origins),
    isSubjectVouching: withoutOrigin === 'with-subject',
    secrets: requireSignedOffers === undefined ? undefined : checkSecrets([requireSignedOffers].flat()),
    inspectSecrets: inspectSecret === undefined ? [] : checkSecrets([inspectSecret].flat(), INSPECTING),
    groups: groups && new Set(groups),
    /** Headers of every call. */
    constants: Object.fromEntries(options.disable.map((name) => [`chargebee-event-${name}`, 'all-disabled'])),
  };
};
