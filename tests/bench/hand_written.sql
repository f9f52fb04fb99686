-- The rows of one SendMessage by one statement, as somebody would write it who needs nothing but them.
\set practice random(1, 1000)
\set patient random(1, 50)
WITH one AS (
    SELECT
        ('00000000-0000-4000-8000-' || lpad(to_hex(:practice::integer), 12, '0'))::uuid AS practice_id,
        ('00000000-0000-4000-9000-' || lpad(to_hex(:practice::integer * 100 + :patient::integer), 12, '0'))::uuid AS patient_id,
        '00000000-0000-4000-a000-000000000001'::uuid AS author_id,
        gen_random_uuid() AS message_id,
        now() AS at
), asked AS (
    INSERT INTO request (tenant_id, actor_id, rpc, request_id, request_hash, response)
    SELECT practice_id, author_id, 'SendMessage', gen_random_uuid(), sha256(message_id::text::bytea),
        decode(repeat('ab', 90), 'hex')
    FROM one
), used AS (
    INSERT INTO recent_text (practice_id, text_hash, patient_id, used_at)
    SELECT practice_id, sha256(message_id::text::bytea), patient_id, at FROM one
), talked AS (
    INSERT INTO conversation (practice_id, id, patient_id, newest_message_id, newest_at, unread_answers)
    SELECT practice_id, gen_random_uuid(), patient_id, message_id, at, 0 FROM one
    ON CONFLICT (practice_id, patient_id) DO UPDATE
    SET newest_message_id = excluded.newest_message_id, newest_at = excluded.newest_at
    RETURNING id
), sent AS (
    INSERT INTO message (
        practice_id, id, conversation_id, patient_id, direction, purpose, author_kind, author_id, subject, body,
        key_id, sent_at, reply_until, attachment_count, tick
    )
    SELECT practice_id, message_id, talked.id, patient_id, 1, 1, 3, author_id, decode(repeat('ab', 45), 'hex'),
        decode(repeat('ab', 533), 'hex'), gen_random_uuid(), at, at + interval '30 days', 0, 1
    FROM one, talked
), fact AS (
    INSERT INTO receipt_fact (practice_id, message_id, id, kind, at, attempt, contact_version)
    SELECT practice_id, message_id, gen_random_uuid(), 1, at, 0, 0 FROM one
), unread AS (
    INSERT INTO unread_message (practice_id, message_id, conversation_id, patient_id, kind, since, due_at)
    SELECT practice_id, message_id, talked.id, patient_id, 4, at + interval '7 days', at + interval '7 days'
    FROM one, talked
), wrote AS (
    INSERT INTO conversation_author (practice_id, author_id, conversation_id)
    SELECT practice_id, author_id, talked.id FROM one, talked
    ON CONFLICT DO NOTHING
), audited AS (
    INSERT INTO audit (tenant_id, occurred_at, actor_id, actor_role, action, object_kind, object_id)
    SELECT practice_id, at, author_id, 'practice_service', 'message.sent', 'message', message_id FROM one
), told AS (
    INSERT INTO outbox (event_id, type, envelope)
    SELECT gen_random_uuid(), 'messaging.message_sent', decode(repeat('ab', 260), 'hex') FROM one
), counted AS (
    INSERT INTO practice_sequence (practice_id, last) SELECT practice_id, 1 FROM one
    ON CONFLICT (practice_id) DO UPDATE SET last = practice_sequence.last + 1
    RETURNING last
)
INSERT INTO change (practice_id, sequence, kind, patient_id, conversation_id, message_id, at)
SELECT practice_id, counted.last, 1, patient_id, talked.id, message_id, at FROM one, talked, counted;
