# Stands in for minio/minio: moto's S3 behind the commands that the compose file calls.
FROM python:3.11-slim-bookworm
RUN pip install --quiet --no-cache-dir --root-user-action=ignore 'moto[server]>=5.2'
COPY minio mc /usr/local/bin/
RUN install -d /data
VOLUME /data
CMD ["minio"]
