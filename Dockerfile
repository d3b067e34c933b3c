# syntax=docker/dockerfile:1
# Reads the plates of a mounted folder, with ONNX Runtime and without TensorFlow:
#   make wheel
#   docker build --tag platefuse .
#   docker run --rm --network none --volume "$PWD/photos:/plates:ro" platefuse
#   docker run --rm --network none --volume "$PWD/photos:/plates:ro" platefuse read /plates --json
FROM python:3.12-slim

# The one wheel in dist/ has the released readers inside.
RUN --mount=type=bind,source=dist,target=/dist \
    wheel=$(find /dist -name 'platefuse-*.whl') \
    && pip install --no-cache-dir "platefuse[onnx] @ file://$wheel" \
    && useradd --create-home reader

USER reader
WORKDIR /home/reader
ENTRYPOINT ["platefuse"]
CMD ["read", "/plates"]
