"""What commands do and return, apart from how they are called: on a terminal or through the server."""
