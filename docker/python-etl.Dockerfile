# An ETL in Python, to copy: see docker/python-etl/. `npm run images -- python-etl` puts the packages it needs into staged/ where the base
# has to be made here; a plain `docker build -f docker/python-etl.Dockerfile .` installs them in the build.
# A tag can be moved to another image, a digest can't: BASE_IMAGE=python:3.12-slim@sha256:… pins the base.
ARG BASE_IMAGE=python:3.12-slim
FROM ${BASE_IMAGE}
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=/app/packages
WORKDIR /app
# A pattern that matches nothing is no error beside files that are there. What changes seldom comes first.
COPY docker/python-etl/requirements.txt staged* ./
RUN [ -d packages ] || pip install --no-cache-dir --target packages -r requirements.txt
# No file is written at run time, so what is compiled now is compiled once.
RUN python3 -m compileall -q packages
COPY docker/python-etl/*.py ./
# Only where nobody says otherwise: the orchestrator gives each run a uid of its own, of RUN_UIDS.
USER 61200:61200
ENTRYPOINT ["python3", "/app/etl.py"]
