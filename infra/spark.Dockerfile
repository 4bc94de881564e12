# The image of batches of Dataproc Serverless: that of Tillstream with what Dataproc needs in it. Spark and Java are not
# in it; Dataproc mounts them. It runs everything as the user spark, with this id.
ARG IMAGE
FROM ${IMAGE}
USER 0:0
RUN apt-get update \
    && apt-get install --yes --no-install-recommends procps tini \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 1099 spark \
    && useradd --uid 1099 --gid 1099 --no-log-init --create-home --home-dir /home/spark spark
ENV PYSPARK_PYTHON=/opt/tillstream/bin/python
USER 1099:1099
WORKDIR /home/spark
HEALTHCHECK NONE
CMD ["python"]
