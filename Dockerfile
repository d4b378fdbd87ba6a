# syntax=docker/dockerfile:1
FROM python:3.12-bookworm AS build
WORKDIR /src
COPY pyproject.toml setup.py README.md LICENSE ./
COPY losses losses
COPY service service
COPY deploy/constraints.txt constraints.txt
RUN python -m venv /opt/losses && /opt/losses/bin/pip install --no-cache-dir --constraint constraints.txt ".[service,arrow,zstd]"

FROM python:3.12-slim-bookworm
LABEL org.opencontainers.image.title="losses" \
      org.opencontainers.image.description="Which loss function to train with, why, and what it did" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="docker.io/library/python:3.12-slim-bookworm"
RUN useradd --system --no-create-home --uid 10001 losses
COPY --from=build /opt/losses /opt/losses
ENV PATH=/opt/losses/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 10001
EXPOSE 8000
STOPSIGNAL SIGTERM
# Alive, not ready: a process that is busy, or on its way out, is not to be restarted.
HEALTHCHECK --interval=30s --timeout=3s --start-period=10s \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
# Inside a container the network is the operator's to close: set LOSSES_API_KEYS, or put a proxy in front of it.
CMD ["losses", "serve", "--host", "0.0.0.0", "--port", "8000", "--insecure"]
