# The builder image of cloudbuild.yaml: Python and make, the parts of the system that tests need, and gcloud.
FROM gcr.io/google.com/cloudsdktool/google-cloud-cli:emulators AS gcloud
FROM python:3.11-bookworm
COPY system_parts.sh /usr/local/lib/
RUN sh /usr/local/lib/system_parts.sh --install && rm -rf /var/lib/apt/lists/*
COPY --from=gcloud /google-cloud-sdk /google-cloud-sdk
ENV PATH=/google-cloud-sdk/bin:$PATH
