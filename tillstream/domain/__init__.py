"""Pure words, no I/O, nothing imported from the other rooms."""
