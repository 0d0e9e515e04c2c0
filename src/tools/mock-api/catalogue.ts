import { createHash } from 'node:crypto';

/** How an option is carried out once it is accepted. */
export type ProcessingType = 'billing_update' | 'checkout' | 'url_redirect' | 'webhook' | 'email';

/** One way to accept an offer. */
interface OfferOption {
  readonly id: string;
  readonly label: string;
  readonly processing_type: ProcessingType;
  readonly processing_layout: 'in_app' | 'full_page';
  readonly redirect_url: string;
}

/** An offer made to one customer. `id` names this making of it, `offer_id` the offer that it was made from. */
export interface PersonalizedOffer {
  readonly id: string;
  readonly offer_id: string;
  /** HTML, ready to render. */
  readonly content: { readonly title: string; readonly description: string };
  readonly options: readonly OfferOption[];
}

interface Template {
  readonly offerId: string;
  readonly title: string;
  readonly description: string;
  readonly label: string;
  readonly processing: ProcessingType;
}

const TEMPLATES: readonly Template[] = [
  {
    offerId: 'annual-plan-switch',
    title: 'Two months on us',
    description: '<p>Switch to <strong>yearly billing</strong> and pay for ten months, not twelve.</p>',
    label: 'Switch to yearly',
    processing: 'billing_update',
  },
  {
    offerId: 'extra-seats',
    title: 'Room for the whole team',
    description: '<p>Add <em>five seats</em> today and the first quarter of them is free.</p>',
    label: 'Add five seats',
    processing: 'checkout',
  },
  {
    offerId: 'stay-discount',
    title: 'Stay for a third less',
    description: '<p>Keep your plan at <strong>33&nbsp;% off</strong> for the next three months.</p>',
    label: 'Keep my plan',
    processing: 'billing_update',
  },
  {
    offerId: 'invite-a-friend',
    title: 'Better with a friend',
    description: '<p>Invite somebody, and <strong>both of you</strong> get a month for nothing.</p>',
    label: 'Send an invitation',
    processing: 'url_redirect',
  },
  {
    offerId: 'analytics-trial',
    title: 'See what your numbers say',
    description: '<p>Try <strong>Analytics</strong> for 30&nbsp;days. Nothing to cancel afterwards.</p>',
    label: 'Start the trial',
    processing: 'url_redirect',
  },
];

/** The same customer at the same placement is always made the same offer: tests and reloads can count on it. */
export function makeOffer(site: string, customerId: string, placement: string): PersonalizedOffer {
  const digest = createHash('sha256')
    .update(JSON.stringify([customerId, placement]))
    .digest();
  const template = TEMPLATES[digest.readUInt16BE(0) % TEMPLATES.length];
  if (template === undefined) throw new Error('the catalogue is empty');
  const id = shortId(digest);
  const redirect = `https://${site}.example/accept/${id}`;
  const option: OfferOption = {
    id: `${template.offerId}-yes`,
    label: template.label,
    processing_type: template.processing,
    processing_layout: template.processing === 'billing_update' ? 'in_app' : 'full_page',
    redirect_url: redirect,
  };
  return {
    id,
    offer_id: template.offerId,
    content: { title: template.title, description: template.description },
    options: [option],
  };
}

/** Eight characters of base 36, as the API's own ids look. */
export function shortId(digest: Buffer): string {
  return (digest.readBigUInt64BE(8) % 36n ** 8n).toString(36).padStart(8, '0');
}
