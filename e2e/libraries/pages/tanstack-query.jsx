import { QueryClient, QueryClientProvider, useQuery, useQueryClient } from '@tanstack/react-query';
import { Card, reactWidget } from './react.jsx';

const client = new QueryClient();
let coupons = ['SPRING10'];

/** What a shop's server answers, after 600 ms. */
const load = () => new Promise((resolve) => setTimeout(() => resolve([...coupons]), 600));

const Cart = () => {
  const { data } = useQuery({ queryKey: ['cart'], queryFn: load });
  const queries = useQueryClient();
  if (!data) return <p>Loading</p>;
  const remove = (coupon) => {
    coupons = coupons.filter((each) => each !== coupon);
    void queries.resetQueries({ queryKey: ['cart'] });
  };
  return (
    <>
      {data.map((coupon) => (
        <p key={coupon}>
          {coupon}{' '}
          <button type="button" aria-label="Close" onClick={() => remove(coupon)}>
            ×
          </button>
        </p>
      ))}
      <Card />
    </>
  );
};

reactWidget('cart', ({ isOpen }) =>
  isOpen ? (
    <QueryClientProvider client={client}>
      <div role="dialog" style={{ position: 'fixed', right: 0, top: 0, width: 400, background: 'white' }}>
        <Cart />
      </div>
    </QueryClientProvider>
  ) : null,
);
