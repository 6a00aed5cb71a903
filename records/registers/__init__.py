"""Reading a register: a CSV or XLSX of members and certifications. Pure: no database, no Flask.

`files` opens one whatever its encoding, delimiter or sheet; `survey` looks at all of its columns once;
`guessing` proposes which column is which; `mapping` is what a person decided; `values` reads one row by
it; `mending` writes the rows that did not come in to a file, with their problem.
"""
