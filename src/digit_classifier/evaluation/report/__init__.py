"""The report about a model, and the page that it is written on."""
