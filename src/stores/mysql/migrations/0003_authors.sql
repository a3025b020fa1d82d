-- The API keys that gave commands, each with the addresses that it was used from. Rows name an actor by its number.
CREATE TABLE actors (
  number     INT NOT NULL AUTO_INCREMENT,
  key_number BIGINT NOT NULL,
  -- the name of the key, as it was then
  key_name   VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  address    VARCHAR(64) NOT NULL,
  first_at   BIGINT NOT NULL,
  PRIMARY KEY (number),
  UNIQUE KEY actors_use (key_number, address, key_name)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET ascii COLLATE ascii_bin;

-- Who gave the command of a request: the actor, and the 16 bytes of the trace id. NULL: nobody with a key. The rows that are there
-- are not written again.
ALTER TABLE requests ADD COLUMN actor INT, ADD COLUMN trace BINARY(16), ALGORITHM = INSTANT;

-- Who ended a hold, if that was no step. The author of a step is in its request.
ALTER TABLE hold_changes ADD COLUMN actor INT, ADD COLUMN trace BINARY(16), ALGORITHM = INSTANT;

-- One row per entry that was given with a key.
CREATE SQL SECURITY INVOKER VIEW authors AS
  SELECT i.id AS entry_id, r.at, a.key_name, a.address, LOWER(HEX(r.trace)) AS trace, r.actor, r.seq
  FROM requests r
  JOIN actors a ON a.number = r.actor
  JOIN request_ids i ON i.seq = r.seq
  UNION ALL
  SELECT CONCAT(i.id, '~', CASE WHEN c.state = 'settled' OR (c.state = 'expired' AND c.payee_version IS NOT NULL) THEN 'settle' ELSE 'release' END),
         c.at, a.key_name, a.address, LOWER(HEX(c.trace)), c.actor, c.hold_seq
  FROM hold_changes c
  JOIN actors a ON a.number = c.actor
  JOIN request_ids i ON i.seq = c.hold_seq;
