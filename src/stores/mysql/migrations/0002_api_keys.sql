-- Keys of callers. No part of the books: rows may change. Of a secret only its SHA-256 is kept, in hexadecimal digits.
CREATE TABLE api_keys (
  number              BIGINT NOT NULL AUTO_INCREMENT,
  name                VARCHAR(64) NOT NULL,
  hash                CHAR(64) NOT NULL,
  -- the secret before the last rotation, and until when it is valid
  previous_hash       CHAR(64),
  previous_until      BIGINT,
  -- separated by spaces
  scopes              VARCHAR(1024) NOT NULL,
  -- JSON arrays; NULL: any
  within_accounts     TEXT,
  within_assets       TEXT,
  within_amount       BIGINT,
  commands_per_second BIGINT,
  burst               BIGINT,
  created_at          BIGINT NOT NULL,
  rotated_at          BIGINT,
  expires_at          BIGINT,
  last_used_at        BIGINT,
  revoked_at          BIGINT,
  PRIMARY KEY (number),
  UNIQUE KEY api_keys_name (name),
  CONSTRAINT api_keys_previous CHECK ((previous_until IS NULL) = (previous_hash IS NULL)),
  CONSTRAINT api_keys_amount CHECK (within_amount > 0),
  CONSTRAINT api_keys_rate CHECK (commands_per_second > 0 AND burst > 0)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET ascii COLLATE ascii_bin;
