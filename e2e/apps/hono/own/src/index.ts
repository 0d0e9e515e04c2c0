import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { page, plans } from './page.js'

const app = new Hono()

app.get('/', (c) => c.html(page()))
app.get('/plans', (c) => c.html(plans()))

serve({
  fetch: app.fetch,
  port: 3000
}, (info) => {
  console.log(`Server is running on http://localhost:${info.port}`)
})
