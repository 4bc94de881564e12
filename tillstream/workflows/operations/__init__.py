"""Operations: reconcile, rebuild, dead letters, maintenance log."""
