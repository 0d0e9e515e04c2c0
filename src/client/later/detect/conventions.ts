/**
 * Close controls that no attribute of ours marks: those that libraries mark, and those whose name
 * says that they close the box around them.
 */

import { type IsConventional, matches } from './controls.js';

const CONTROLS = [
  '[data-bs-dismiss]',
  '[data-dismiss]',
  '[command=close]',
  '[command=request-close]',
  '[command=hide-popover]',
  '[popovertargetaction=hide]',
  // A custom element may also be a button.
  '[value=cancel]:not(input:not([type=button],[type=submit]),option,[role=radio],[role=option])',
  '[formmethod=dialog]',
].join();

/** What is drawn for a cross, and the letter that stands for one. */
const CROSS = '[x×✕-✘╳⨯❌]\ufe0f?';

/** Close words of the languages that most shops speak, and what English says behind them. */
const NAME = new RegExp(
  `^(?:${CROSS}|(?:${CROSS}\\s*)?(?:(?:close|dismiss)(?:\\s+(?:this\\s+|the\\s+)?(?:dialog|modal|pop-?up|panel|alert|banner|window|toast|message|drawer|offer))?|schlie(?:ß|ss)en|fermer|cerrar|chiudi|fechar|sluiten|zamknij|stäng|luk|lukk|sulje|zavřít|kapat|закрыть|закрити|閉じる|닫기|关闭|關閉|إغلاق)(?:\\s*${CROSS})?)\\s*(?:\\(\\D[^)]*\\))?$`,
  'i',
);

/** The form that an element submits: it may stand outside of it, and name it. Custom elements may call anything so. */
const formOf = (element: Element): Element | null => {
  const { form } = element as Partial<HTMLButtonElement>;
  return form?.nodeType ? form : element.closest('form');
};

const closesForm = (element: Element): boolean =>
  element.matches('[type=submit],button:not([type])') && !!formOf(element)?.matches('[method=dialog]');

/** In a form that closes a dialog a button that has such a value, or none, closes; any other one answers. */
const isAnswer = (element: Element): boolean => {
  const form = formOf(element);
  return (
    !!form?.matches('[method=dialog]') &&
    !/^(?:cancel|close|dismiss|no)?$/i.test(element.getAttribute('value') ?? '') &&
    // A lone one, in all of the dialog, only can close it.
    (form.closest('dialog') ?? form).querySelectorAll('button,[type=submit]').length > 1
  );
};

/** Opens a popover and closes it again. */
const TOGGLE =
  '[popovertarget]:not([popovertargetaction]),[popovertargetaction=toggle],[command=toggle-popover]';

/** What an element names as its target. */
export const targetOf = (control: Element): Element | null => {
  const id = control.getAttribute('commandfor') ?? control.getAttribute('popovertarget');
  return id ? (control.getRootNode() as Document).getElementById?.(id) : null;
};

/** Elements that people press as one, on any part of them. */
export const PRESSED = 'a,button,[role=button],label,summary';

/** What may be pressed though it is not made for that. */
const LEAF = 'span,i,b,div';

/**
 * The common conventions.
 * @param labels More names, in any case.
 */
export const closesByConvention = (labels: readonly string[] = []): IsConventional => {
  const own = new Set(labels.map((label) => label.trim().toLowerCase()));
  const isName = (text?: string | null): boolean => {
    const name = text?.trim();
    return !!name && (NAME.test(name) || own.has(name.toLowerCase()));
  };

  return (element) => {
    // A form's fields hide its own properties behind their names.
    if (matches(element, 'form')) return false;
    if (element.matches(CONTROLS) || closesForm(element)) return !isAnswer(element);
    if (element.matches(TOGGLE)) return !!targetOf(element)?.matches(':is(:popover-open)');
    const label = element.getAttribute('aria-label');
    if (label) return isName(label);
    const isWhole = element.matches(`${PRESSED},[type=button]`);
    // The text of a part is not the text of the whole.
    if (!isWhole && (!element.matches(LEAF) || element.firstElementChild || element.closest(PRESSED)))
      return false;
    return [
      element.getAttribute('title'),
      element.textContent || element.getAttribute('value'),
      element.querySelector('img')?.alt,
    ].some(isName);
  };
};
