# The standalone proxy. docs/recipes/docker.md says how to run it.
FROM node:20-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY rollup.config.mjs tsconfig.json tsconfig.build.json ./
COPY scripts/sri.mjs scripts/
COPY src src
RUN npm run build

# What runs, in the versions of the lock file; the intakes' packages and prom-client are optional in the package itself.
FROM node:20-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm install --omit=dev --ignore-scripts --save-prod libsql pg prom-client undici

FROM node:20-slim
ENV NODE_ENV=production
COPY package.json LICENSE /app/
COPY --from=packages /app/node_modules /app/node_modules
COPY --from=build /app/dist /app/dist
RUN chmod +x /app/dist/proxy/cli.js \
  && ln -s /app/dist/proxy/cli.js /usr/local/bin/offersight \
  && install -d -o node -g node /data
USER node
# The file of the sqlite intake is here, since it is named without a folder.
WORKDIR /data
VOLUME /data
EXPOSE 8787
STOPSIGNAL SIGTERM
# With --admin-port the page's port has no /healthz, and says so: it is alive all the same.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["node", "-e", "fetch('http://127.0.0.1:8787/healthz').then(({ status }) => process.exit(status < 500 ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["offersight", "proxy", "--host", "0.0.0.0"]
