"""Objects in Amazon S3 and stores with its interface."""
