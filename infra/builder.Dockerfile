# The builder image of cloudbuild.yaml: Python and make, Java for the emulators and Spark, and gcloud.
FROM gcr.io/google.com/cloudsdktool/google-cloud-cli:emulators AS gcloud
FROM python:3.11-bookworm
RUN apt-get update && apt-get install --yes --no-install-recommends default-jre-headless && rm -rf /var/lib/apt/lists/*
COPY --from=gcloud /google-cloud-sdk /google-cloud-sdk
ENV PATH=/google-cloud-sdk/bin:$PATH
