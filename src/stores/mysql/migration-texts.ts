/** Made of migrations/*.sql by `npm run generate`. */
import type { MigrationTexts } from '../sql/migrator.ts'

export const MIGRATION_TEXTS: MigrationTexts = {
  '0001_added_rows': `-- Names and ids are ASCII and compared byte by byte, but for spaces at the end, which no name has; what people write is utf8mb4.
-- No foreign keys: InnoDB's check would take a shared lock on the parent row, and shared-then-exclusive on a hot row is a deadlock.

-- Who owns coins, beyond the name: only accounts that were opened with metadata have a row.
CREATE TABLE accounts (
  account  VARCHAR(128) NOT NULL,
  metadata MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  PRIMARY KEY (account)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET ascii COLLATE ascii_bin;

-- Accounts of users that have balances: whether they are active (0), blocked (1) or closed (2), and, separated by spaces, the
-- assets of which they have balances. Written when a balance is opened and when the standing changes.
CREATE TABLE standings (
  account   VARCHAR(128) NOT NULL,
  standing  TINYINT NOT NULL,
  -- the account that receives what returns to a closed one
  successor VARCHAR(128),
  assets    MEDIUMTEXT NOT NULL,
  version   BIGINT NOT NULL,
  PRIMARY KEY (account),
  CONSTRAINT standings_standing CHECK (standing BETWEEN 0 AND 2),
  CONSTRAINT standings_successor CHECK ((successor IS NOT NULL) = (standing = 2)),
  CONSTRAINT standings_version CHECK (version > 0)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET ascii COLLATE ascii_bin;

CREATE TABLE assets (
  code       VARCHAR(16) NOT NULL,
  decimals   TINYINT NOT NULL,
  name       VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (code),
  CONSTRAINT assets_decimals CHECK (decimals BETWEEN 0 AND 18)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET ascii COLLATE ascii_bin;

INSERT INTO assets (code, decimals, name, created_at) VALUES ('credit', 0, 'Credit', 0);

-- The accounts of the operator. Any other account whose name begins with @ does not exist.
CREATE TABLE house_accounts (
  account     VARCHAR(128) NOT NULL,
  declared_at BIGINT NOT NULL,
  PRIMARY KEY (account)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET ascii COLLATE ascii_bin;

INSERT INTO house_accounts (account, declared_at) VALUES ('@issuer', 0), ('@revenue', 0), ('@exchange', 0);

-- What an amount of one asset comes to in another. The newest version counts; the others tell what entries rest on.
CREATE TABLE rates (
  from_asset    VARCHAR(16) NOT NULL,
  to_asset      VARCHAR(16) NOT NULL,
  version       BIGINT NOT NULL,
  numerator     BIGINT NOT NULL,
  denominator   BIGINT NOT NULL,
  rounding      VARCHAR(16) NOT NULL,
  tolerance_ppm BIGINT NOT NULL,
  declared_at   BIGINT NOT NULL,
  PRIMARY KEY (from_asset, to_asset, version),
  CONSTRAINT rates_version CHECK (version > 0),
  CONSTRAINT rates_fraction CHECK (numerator > 0 AND denominator > 0),
  CONSTRAINT rates_tolerance CHECK (tolerance_ppm BETWEEN 0 AND 1000000)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET ascii COLLATE ascii_bin;

-- One account's coins of one asset. House accounts have one row per stripe.
CREATE TABLE balances (
  id        BIGINT NOT NULL,
  account   VARCHAR(128) NOT NULL,
  asset     VARCHAR(16) NOT NULL,
  stripe    INT NOT NULL,
  available BIGINT NOT NULL,
  held      BIGINT NOT NULL,
  floor     BIGINT,
  -- how far available is below the floor, after overdraft charges
  debt      BIGINT NOT NULL DEFAULT 0,
  -- those of the account
  standing  TINYINT NOT NULL DEFAULT 0,
  successor VARCHAR(128),
  version   BIGINT NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY balances_name (account, asset, stripe),
  CONSTRAINT balances_held CHECK (held >= 0),
  CONSTRAINT balances_debt CHECK (debt >= 0 AND (debt = 0 OR (floor IS NOT NULL AND available + debt = floor))),
  CONSTRAINT balances_floor CHECK (available + debt >= floor),
  CONSTRAINT balances_version CHECK (version > 0)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET ascii COLLATE ascii_bin;

-- The journal: what one commit posts to one balance is one row, a run, whose lines are JSON (see the view postings). Its key
-- is the lock: two writers that start from one version cannot both insert the next.
CREATE TABLE journal (
  balance_id    BIGINT NOT NULL,
  first_version BIGINT NOT NULL,
  last_version  BIGINT NOT NULL,
  available     BIGINT NOT NULL,
  held          BIGINT NOT NULL,
  at            BIGINT NOT NULL,
  seq           BIGINT NOT NULL,
  packed        MEDIUMTEXT NOT NULL,
  PRIMARY KEY (balance_id, first_version),
  CONSTRAINT journal_versions CHECK (last_version >= first_version)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET ascii COLLATE ascii_bin;

-- One row per request id: the freeze of a hold (kind 'freeze') or an entry. One key for both, so that an id has one effect.
-- Rows are stored in the order of their running numbers; only the index of ids is written at random places.
CREATE TABLE requests (
  seq            BIGINT NOT NULL,
  id             VARBINARY(32) NOT NULL,
  -- the id, if its key does not tell it: see src/stores/sql/request-key.ts
  id_text        VARCHAR(160),
  kind           VARCHAR(16) NOT NULL,
  at             BIGINT NOT NULL,
  fingerprint    BIGINT NOT NULL,
  metadata       MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
  -- entries
  memo           VARCHAR(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
  floor          BIGINT,
  postings       MEDIUMTEXT,
  legs           MEDIUMTEXT,
  -- entries of steps
  hold_seq       BIGINT,
  hold_number    BIGINT,
  -- holds as they were opened, and charges
  balance_id     BIGINT,
  opened_version BIGINT,
  -- freezes and charges: who receives; an entry without postings: the account that it is about
  payee          VARCHAR(128),
  amount         BIGINT,
  -- charges: 1 if the floor did not bound it
  overdraft      TINYINT,
  on_expiry      BIGINT,
  -- when a hold expires, as it was opened or as a step left it
  expires_at     BIGINT,
  PRIMARY KEY (seq),
  UNIQUE KEY requests_id (id),
  -- the holds that are due are found here, past those that have ended; what has no expiry is before all of them
  KEY requests_expiry (expires_at),
  KEY requests_steps (hold_seq),
  CONSTRAINT requests_amount CHECK (amount >= 0)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET ascii COLLATE ascii_bin;

-- Every entry in one order: one row per commit, see src/stores/sql/feed-row.ts. Commits come first into a table of their own, with a
-- number that they get when they write. Whoever reads the feed moves those that are visible to its end.
CREATE TABLE feed (
  position BIGINT NOT NULL,
  entries  MEDIUMTEXT NOT NULL,
  PRIMARY KEY (position)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET ascii COLLATE ascii_bin;

CREATE TABLE commits (
  number  BIGINT NOT NULL AUTO_INCREMENT,
  entries MEDIUMTEXT NOT NULL,
  PRIMARY KEY (number)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET ascii COLLATE ascii_bin;

-- A hold or a charge after each thing that happened to it, in order. Its key is a lock as that of the journal is.
CREATE TABLE hold_changes (
  hold_seq         BIGINT NOT NULL,
  number           BIGINT NOT NULL,
  at               BIGINT NOT NULL,
  fingerprint      BIGINT NOT NULL,
  version          BIGINT NOT NULL,
  payee_balance_id BIGINT,
  payee_version    BIGINT,
  state            VARCHAR(16) NOT NULL,
  amount           BIGINT NOT NULL,
  held             BIGINT NOT NULL,
  settled          BIGINT NOT NULL,
  released         BIGINT NOT NULL,
  drawn            BIGINT NOT NULL,
  shortfall        BIGINT NOT NULL,
  -- steps: the number of the step's request, and what only steps change
  seq              BIGINT,
  payee            VARCHAR(128),
  refunded         BIGINT,
  settled_late     BIGINT,
  expires_at       BIGINT,
  on_expiry        BIGINT,
  -- the change that ended the hold, if it came before this one
  end_number       BIGINT,
  -- what the change that ended the hold settled, this one or an earlier one
  end_settled      BIGINT,
  PRIMARY KEY (hold_seq, number),
  CONSTRAINT hold_changes_number CHECK (number > 0),
  CONSTRAINT hold_changes_held CHECK (held >= 0),
  CONSTRAINT hold_changes_sum CHECK (amount + drawn = settled + released + held),
  CONSTRAINT hold_changes_refunded CHECK (refunded <= settled),
  CONSTRAINT hold_changes_late CHECK (settled_late <= drawn),
  CONSTRAINT hold_changes_open CHECK (state <> 'open' OR (seq IS NOT NULL AND end_number IS NULL))
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET ascii COLLATE ascii_bin;

-- The ids of requests as text.
CREATE SQL SECURITY INVOKER VIEW request_ids AS
  SELECT seq, CASE
      WHEN id_text IS NOT NULL THEN id_text
      WHEN LENGTH(id) = 16 AND ORD(SUBSTR(id, 9, 1)) >= 128
      THEN CONVERT(LOWER(CONCAT_WS('-', HEX(SUBSTR(id, 1, 4)), HEX(SUBSTR(id, 5, 2)), HEX(SUBSTR(id, 7, 2)), HEX(SUBSTR(id, 9, 2)),
        HEX(SUBSTR(id, 11)))) USING ascii) COLLATE ascii_bin
      ELSE CONVERT(id USING ascii) COLLATE ascii_bin
    END AS id
  FROM requests;

-- One row per line of the journal. A balance is a range of the journal's key.
CREATE SQL SECURITY INVOKER VIEW postings AS
  SELECT l.balance_id, l.version,
         CASE WHEN r.kind = 'freeze' AND l.kind <> 'freeze' THEN CONCAT(i.id, '~', l.kind) ELSE i.id END AS entry_id,
         l.kind, l.available_delta, l.held_delta, l.available, l.held, l.at, l.seq
  FROM (
    SELECT j.balance_id, j.first_version, j.first_version + line.place - 1 AS version, j.at,
           j.seq + line.seq AS seq, line.kind, line.available_delta, line.held_delta,
           CAST(j.available - SUM(line.available_delta) OVER from_it_on + line.available_delta AS SIGNED) AS available,
           CAST(j.held - SUM(line.held_delta) OVER from_it_on + line.held_delta AS SIGNED) AS held
    FROM journal j, JSON_TABLE(j.packed, '$[*]' COLUMNS (
      place FOR ORDINALITY,
      seq BIGINT PATH '$[0]',
      kind VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$[1]',
      available_delta BIGINT PATH '$[2]',
      held_delta BIGINT PATH '$[3]'
    )) line
    WINDOW from_it_on AS (
      PARTITION BY j.balance_id, j.first_version ORDER BY line.place DESC ROWS UNBOUNDED PRECEDING
    )
  ) l
  LEFT JOIN requests r ON r.seq = l.seq
  LEFT JOIN request_ids i ON i.seq = l.seq;

-- One row per hold, as it is now.
CREATE SQL SECURITY INVOKER VIEW holds AS
  SELECT i.id, b.account, b.asset, COALESCE(c.payee, r.payee) AS payee, COALESCE(c.state, 'open') AS state,
         COALESCE(c.amount, r.amount) AS amount, COALESCE(c.held, r.amount) AS held, COALESCE(c.settled, 0) AS settled,
         COALESCE(c.released, 0) AS released, COALESCE(c.drawn, 0) AS drawn, COALESCE(c.shortfall, 0) AS shortfall,
         COALESCE(c.refunded, 0) AS refunded, COALESCE(c.settled_late, 0) AS settled_late,
         CASE WHEN c.seq IS NULL THEN r.on_expiry ELSE c.on_expiry END AS on_expiry,
         COALESCE(c.expires_at, r.expires_at) AS expires_at, r.at AS created_at,
         CASE WHEN c.state <> 'open' THEN COALESCE(e.at, c.at) END AS ended_at, r.metadata, r.seq
  FROM requests r
  JOIN request_ids i ON i.seq = r.seq
  JOIN balances b ON b.id = r.balance_id
  LEFT JOIN hold_changes c
    ON c.hold_seq = r.seq AND c.number = (SELECT MAX(m.number) FROM hold_changes m WHERE m.hold_seq = r.seq)
  LEFT JOIN hold_changes e ON e.hold_seq = c.hold_seq AND e.number = c.end_number
  WHERE r.kind = 'freeze';

-- One row per entry, with the hold that it opened, changed or ended.
CREATE SQL SECURITY INVOKER VIEW entries AS
  SELECT i.id, r.kind, CASE WHEN r.kind = 'freeze' THEN i.id ELSE h.id END AS hold, r.at, r.memo, r.metadata, r.floor, r.legs, r.seq
  FROM requests r
  JOIN request_ids i ON i.seq = r.seq
  LEFT JOIN request_ids h ON h.seq = r.hold_seq
  UNION ALL
  SELECT CONCAT(i.id, '~', e.kind), e.kind, i.id, e.at, NULL, NULL, NULL, NULL, e.hold_seq
  FROM (
    SELECT hold_seq, at,
           CASE WHEN state = 'settled' OR (state = 'expired' AND payee_version IS NOT NULL) THEN 'settle' ELSE 'release' END AS kind
    FROM hold_changes
    WHERE seq IS NULL
  ) e
  JOIN request_ids i ON i.seq = e.hold_seq;
`,
  '0002_api_keys': `-- Keys of callers. No part of the books: rows may change. Of a secret only its SHA-256 is kept, in hexadecimal digits.
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
`,
  '0003_authors': `-- The API keys that gave commands, each with the addresses that it was used from. Rows name an actor by its number.
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
`,
}
