/** An outline around each offer in view, with what it lacks and a ring that fills with its dwell. */
import type { JSX } from 'preact';
import type { OfferNote } from '../offers.js';
import { percent } from '../words.js';

/** What is drawn around one offer, CSS px of the viewport. */
export interface Outline {
  readonly note: OfferNote;
  readonly box: DOMRect;
}

const RADIUS = 7;
const CIRCUMFERENCE = 2 * Math.PI * RADIUS;
/** Smaller ones have no room for words. */
const LEAST_WIDTH = 60;

/** A ring, filled by a share. */
export const Ring = ({ share }: { readonly share: number }): JSX.Element => (
  <svg class="ring" viewBox="0 0 20 20" width="16" height="16" aria-hidden="true">
    <circle class="ring-track" cx="10" cy="10" r={RADIUS} />
    <circle
      class="ring-share"
      cx="10"
      cy="10"
      r={RADIUS}
      stroke-dasharray={CIRCUMFERENCE}
      stroke-dashoffset={CIRCUMFERENCE * (1 - share)}
      transform="rotate(-90 10 10)"
    />
  </svg>
);

/** What is visible of an offer, and what it needs. */
export const sharesOf = ({ ratio, needed }: OfferNote): string | undefined =>
  ratio === undefined || needed === undefined
    ? undefined
    : `${percent(ratio)} in view, ${percent(needed)} needed`;

/** The outlines; pointers go through them. */
export const Outlines = ({ outlines }: { readonly outlines: readonly Outline[] }): JSX.Element => (
  <div class="outlines" aria-hidden="true">
    {outlines.map(({ note, box: { left, top, width, height } }) => (
      <div
        class={`outline ${note.standing}`}
        style={{ transform: `translate(${left}px, ${top}px)`, width: `${width}px`, height: `${height}px` }}
      >
        {width < LEAST_WIDTH ? null : (
          <span class={`label ${top < 0 ? 'inside' : ''}`}>
            <Ring share={note.progress} />
            <span>{[note.words, sharesOf(note)].filter(Boolean).join(' ')}</span>
          </span>
        )}
      </div>
    ))}
  </div>
);
