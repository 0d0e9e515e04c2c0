import './style.css'
import { tracker } from './offers.js';

document.querySelector('#app').innerHTML = `
<section id="shop">
<h1>Shop</h1>
<article class="card">
  <h2>Two months on us</h2>
  <button type="button">Switch to yearly</button>
  <button type="button" onclick="this.closest('.card').remove()">No, thanks</button>
</article>
<a href="/plans">Plans</a>
</section>
`

// A few lines replace a router.
const shop = document.querySelector('#shop').innerHTML;
const PAGES = {
  '/': shop,
  '/plans': `
    <h1>Plans</h1>
    <offer-impression endpoint="/offer-events" data-offer-id="b71kf93c">
      <h2>Three seats for two</h2>
    </offer-impression>
    <a href="/">Home</a>`,
};
const show = () => {
  document.querySelector('#app').innerHTML = PAGES[location.pathname];
  tracker.pageView();
};

addEventListener('popstate', show);
addEventListener('click', (event) => {
  const link = event.target.closest('a');
  if (!link) return;
  event.preventDefault();
  history.pushState(null, '', link.href);
  show();
});
