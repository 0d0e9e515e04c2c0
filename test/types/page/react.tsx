/** Calls of `offersight/react` that must and must not compile. */
import type { OfferTracker } from 'offersight';
import { Offer, type OfferHandle, type OfferProps, useOffer } from 'offersight/react';
import type { MouseEvent, ReactNode } from 'react';

interface Props {
  readonly tracker: OfferTracker;
  readonly id: string;
}

export const Card = ({ tracker, id }: Props) => {
  const { ref, dismiss, accept }: OfferHandle = useOffer(tracker, { id, dwellMs: 500 });
  return (
    <section ref={ref} className="card">
      <button type="button" onClick={dismiss}>
        Close
      </button>
      <button type="button" onClick={accept}>
        Take it
      </button>
    </section>
  );
};

const Plain = (props: { readonly label: string; readonly children?: ReactNode }) => <p {...props} />;

export const Page = ({ id }: { readonly id: string | undefined }) => (
  <>
    <Offer
      offer={id}
      className="card"
      onClick={({ currentTarget }: MouseEvent<HTMLDivElement>) => currentTarget.align}
    />
    <Offer offer={null} />
    <Offer as="a" offer={{ id: 'a52ge40b', ignore: 'leave' }} href="/offers" />
    <Offer as={Plain} offer="a52ge40b" label="An offer">
      An offer
    </Offer>
    {/* @ts-expect-error a div leads nowhere */}
    <Offer offer="a52ge40b" href="/offers" />
    {/* @ts-expect-error an element that there is not */}
    <Offer as="ofer" offer="a52ge40b" />
    {/* @ts-expect-error the offer is what it is about */}
    <Offer as="article" />
    {/* @ts-expect-error an offer without an id is none */}
    <Offer offer={{ ratio: 0.3 }} />
    {/* @ts-expect-error the component's own prop is missing */}
    <Offer as={Plain} offer="a52ge40b" />
  </>
);

export const props: OfferProps<'a'> = { offer: 'a52ge40b', href: '/offers' };
// Hooks cannot be left out: an offer that has not arrived yet is one that is not there.
export const useNothing = (tracker: OfferTracker) => useOffer(tracker, undefined);
// @ts-expect-error an offer without an id is none, here either
export const useRatio = (tracker: OfferTracker) => useOffer(tracker, { ratio: 0.3 });
