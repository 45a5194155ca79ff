"""Numbers and pictures about a model; any runtime can be judged, since a model is a function here."""
