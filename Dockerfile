# The server alone: no TensorFlow. Build it, then run it with a file system that cannot be written:
#   docker build -t digits .
#   docker run --rm --read-only --cap-drop ALL -p 127.0.0.1:8000:8000 digits
FROM python:3.13-slim AS build
WORKDIR /build
# the versions that were tested
COPY requirements.txt ./
COPY pyproject.toml README.md LICENSE ./
COPY src ./src
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir -c requirements.txt ".[serve]"

FROM python:3.13-slim
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin digits
USER 10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/v2/health/live', timeout=2)"]
ENTRYPOINT ["digits", "serve"]
CMD ["--host", "0.0.0.0"]
