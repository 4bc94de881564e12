# Tillstream as one image: by itself it serves the folder /data; with TILLSTREAM_PROJECT set, a portal, job
# or function of that project.
FROM python:3.11-slim-bookworm AS packages
WORKDIR /build
COPY infra/locks/image.lock ./
RUN python -m venv --without-pip /opt/tillstream \
    && pip --python /opt/tillstream install --no-cache-dir --no-compile --only-binary :all: --require-hashes -r image.lock
COPY pyproject.toml README.md LICENSE ./
COPY sql sql
COPY looker looker
COPY infra infra
COPY functions functions
COPY portal portal
COPY tillstream tillstream
COPY till till
RUN pip --python /opt/tillstream install --no-cache-dir --no-deps --no-build-isolation . \
    && pip --python /opt/tillstream uninstall --yes setuptools \
    && ln -s /opt/tillstream/lib/python3.*/site-packages /opt/tillstream/packages

FROM python:3.11-slim-bookworm
# LightGBM, which forecasts use, needs OpenMP; a fixed version would end with the next security update of Debian
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgomp1 \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 tillstream \
    && useradd --uid 10001 --gid 10001 --no-log-init --no-create-home --home-dir /data --shell /usr/sbin/nologin tillstream \
    && install --directory --owner=10001 --group=10001 /data
COPY --from=packages /opt/tillstream /opt/tillstream
ENV PATH=/opt/tillstream/bin:$PATH PYTHONUNBUFFERED=1 TILLSTREAM_HOME=/data \
    FUNCTION_SOURCE=/opt/tillstream/packages/functions/main.py
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8080
HEALTHCHECK --start-period=60s CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8080/healthz', timeout=3)"]
CMD ["tillstream", "serve", "--host", "0.0.0.0"]
