"""Operations on batches by users and schedules, one package per kind of work."""
