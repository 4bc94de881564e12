"""Kafka: the messages of a topic between offsets."""
