import Link from 'next/link';
import { OfferCard } from './offer-card';

export default function Home() {
  return (
    <main>
      <h1>Shop</h1>
      <OfferCard />
      <Link href="/plans">Plans</Link>
    </main>
  );
}
