"""Cloud Storage, BigQuery, Pub/Sub and Firestore behind our ports."""
