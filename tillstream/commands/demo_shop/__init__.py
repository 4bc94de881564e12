"""What the demo contains besides its samples: people, days, the catalogue, a till and a sale of the form."""
