# syntax=docker/dockerfile:1
# Reads the plates of a mounted folder, with ONNX Runtime and without TensorFlow:
#   make wheel
#   docker build --tag platefuse .
#   docker run --rm --network none --volume "$PWD/photos:/plates:ro" platefuse
#   docker run --rm --network none --volume "$PWD/photos:/plates:ro" platefuse read /plates --json
# Serves on this machine's port 8000:
#   docker run --rm --read-only --publish 127.0.0.1:8000:8000 platefuse serve --host 0.0.0.0
FROM python:3.12-slim

# The one wheel in dist/ has the released readers inside.
RUN --mount=type=bind,source=dist,target=/dist \
    wheel=$(find /dist -name 'platefuse-*.whl') \
    && pip install --no-cache-dir "platefuse[onnx,serve] @ file://$wheel" \
    && useradd --create-home reader

USER reader
WORKDIR /home/reader
ENTRYPOINT ["platefuse"]
CMD ["read", "/plates"]
