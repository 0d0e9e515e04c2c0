/** What the pages have in common: an offer that only the product's attribute marks, and a button that shows a widget. */

/** An offer with a link to a place of the same page. */
export const offer = (id = 'card') =>
  `<article data-offer-id="${id}" data-offer-dwell="300" style="width: 240px; height: 120px; background: gold">
     <p>Half price</p><a href="#terms">Terms</a>
   </article>`;

/** Puts a widget into the page. */
export const put = (html) => document.body.insertAdjacentHTML('beforeend', html);

/**
 * A button that shows a widget.
 * @param show Shows the widget, and returns a function that hides it without its user.
 */
export const widget = (name, show) => {
  const button = document.createElement('button');
  button.textContent = `Show ${name}`;
  document.body.prepend(button);
  button.onclick = async () => {
    window.hide = await show();
  };
};
