/**
 * Close controls that no attribute of ours marks: those that libraries mark, and those whose name
 * says that they close the box around them.
 */

import { type IsConventional, matches, PRESSED } from '../detect/controls.js';

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

/** Close words of the languages that most shops speak. */
const CLOSE =
  'close|dismiss|schlie(?:ß|ss)en|fermer|rejeter|cerrar|descartar|chiudi|ignora|fechar|dispensar|sluit(?:en)?|negeren|zamknij|zignoruj|stäng|avvisa|luk|lukk|sulje|hylkää|zavřít|kapat|закрыть|закрити|閉じる|닫기|关闭|關閉|إغلاق';

/**
 * What is closed and is never what an offer is about, by the stems of its names: dialogs, windows, notifications, messages.
 * A stem stands in longer words too, as compounds and endings make them.
 */
const THING =
  'di[aá]l[oó]g|modal|pop-?up|popover|pan+el|painel|banner|icon|offer(?!\\w)|(?<!\\w)ad(?!\\w)|promo|announcement|notice|alert|toast|drawer|overlay|bildirim|notif|notis|me(?:ss|n?s)a[gj]|meddel|meld|benachrichtig|hinweis|avi[sv]|window|fen[eêsö]|fönst|ventana|finestr|janela|venster|vind|okn|ikkun|pencere|kutu|powiadom|komunikat|besked|varsel|ilmoit|oznámen|zpráv|mesaj|окно|вікно|уведом|сообщ|сповіщ|повідом|баннер|通知|ダイアログ|モーダル|ポップアップ|バナー|ウィンドウ|メッセージ|대화 ?상자|알림|팝업|창|배너|메시지|对话框|對話框|弹窗|窗|視窗|消息|訊息|نافذة|إشعار|رسالة|حوار';

/** Such a thing, with short words before it, such as articles, and sometimes two words for it. */
const NAMED_THING = `(?:(?:\\S{1,8}\\s+){0,3}\\S{0,9}(?:${THING})\\S{0,9}\\s*){1,2}`;

/** No word goes on behind it; other scripts write the next word at once. */
const END = '(?![a-z\u00df-\u04ff-])';

const NAME = new RegExp(
  `^(?:${CROSS}|(?:${CROSS}\\s*)?(?:(?:${CLOSE})(?:${END}\\s*${NAMED_THING})?|${NAMED_THING}(?:${CLOSE}))(?:\\s*${CROSS})?)\\.?\\s*(?:\\(\\D[^)]*\\))?$`,
  'i',
);

/** What libraries and sets of icons call a cross that has no name, with the hash of a style module behind it. X is a brand too. */
const CLASS =
  /(?:^|\s)(?!\S*(?:tag|chip|tab|has-|is-|twitter|brand|social|logo))(?:\S*[_-])?(?:close|dismiss|times|cross|x(?:-?mark|-lg)?)(?:[_-]?(?:btn|button|icon))?(?:-root|_\S*\d\S*)?(?!\S)/i;

/** The form that an element submits: it may stand outside of it, and name it. Custom elements may call anything so. */
const formOf = (element: Element): Element | null => {
  const { form } = element as Partial<HTMLButtonElement>;
  return form?.nodeType ? form : element.closest('form');
};

/** In a form that closes its dialog; a type that no button has submits as well. */
const closesForm = (element: Element): boolean =>
  element.matches('[type=submit],button:not([type=button],[type=reset])') &&
  !!formOf(element)?.matches('[method=dialog]');

/** What a button sends that closes. */
const REFUSAL = /^(?:cancel|close|dismiss|no(?:\W*thank.*)?)?$/i;
/** What a button sends that agrees, if another one refuses, and else only closes. */
const NEUTRAL = /^(?:ok|okay|done|default)$/i;

/** In a form that closes a dialog any other button than one that refuses answers, unless it only can close the dialog. */
const isAnswer = (element: Element): boolean => {
  const value = element.getAttribute('value') ?? '';
  const form = formOf(element);
  if (!form?.matches('[method=dialog]') || REFUSAL.test(value)) return false;
  const buttons = [...(form.closest('dialog') ?? form).querySelectorAll('button,[type=submit]')];
  return (NEUTRAL.test(value) ? buttons.filter(closesForm) : buttons).length > 1;
};

/** Opens a popover and closes it again. */
const TOGGLE =
  '[popovertarget]:not([popovertargetaction]),[popovertargetaction=toggle],[command=toggle-popover]';

/** The element of an id in the tree of another one. A tree that was removed finds none. */
const elementBy = (id: string, element: Element): Element | null =>
  (element.getRootNode() as Document).getElementById?.(id);

/** What an element names as its target. */
export const targetOf = (control: Element): Element | null => {
  const id = control.getAttribute('commandfor') ?? control.getAttribute('popovertarget');
  return id ? elementBy(id, control) : null;
};

/** What may be pressed though it is not made for that, if it holds only text or an icon. */
const LEAF = 'span,i,b,div,img,svg';

/** What names an icon. */
const LABELS = ['aria-label', 'alt', 'title'];

/** The text of the elements that an attribute lists. */
const labelledBy = (element: Element): string =>
  (element.getAttribute('aria-labelledby')?.match(/\S+/g) ?? [])
    .map((id) => elementBy(id, element)?.textContent ?? '')
    .join(' ')
    .trim();

/**
 * The common conventions.
 * @param labels More names, in any case.
 * @param isOpen Whether a popover is, or was when the act that is judged began.
 */
export const closesByConvention = (
  labels: readonly string[] = [],
  isOpen = (popover: Element): boolean => matches(popover, ':is(:popover-open)'),
): IsConventional => {
  const own = new Set(labels.map((label) => label.trim().toLowerCase()));
  const isName = (text?: string | null): boolean => {
    const name = text?.trim();
    return !!name && (NAME.test(name) || own.has(name.toLowerCase()));
  };

  return (element) => {
    // A form's fields hide its own properties behind their names.
    if (matches(element, 'form')) return false;
    if ((element.matches(CONTROLS) || closesForm(element)) && !isAnswer(element)) return true;
    if (element.matches(TOGGLE)) {
      const target = targetOf(element);
      return !!target && isOpen(target);
    }
    const label = labelledBy(element) || element.getAttribute('aria-label');
    if (label) return isName(label);
    const isWhole = element.matches(`${PRESSED},[type=button],[type=submit],[type=image]`);
    // The text of a part is not the text of the whole.
    if (
      !isWhole &&
      (!element.matches(LEAF) ||
        [...element.children].some((part) => !part.matches('svg,img')) ||
        element.closest(PRESSED))
    )
      return false;
    const title = element.getAttribute('title') || element.getAttribute('alt');
    const text =
      element.textContent.trim() ||
      element.getAttribute('value') ||
      [...element.querySelectorAll('[aria-label],[alt],[title]')]
        .map((icon) => LABELS.map((name) => icon.getAttribute(name)).find(Boolean))
        .join(' ')
        .trim();
    return title || text
      ? isName(title) || isName(text)
      : [element, ...element.querySelectorAll('*')].some((each) =>
          CLASS.test(each.getAttribute('class') ?? ''),
        );
  };
};
