# The default ETL: one container a file. `npm run images` puts the packages it needs into staged/, so that its build needs
# no network; a plain `docker build -f docker/default-etl.Dockerfile .` installs them here.
# A tag can be moved to another image, a digest can't: BASE_IMAGE=node:24-slim@sha256:… pins the base.
ARG BASE_IMAGE=node:24-slim
FROM ${BASE_IMAGE}
# It can be started ahead and get its environment as one JSON line on stdin.
LABEL orchestrator.warm="true"
ENV NODE_ENV=production
WORKDIR /app
# A pattern that matches nothing is no error beside files that are there. What changes seldom comes first.
COPY package.json package-lock.json staged* ./
RUN [ -d node_modules ] \
  || (npm ci --omit=dev --ignore-scripts --no-audit --no-fund && npm cache clean --force && rm -rf node_modules/node-*-*)
COPY default-etl ./default-etl
# Nobody can write here later on: what would be compiled at each start is compiled now, for whoever the user will be.
RUN NODE_COMPILE_CACHE=/app/compiled node default-etl/run/compile-ahead.ts && chmod -R a+rX compiled
# Only where nobody says otherwise: the orchestrator gives each run a uid of its own, of RUN_UIDS.
USER 61200:61200
ENTRYPOINT ["node", "/app/default-etl/bin.js"]
