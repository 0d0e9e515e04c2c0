/**
 * Close controls that no attribute of ours marks: those that libraries mark, and those that people name, so that they
 * close what they stand in.
 */

import { type IsConventional, matches } from './controls.js';

const CONTROLS = [
  '[data-bs-dismiss]',
  '[data-dismiss]',
  '[command=close]',
  '[command=request-close]',
  '[command=hide-popover]',
  '[command=toggle-popover]',
  '[popovertarget]:not([popovertargetaction=show])',
  '[value=cancel]',
  '[formmethod=dialog]',
  'form[method=dialog] :is([type=submit],button:not([type]))',
].join();

/** What is drawn for a cross, and the letter that stands for one. */
const CROSS = '[x×✕-✘╳⨯❌]\ufe0f?';

/** Close words of the languages that most shops speak, and what English says behind them. */
const NAME = new RegExp(
  `^(?:${CROSS}|(?:${CROSS}\\s*)?(?:(?:close|dismiss)(?:\\s+(?:this\\s+|the\\s+)?(?:dialog|modal|popup|panel|alert|banner|window|toast|message|drawer|offer))?|schlie(?:ß|ss)en|fermer|cerrar|chiudi|fechar|sluiten|zamknij|stäng|luk|lukk|sulje|zavřít|kapat|закрыть|закрити|閉じる|닫기|关闭|關閉|إغلاق)(?:\\s*${CROSS})?)\\s*(?:\\([^)]*\\))?$`,
  'i',
);

/** In a form that closes a dialog a button that has such a value, or none, closes; any other one answers. */
const isAnswer = (element: Element): boolean => {
  const form = element.matches(CONTROLS) && element.closest('form[method=dialog]');
  return (
    !!form &&
    !/^(?:cancel|close|dismiss|no)?$/i.test(element.getAttribute('value') ?? '') &&
    form.querySelectorAll(':is(button:not([type]),[type=submit])').length > 1
  );
};

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
    if (element.matches(CONTROLS)) return !isAnswer(element);
    const label = element.getAttribute('aria-label');
    // Of a button, and of what holds nothing else, people read the text.
    const hasText = !element.firstElementChild || element.matches('button,[role=button]');
    return label
      ? isName(label)
      : isName(element.getAttribute('title')) ||
          (hasText && isName(element.textContent || element.getAttribute('value')));
  };
};
