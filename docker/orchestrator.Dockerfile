# The orchestrator, with the default ETL to run as a process where no container is asked for.
# A tag can be moved to another image, a digest can't: BASE_IMAGE=node:24-slim@sha256:… pins the base.
ARG BASE_IMAGE=node:24-slim

FROM ${BASE_IMAGE}
# Outside of a container the API listens on loopback alone; in here that would be nobody.
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8080
# As where it is started by npm: two heaps of malloc for all threads take 25 MB less once many files have come.
ENV MALLOC_ARENA_MAX=2
WORKDIR /app
# `npm run images` puts the packages into staged/; without it they are installed here, which needs the network.
COPY package.json package-lock.json staged* ./
RUN [ -d node_modules ] \
  || (npm ci --omit=dev --ignore-scripts --no-audit --no-fund && npm cache clean --force && rm -rf node_modules/node-*-*)
COPY config ./config
COPY default-etl ./default-etl
COPY orchestrator ./orchestrator
RUN mkdir data && chown 61199:61199 data && chmod 0700 data \
  && chmod 755 orchestrator/bin.js && ln -s /app/orchestrator/bin.js /usr/local/bin/orchestrator
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/api/health`).then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Not one of RUN_UIDS, whose first is 61200: what a run may do to its own processes it may not do to this one.
USER 61199:61199
ENTRYPOINT ["node", "/app/orchestrator/bin.js"]
CMD ["start"]
