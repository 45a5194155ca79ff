"""The page and the HTTP interface: `digits serve`."""
