# Stands in for redis:*-bookworm.
FROM stand-in/debian
RUN groupadd --system --gid 999 redis && useradd --system --uid 999 --gid redis --home-dir /data redis \
    && apt-get update -qq && apt-get install -y -qq --no-install-recommends redis-server >/dev/null \
    && apt-get clean && rm -rf /var/lib/apt/lists && install -d -o redis -g redis /data
VOLUME /data
WORKDIR /data
CMD ["redis-server"]
