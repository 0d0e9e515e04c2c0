/**
 * Writes an offer's attributes, which detect/registry.ts reads. For any code that renders a page, also on a server.
 */
import type { OfferSettings } from './detect/placement.js';
import { inMs } from './times.js';

/** An offer as pages name it: only by its id, or with its settings; nothing while it has not arrived yet. */
export type Offered =
  | string
  | (OfferSettings & {
      /** The personalized offer's `id`. */
      readonly id: string;
    })
  | null
  | undefined;

/** Attributes that mark an element as an offer. */
export type OfferAttributes = Readonly<Partial<Record<`data-offer-${string}`, string>>>;

/** Without a value, or with one that no date has, an attribute is left out. */
const textOf = {
  id: String,
  ratio: String,
  dwell: String,
  repeat: String,
  ignore: String,
  token: String,
  group: String,
  // Exact to the millisecond, where the API's own seconds are not.
  expires: (value: unknown) => {
    const time = new Date(inMs(Number(value)) as number);
    return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
  },
} as const;

type Name = keyof typeof textOf;

const NAMES = Object.keys(textOf) as Name[];

/** The value of each attribute. */
const valuesOf = (offer: Offered): Partial<Record<Name, unknown>> => {
  if (!offer) return {};
  if (typeof offer === 'string') return { id: offer };
  const { dwellMs: dwell, expiresAt: expires, ...rest } = offer;
  return { ...rest, dwell, expires };
};

/**
 * The attributes that mark an element as an offer. Spread them into any element, on a server too:
 * `<section {...offerAttributes({ id, expiresAt })}>`. An offer that has not arrived yet has none.
 * @param offer Its id, or its id and settings. `expiresAt` is in epoch milliseconds, as all times are here; a number that
 * can only be in seconds is read as seconds.
 */
export const offerAttributes = (offer: Offered): OfferAttributes => {
  const values = valuesOf(offer);
  const attributes: Record<string, string> = {};
  for (const name of NAMES) {
    const text = values[name] == null ? undefined : textOf[name](values[name]);
    if (text) attributes[`data-offer-${name}`] = text;
  }
  return attributes;
};

/** What was written, so that what the page itself says stays its own. */
const written = new WeakMap<Element, OfferAttributes>();

/**
 * Gives an element the attributes of an offer, and takes away what it gave it for the one before; for nothing, all of
 * that. What is so already is left alone, so calling it again changes nothing.
 */
export const markOffer = (element: Element, offer: Offered): void => {
  const attributes = offerAttributes(offer);
  for (const name of Object.keys(written.get(element) ?? {}))
    if (!(name in attributes)) element.removeAttribute(name);
  for (const [name, text = ''] of Object.entries(attributes))
    if (element.getAttribute(name) !== text) element.setAttribute(name, text);
  written.set(element, attributes);
};
