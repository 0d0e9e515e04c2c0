/** @jsxImportSource solid-js */
// Calls of `offersight/solid` that must and must not compile.
import { offer } from 'offersight/solid';

// Named, so that a compiler keeps what only JSX mentions.
export const directive = offer;

export const Card = (props: { readonly id: string | undefined }) => (
  <>
    <article use:offer={{ id: 'a52ge40b', ignore: 1_000 }} />
    <article use:offer={props.id} />
    {/* @ts-expect-error a number is no offer */}
    <article use:offer={7} />
    {/* @ts-expect-error a directive that there is not */}
    <article use:ofer={props.id} />
  </>
);

offer(document.body, () => 'a52ge40b');
// @ts-expect-error an accessor, so that a change is seen
offer(document.body, 'a52ge40b');
