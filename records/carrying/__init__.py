"""Carrying an installation elsewhere: every row from one snapshot, and the bytes that the rows name.

Nothing here knows the models: tables are taken as they stand in a database, because a backup may be older than the
program. A backup carries into a folder, a restore out of it, a move from one installation into another; one database
and one storage are as good as any other.
"""
