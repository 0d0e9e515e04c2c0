import type { Child } from 'hono/jsx';

const layout = (title: string, body: Child) => (
  <html lang="en">
    <head>
      <title>{title}</title>
      <link rel="icon" href="data:," />
    </head>
    <body>
      <h1>{title}</h1>
      {body}
    </body>
  </html>
);

export const page = () => {
  const body = (
    <>
      <article class="card">
        <h2>Two months on us</h2>
        <button type="button">Switch to yearly</button>
        <button type="button" onclick="this.closest('article').remove()">
          No, thanks
        </button>
      </article>
      <a href="/plans">Plans</a>
    </>
  );
  return layout('Shop', body);
};

export const plans = () => {
  const body = (
    <>
      <article class="card" data-offer-id="b71kf93c">
        <h2>Three seats for two</h2>
      </article>
      <a href="/">Home</a>
    </>
  );
  return layout('Plans', body);
};
