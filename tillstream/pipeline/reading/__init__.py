"""Read files of any supported format into blocks of text cells with row and line numbers."""
