-- The API keys that gave commands, each with the addresses that it was used from. Rows name an actor by its number.
CREATE TABLE actors (
  number     INTEGER PRIMARY KEY,
  key_number INTEGER NOT NULL,
  -- the name of the key, as it was then
  key_name   TEXT NOT NULL,
  address    TEXT NOT NULL,
  first_at   INTEGER NOT NULL,
  UNIQUE (key_number, address, key_name)
) STRICT;

-- Who gave the command of a request: the actor, and the 16 bytes of the trace id. NULL: nobody with a key.
ALTER TABLE requests ADD COLUMN actor INTEGER;
ALTER TABLE requests ADD COLUMN trace BLOB;

-- Who ended a hold, if that was no step. The author of a step is in its request.
ALTER TABLE hold_changes ADD COLUMN actor INTEGER;
ALTER TABLE hold_changes ADD COLUMN trace BLOB;

-- One row per entry that was given with a key.
CREATE VIEW authors AS
  SELECT i.id AS entry_id, r.at, a.key_name, a.address, lower(hex(r.trace)) AS trace, r.actor, r.seq
  FROM requests r
  JOIN actors a ON a.number = r.actor
  JOIN request_ids i ON i.seq = r.seq
  UNION ALL
  SELECT i.id || '~' || CASE WHEN c.state = 'settled' OR (c.state = 'expired' AND c.payee_version IS NOT NULL) THEN 'settle' ELSE 'release' END,
         c.at, a.key_name, a.address, lower(hex(c.trace)), c.actor, c.hold_seq
  FROM hold_changes c
  JOIN actors a ON a.number = c.actor
  JOIN request_ids i ON i.seq = c.hold_seq;
