import express from 'express';

const app = express();

const page = (title, body) => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <title>${title}</title>
    <link rel="icon" href="data:,">
    <style>.card { max-width: 400px; min-height: 200px; background: gold }</style>
  </head>
  <body>
    <h1>${title}</h1>
    ${body}
  </body>
</html>`;

app.get('/', (request, response) => {
  response.send(
    page(
      'Shop',
      `
    <article class="card">
      <h2>Two months on us</h2>
      <button type="button">Switch to yearly</button>
      <button type="button" onclick="this.closest('article').remove()">No, thanks</button>
    </article>
    <a href="/plans">Plans</a>`,
    ),
  );
});

app.get('/plans', (request, response) => {
  response.send(
    page(
      'Plans',
      `
    <article class="card" data-offer-id="b71kf93c">
      <h2>Three seats for two</h2>
    </article>
    <a href="/">Home</a>`,
    ),
  );
});

app.listen(3000, (error) => {
  if (error) throw error;
  console.log('http://localhost:3000');
});
