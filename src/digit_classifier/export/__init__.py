"""Any model as other formats, each proven to answer as it does.

`exporter` says what a format is; each has a module. `parity` compares, `drawing` puts the
preparation of a picture into the graph.
"""
