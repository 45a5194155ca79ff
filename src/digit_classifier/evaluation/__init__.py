"""Numbers and pictures about a model, which comes in as a function: any runtime can be judged."""
