"""Check no more for each of a name's search rows that its record exists: they are made and go with it.

That check took most of an import's time: a dozen of them for every record, on a table whose statistics are
still those of an empty one.
"""

from alembic import op

revision = "0010"
down_revision = "0009"

GO_WITH_THE_RECORD = """
ALTER TABLE patient_search DROP CONSTRAINT patient_search_practice_id_patient_id_fkey;
CREATE FUNCTION forget_search_rows() RETURNS trigger
    LANGUAGE plpgsql SET search_path = public, pg_temp AS
    $$BEGIN
        DELETE FROM patient_search s WHERE s.practice_id = OLD.practice_id AND s.patient_id = OLD.id;
        RETURN NULL;
    END$$;
CREATE TRIGGER forget_search_rows AFTER DELETE ON patient FOR EACH ROW EXECUTE FUNCTION forget_search_rows();
"""


def upgrade() -> None:
    op.execute(GO_WITH_THE_RECORD)
