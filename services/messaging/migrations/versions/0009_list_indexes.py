"""Find the answers to a message, and what waits about a patient, without a look at all that there is."""

from typing import Final

from alembic import op

revision: Final = "0009"
down_revision: Final = "0008"

_INDEXES: Final = {
    "message_answers": "message (practice_id, in_reply_to) WHERE in_reply_to IS NOT NULL",
    "identity_task_patient": "identity_task (practice_id, patient_id) WHERE NOT closed",
    "draft_patient": "draft (practice_id, patient_id)",
}


def upgrade() -> None:
    """Made while others read and write: it waits for their transactions, and nobody waits for it.

    An index that a try before left unfinished is made anew.
    """
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = 0")
        for name, definition in _INDEXES.items():
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.execute(f"CREATE INDEX CONCURRENTLY {name} ON {definition}")
        op.execute("SET lock_timeout = '2s'")
