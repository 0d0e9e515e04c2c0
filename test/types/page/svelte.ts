/** Calls of `offersight/svelte` that must and must not compile. */
import { offer, offerAction } from 'offersight/svelte';
import type { Action } from 'svelte/action';
import type { Attachment } from 'svelte/attachments';

export const attachment: Attachment = offer({ id: 'a52ge40b', token: 'a.b' });
export const later: Attachment<HTMLElement> = offer(undefined);
// @ts-expect-error an offer without an id is none
offer({ token: 'a.b' });
// @ts-expect-error an attachment is made for an offer
offer();

export const action: Action<Element, string | undefined> = offerAction;
offerAction(document.body, 'a52ge40b');
// @ts-expect-error milliseconds are a number
offerAction(document.body, { id: 'a52ge40b', dwellMs: '1s' });
