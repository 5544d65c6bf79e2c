# Stands in for python:3.11-slim-bookworm.
FROM stand-in/debian
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends python3 python3-pip >/dev/null \
    && apt-get clean && rm -rf /var/lib/apt/lists /usr/lib/python3*/EXTERNALLY-MANAGED \
    && ln -s /usr/bin/python3 /usr/local/bin/python3 && ln -s python3 /usr/local/bin/python
CMD ["python3"]
