"""Operations: what keeps the flow going and proves it: reconcile, rebuild, dead letters."""
