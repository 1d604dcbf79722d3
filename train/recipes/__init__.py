"""The recipes that come with litefoot, one module each, each with its `RECIPE`."""
