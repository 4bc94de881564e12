"""Reading: the bytes of any supported format become blocks of text cells with row and line numbers."""
