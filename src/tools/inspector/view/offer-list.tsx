/** The list of offers; if there are many, with a field to search them. */
import { Component, type JSX } from 'preact';
import type { OfferNote } from '../offers.js';
import { counted } from '../words.js';
import { Button } from './button.js';
import { Ring, sharesOf } from './outlines.js';

/** What the list shows. */
export interface OffersState {
  readonly offers: readonly OfferNote[];
  /** What may be offers that the tracker cannot see, in words. */
  readonly unseen: readonly string[];
  /** Scrolls an offer into view. */
  readonly onShow: (element: Element) => void;
}

/** Fewer are found at a glance. */
const MANY = 8;

const STANDINGS: Readonly<Record<OfferNote['standing'], string>> = {
  counted: 'counted',
  dwelling: 'counting',
  lacking: 'not yet',
  wrong: 'wrong',
};

/** How many are not listed. */
export const More = ({ count }: { readonly count: number }): JSX.Element | null =>
  count > 0 ? <p>… and {counted(count, 'more', 'more')}.</p> : null;

const Offer = ({ note, onShow }: { readonly note: OfferNote } & Pick<OffersState, 'onShow'>): JSX.Element => {
  const shares = sharesOf(note);
  return (
    <li class={note.standing}>
      <div class="row">
        <Ring share={note.progress} />
        <code>{note.offerId || '(no id)'}</code>
        <span class="standing">{STANDINGS[note.standing]}</span>
        <Button
          onPress={() => onShow(note.element)}
          label={`Show ${note.offerId || 'the offer without an id'} on the page`}
        >
          Show
        </Button>
      </div>
      <p>{note.words}</p>
      {shares === undefined ? null : <p class="quiet">{shares}.</p>}
      {note.hints.map((hint) => (
        <p class="hint">{hint}</p>
      ))}
    </li>
  );
};

/** The list. What is sought for stays while the list is drawn again. */
export class Offers extends Component<OffersState, { readonly sought: string }> {
  override state = { sought: '' };

  override render(
    { offers, unseen, onShow }: OffersState,
    { sought }: { readonly sought: string },
  ): JSX.Element {
    const isMany = offers.length > MANY;
    const found = offers.filter(
      ({ offerId, standing, words }) =>
        !isMany || `${offerId} ${STANDINGS[standing]} ${words}`.toLowerCase().includes(sought.toLowerCase()),
    );
    return (
      <>
        {offers.length ? null : <p>No element of this page has data-offer-id now.</p>}
        {unseen.map((words) => (
          <p class="problem">{words}</p>
        ))}
        {isMany ? (
          <label>
            Search{' '}
            <input
              type="search"
              value={sought}
              onInput={({ currentTarget }) => this.setState({ sought: currentTarget.value })}
            />
          </label>
        ) : null}
        <ul>
          {found.map((note) => (
            <Offer note={note} onShow={onShow} />
          ))}
        </ul>
      </>
    );
  }
}
