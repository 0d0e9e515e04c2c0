import { type MouseEvent, useEffect, useState } from 'react';
import { OfferCard } from './OfferCard';
import { tracker } from './offers';
import { PlanOffer } from './PlanOffer';

// A few lines replace a router.
export default function App() {
  const [path, setPath] = useState(location.pathname);
  const onMove = () => {
    setPath(location.pathname);
    tracker.pageView();
  };
  useEffect(() => {
    addEventListener('popstate', onMove);
    return () => removeEventListener('popstate', onMove);
  });
  const go = (event: MouseEvent<HTMLAnchorElement>) => {
    event.preventDefault();
    history.pushState(null, '', event.currentTarget.href);
    onMove();
  };
  return path === '/plans' ? (
    <main>
      <h1>Plans</h1>
      <PlanOffer />
      <a href="/" onClick={go}>
        Home
      </a>
    </main>
  ) : (
    <main>
      <h1>Shop</h1>
      <OfferCard />
      <a href="/plans" onClick={go}>
        Plans
      </a>
    </main>
  );
}
