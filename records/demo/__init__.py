"""The demo: two organizations that show every state the product knows, with scans drawn by the program.

Dates are counted from the day of loading, so that the demo is alive whenever it is loaded.
"""
