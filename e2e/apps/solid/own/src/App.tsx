import { createSignal, Match, onCleanup, Switch } from 'solid-js';
import { OfferCard } from './OfferCard';
import { tracker } from './offers';
import { PlanOffer } from './PlanOffer';

export default function App() {
  const [path, setPath] = createSignal(location.pathname);
  const onMove = () => {
    setPath(location.pathname);
    tracker.pageView();
  };
  addEventListener('popstate', onMove);
  onCleanup(() => removeEventListener('popstate', onMove));
  const go = (event: MouseEvent & { currentTarget: HTMLAnchorElement }) => {
    event.preventDefault();
    history.pushState(null, '', event.currentTarget.href);
    onMove();
  };
  return (
    <Switch>
      <Match when={path() === '/plans'}>
        <main>
          <h1>Plans</h1>
          <PlanOffer />
          <a href="/" onClick={go}>
            Home
          </a>
        </main>
      </Match>
      <Match when={path() === '/'}>
        <main>
          <h1>Shop</h1>
          <OfferCard />
          <a href="/plans" onClick={go}>
            Plans
          </a>
        </main>
      </Match>
    </Switch>
  );
}
