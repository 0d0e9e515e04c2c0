/** Which controls say by themselves that they close the box around them: by a name, by an icon's name, by a class. */
import { afterEach, describe, expect, test } from 'vitest';
import { closesByConvention } from '../../../../src/client/later/closing/conventions.js';
import { find, render } from '../../../support/page.js';

const isConventional = closesByConvention();

const named = (name: string): boolean => {
  const control = render('<button></button>');
  control.setAttribute('aria-label', name);
  return isConventional(control);
};

/** Whether what was pressed, or anything around it, is a close control. */
const closes = (markup: string, pressed = 'button'): boolean => {
  render(markup);
  for (let at: Element | null = find(pressed); at; at = at.parentElement) if (isConventional(at)) return true;
  return false;
};

afterEach(() => {
  document.body.innerHTML = '';
});

describe('a name of a close word and of what pops up is that of a close control', () => {
  /** Many of them as libraries ship them. */
  test.each([
    [
      'en',
      'close notification',
      'Dismiss notification',
      'Close this dialog',
      'Close the pop-up',
      'Dismiss overlay panel',
      'Close dialog window',
      'close icon',
      'Close (Esc)',
      'Dismiss this notice.',
      'Close announcement',
      'Close promotion',
      'Dismiss ad',
    ],
    [
      'de',
      'Benachrichtigung schließen',
      'Dieses Fenster schliessen',
      'Dialogfenster schließen',
      'Hinweis schließen',
    ],
    [
      'fr',
      'Fermer la notification',
      'Fermer la boîte de dialogue',
      'Fermer cette fenêtre',
      'Fermer le message',
    ],
    ['es', 'Cerrar notificación', 'Cerrar este diálogo', 'Descartar el aviso', 'Cerrar esta ventana'],
    ['it', 'Chiudi notifica', 'Chiudi questa finestra', 'Chiudi finestra di dialogo', 'Ignora il messaggio'],
    ['pt', 'Fechar notificação', 'Fechar esta caixa de diálogo', 'Fechar a janela', 'Dispensar mensagem'],
    ['nl', 'Sluit melding', 'Melding sluiten', 'Dialoogvenster sluiten', 'Sluit dit venster'],
    ['pl', 'Zamknij powiadomienie', 'Zamknij okno', 'Zamknij ten komunikat'],
    ['sv', 'Stäng meddelande', 'Stäng fönstret', 'Stäng dialogrutan', 'Stäng avisering'],
    ['da', 'Luk besked', 'Luk vinduet', 'Luk meddelelsen'],
    ['no', 'Lukk varsel', 'Lukk vinduet', 'Lukk denne dialogboksen'],
    ['fi', 'Sulje ilmoitus', 'Sulje ikkuna', 'Sulje tämä ponnahdusikkuna'],
    ['cs', 'Zavřít oznámení', 'Zavřít okno', 'Zavřít tuto zprávu'],
    ['tr', 'Bildirimi kapat', 'Pencereyi kapat', 'Bu iletişim kutusunu kapat'],
    ['ru', 'Закрыть уведомление', 'Закрыть это окно', 'Закрыть сообщение'],
    ['uk', 'Закрити сповіщення', 'Закрити це вікно', 'Закрити повідомлення'],
    ['ja', '通知を閉じる', 'ダイアログを閉じる', 'このウィンドウを閉じる', 'メッセージを閉じる'],
    ['ko', '알림 닫기', '대화 상자 닫기', '이 팝업 닫기', '메시지 닫기'],
    ['zh', '关闭通知', '关闭此对话框', '关闭弹窗', '关闭 消息'],
    ['zh-TW', '關閉通知', '關閉此對話框', '關閉視窗'],
    ['ar', 'إغلاق الإشعار', 'إغلاق النافذة', 'إغلاق الرسالة'],
  ])('in %s', (_, ...names) => {
    expect(names.filter((name) => !named(name))).toEqual([]);
  });
});

describe('a name of a close word and of anything else is not that of a close control', () => {
  test.each([
    [
      'en',
      'Close deal',
      'Close the deal',
      'Close account',
      'Close this tag',
      'Closest dialog',
      'Close-up icons',
      'Close address',
      'Dismiss all offers at once and buy the window',
    ],
    ['de', 'Konto schließen', 'Bestellung schließen', 'Fenster kaufen', 'Dialog'],
    ['fr', 'Fermer la session', 'Fermer le compte', 'Fermer le tag'],
    ['es', 'Cerrar sesión', 'Cerrar cuenta', 'Cerrar esta etiqueta'],
    ['it', 'Chiudi l’ordine', 'Chiudi il conto'],
    ['pt', 'Fechar pedido', 'Fechar esta etiqueta', 'Fechar conta'],
    ['nl', 'Sluit nu af', 'Sluit een abonnement', 'Account sluiten'],
    ['pl', 'Zamknij zamówienie', 'Zamknij konto'],
    ['sv', 'Stäng kontot'],
    ['da', 'Luk kontoen', 'Luksusvinduer'],
    ['no', 'Lukk kontoen'],
    ['fi', 'Sulje tili'],
    ['cs', 'Zavřít účet'],
    ['tr', 'Oturumu kapat', 'Bu etiketi kapat'],
    ['ru', 'Закрыть сделку', 'Закрыть счёт'],
    ['uk', 'Закрити цей тег', 'Закрити угоду'],
    ['ja', '口座を閉じる', '閉じるボタン特集'],
    ['ko', '계정 닫기', '닫기 전 마지막 할인'],
    ['zh', '关闭订单', '关闭此标签'],
    ['zh-TW', '關閉訂單', '關閉此標籤'],
    ['ar', 'إغلاق الطلب', 'إغلاق الحساب'],
  ])('in %s', (_, ...names) => {
    expect(names.filter(named)).toEqual([]);
  });
});

const ICON = '<svg width="20" height="20"><path d="M0 0h20v20z"/></svg>';

describe('a close control is known', () => {
  test.each([
    [
      'by the element that aria-labelledby names',
      `<button aria-labelledby="n">${ICON}</button><i id="n" hidden>Close</i>`,
    ],
    [
      'by the elements that aria-labelledby names, with any ids',
      '<button aria-labelledby=":r1: n"></button><i id=":r1:">Close</i><i id="n">dialog</i>',
    ],
    [
      'by its own name if aria-labelledby leads nowhere',
      '<button aria-labelledby="none" title="Close"></button>',
    ],
    ['by the aria-label of its icon', '<button><svg role="img" aria-label="Close"></svg></button>'],
    ['by the title in its icon', '<button><svg><title>Close</title></svg></button>'],
    ['by the title attribute of its icon', '<button><i title="Close"></i></button>'],
    ['by the alternative text of its picture', '<a href="#"><img alt="Close icon"></a>', 'a'],
    ['by the alternative text of the picture that it is', '<img alt="Close">', 'img'],
    [
      'by text that only screen readers read',
      `<button>${ICON}<span class="sr-only">Close notification</span></button>`,
    ],
    ['if its icon is pressed', '<button aria-label="Close"><svg><path></path></svg></button>', 'path'],
  ])('%s', (_, markup, pressed?: string) => {
    expect(closes(markup, pressed)).toBe(true);
  });
});

describe('a control is not known as a close control', () => {
  test.each([
    [
      'by another name that aria-labelledby gives it',
      '<button aria-labelledby="n">×</button><i id="n">Close deal</i>',
    ],
    ['by an icon beside other words', '<button><img alt="Close"> Buy now</button>'],
    ['by one of several icons', '<a href="#"><img alt="Close"><img alt="Switch"></a>', 'a'],
    ['by a class beside a name', '<button class="btn-close" aria-label="Buy now"></button>'],
    ['by a class beside words', '<button class="btn-close">Buy now</button>'],
    ['by a class beside an icon’s name', '<button class="btn-close"><img alt="Buy now"></button>'],
  ])('%s', (_, markup, pressed?: string) => {
    expect(closes(markup, pressed)).toBe(false);
  });
});

describe('a control without any name is known by a class', () => {
  /** As libraries mark the crosses that they ship without a name. */
  test.each([
    [
      'Mantine',
      `<button class="mantine-focus-auto m_86a44da5 mantine-CloseButton-root m_87cf2631">${ICON}</button>`,
    ],
    ['Bootstrap', '<button class="btn-close btn-close-white"></button>'],
    ['Bootstrap 4', `<button class="close">${ICON}</button>`],
    ['Element Plus', `<i class="el-icon el-notification__closeBtn">${ICON}</i>`, 'i'],
    ['Vant', '<i role="button" class="van-icon van-icon-cross van-popup__close-icon"></i>', 'i'],
    ['Notyf', '<div class="notyf__dismiss"><button class="notyf__dismiss-btn"></button></div>'],
    ['iziToast', '<button class="iziToast-close"></button>'],
    ['iziModal', '<a href="javascript:void(0)" class="iziModal-button iziModal-button-close"></a>', 'a'],
    ['UIkit', '<button class="uk-modal-close-default uk-icon uk-close"></button>'],
    ['react-responsive-modal', `<button class="react-responsive-modal-closeButton">${ICON}</button>`],
    ['Semantic UI', '<i class="close icon"></i>', 'i'],
    ['TDesign', `<span class="t-drawer__close-btn">${ICON}</span>`, 'span'],
    ['a style module', `<button class="Modal_close__3kT9z">${ICON}</button>`],
    ['a page’s own picture', '<img class="popup-close" src="x.png" alt="">', 'img'],
  ])('of %s', (_, markup, pressed?: string) => {
    expect(closes(markup, pressed)).toBe(true);
  });

  test.each([
    'menu-close-account',
    'closed',
    'enclose',
    'close-deal',
    'has-close',
    'is-closeable',
    'disclose',
    'el-tag__close',
    'chip-dismiss',
    'bi bi-twitter-x',
    'ti ti-brand-x',
    'fa-brands icon-social-x',
  ])('not by %s', (name) => {
    expect(closes(`<button class="${name}">${ICON}</button>`)).toBe(false);
  });

  test('and not by that of the box around it', () => {
    expect(closes(`<div class="popup-close">${ICON}<button>${ICON}</button></div>`)).toBe(false);
  });
});

describe('in a dialog, a button of form method=dialog closes', () => {
  const CROSS_OF_PAGE = '<button type="button" aria-label="Close">×</button>';
  const BUY = '<button type="button">Buy</button>';

  test.each([
    ['if it is the only button', '', '<button value="ok" id="pressed">OK</button>'],
    ['if it has no value', BUY, '<button id="pressed">Not now</button><button value="yes">Yes</button>'],
    ['if its type is none', BUY, '<button type="" id="pressed">Not now</button>'],
    [
      'if its value says no',
      BUY,
      '<button value="no-thanks" id="pressed">Later</button><button value="yes">Yes</button>',
    ],
    [
      'if its name says so',
      BUY,
      '<button value="1" id="pressed">Close</button><button value="2">Yes</button>',
    ],
    [
      'if its label says so',
      BUY,
      '<input type="submit" value="Close window" id="pressed"><button value="2">Yes</button>',
    ],
    [
      'if its value says nothing, and no other button submits',
      BUY,
      '<button value="ok" id="pressed">OK</button>',
    ],
    [
      'if its label says nothing, and no other button submits',
      CROSS_OF_PAGE,
      '<input type="submit" value="OK" id="pressed">',
    ],
  ])('%s', (_, offers, buttons) => {
    for (const [inside, beside] of [
      [`${offers}<form method="dialog">${buttons}</form>`, ''],
      [offers, `<form method="dialog">${buttons}</form>`],
    ])
      expect(closes(`<dialog open><p data-offer-id="a">${inside}</p>${beside}</dialog>`, '#pressed')).toBe(
        true,
      );
  });

  test.each([
    ['if its value answers', CROSS_OF_PAGE, '<button value="add" id="pressed">Add</button>'],
    ['if its label answers', CROSS_OF_PAGE, '<input type="submit" value="Add" id="pressed">'],
    [
      'if it agrees beside one that refuses',
      '',
      '<button value="cancel">No</button><button value="ok" id="pressed">OK</button>',
    ],
    ['if it does not submit', '', '<button type="button" id="pressed">Show more</button>'],
  ])('but not %s', (_, beside, buttons) => {
    expect(
      closes(
        `<dialog open><p data-offer-id="a"></p>${beside}<form method="dialog">${buttons}</form></dialog>`,
        '#pressed',
      ),
    ).toBe(false);
  });
});
