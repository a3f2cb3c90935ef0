# The default ETL: one container a file. `npm run images` builds it with the packages it needs in staged/; a plain
# `docker build -f docker/default-etl.Dockerfile .` installs them, and needs the network.
ARG BASE_IMAGE=node:24-slim

FROM ${BASE_IMAGE} AS packages
WORKDIR /app
# A pattern that matches nothing is no error beside files that are there.
COPY package.json package-lock.json staged* ./
RUN [ -d node_modules ] || (npm install --omit=dev --no-audit --no-fund && rm -rf node_modules/node-*-*)

FROM ${BASE_IMAGE}
# It can be started ahead and get its environment as one JSON line on stdin.
LABEL orchestrator.warm="true"
ENV NODE_ENV=production
WORKDIR /app
COPY package.json ./
COPY --from=packages /app/node_modules ./node_modules
COPY default-etl ./default-etl
# Only where nobody says otherwise: the orchestrator runs it as the file's owner.
USER 1000:1000
ENTRYPOINT ["node", "/app/default-etl/main.ts"]
