import Link from 'next/link';
import { Offer } from 'offersight/react';

// This page is rendered on the server.
export default function Plans() {
  return (
    <main>
      <h1>Plans</h1>
      <Offer as="article" className="card" offer="b71kf93c">
        <h2>Three seats for two</h2>
      </Offer>
      <Link href="/">Home</Link>
    </main>
  );
}
