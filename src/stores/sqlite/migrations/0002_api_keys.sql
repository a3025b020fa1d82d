-- Keys of callers. No part of the books: rows may change. Of a secret only its SHA-256 is kept, in hexadecimal digits.
CREATE TABLE api_keys (
  number              INTEGER PRIMARY KEY,
  name                TEXT NOT NULL UNIQUE,
  hash                TEXT NOT NULL,
  -- the secret before the last rotation, and until when it is valid
  previous_hash       TEXT,
  previous_until      INTEGER CHECK ((previous_until IS NULL) = (previous_hash IS NULL)),
  -- separated by spaces
  scopes              TEXT NOT NULL,
  -- JSON arrays; NULL: any
  within_accounts     TEXT,
  within_assets       TEXT,
  within_amount       INTEGER CHECK (within_amount > 0),
  commands_per_second INTEGER CHECK (commands_per_second > 0),
  burst               INTEGER CHECK (burst > 0),
  created_at          INTEGER NOT NULL,
  rotated_at          INTEGER,
  expires_at          INTEGER,
  last_used_at        INTEGER,
  revoked_at          INTEGER
) STRICT;
