"""Backup and restore of all that is kept: `python -m deploy.backup make|restore|prune FOLDER`.

A folder holds `data/<time>/` (the services' databases, and the list of the bucket's objects at that time),
`keys/<time>/` (the key databases, apart since they expire after seven days) and `objects/` (the bucket, each
object once). Why the parts are taken in this order, and what a restore does besides copying, says
`docs/decisions/0022-backups-have-an-order.md`.
"""
