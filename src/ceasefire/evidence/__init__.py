"""What is known, and who says so.

`build.build` turns upstream files into a `Store`; a `Vintage` is what the store shows on one day; `Geography` and
`Gazetteer` are the land and its names.
"""
