/** Made of migrations/*.sql by `npm run generate`. */
import type { MigrationTexts } from '../sql/migrator.ts'

export const MIGRATION_TEXTS: MigrationTexts = {
  '0001_added_rows': `-- What was applied to this file, see src/stores/sql/migrator.ts.
CREATE TABLE migrations (
  number     INTEGER PRIMARY KEY,
  name       TEXT NOT NULL,
  checksum   TEXT NOT NULL,
  applied_at INTEGER NOT NULL
) STRICT;

-- Who owns coins, beyond the name: only accounts that were opened with metadata have a row.
CREATE TABLE accounts (
  account  TEXT PRIMARY KEY,
  metadata TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Accounts of users that have balances: whether they are active (0), blocked (1) or closed (2), and, separated by spaces, the
-- assets of which they have balances. Written when a balance is opened and when the standing changes.
CREATE TABLE standings (
  account   TEXT PRIMARY KEY,
  standing  INTEGER NOT NULL CHECK (standing BETWEEN 0 AND 2),
  -- the account that receives what returns to a closed one
  successor TEXT CHECK ((successor IS NOT NULL) = (standing = 2)),
  assets    TEXT NOT NULL,
  version   INTEGER NOT NULL CHECK (version > 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE assets (
  code       TEXT PRIMARY KEY,
  decimals   INTEGER NOT NULL CHECK (decimals BETWEEN 0 AND 18),
  name       TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO assets VALUES ('credit', 0, 'Credit', 0);

-- The accounts of the operator. Any other account whose name begins with @ does not exist.
CREATE TABLE house_accounts (
  account     TEXT PRIMARY KEY,
  declared_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO house_accounts VALUES ('@issuer', 0), ('@revenue', 0), ('@exchange', 0);

-- What an amount of one asset comes to in another. The newest version counts; the others tell what entries rest on.
CREATE TABLE rates (
  from_asset    TEXT NOT NULL,
  to_asset      TEXT NOT NULL,
  version       INTEGER NOT NULL CHECK (version > 0),
  numerator     INTEGER NOT NULL CHECK (numerator > 0),
  denominator   INTEGER NOT NULL CHECK (denominator > 0),
  rounding      TEXT NOT NULL,
  tolerance_ppm INTEGER NOT NULL CHECK (tolerance_ppm BETWEEN 0 AND 1000000),
  declared_at   INTEGER NOT NULL,
  PRIMARY KEY (from_asset, to_asset, version)
) STRICT, WITHOUT ROWID;

-- One account's coins of one asset. House accounts have one row per stripe.
CREATE TABLE balances (
  id        INTEGER PRIMARY KEY,
  account   TEXT NOT NULL,
  asset     TEXT NOT NULL,
  stripe    INTEGER NOT NULL,
  available INTEGER NOT NULL,
  held      INTEGER NOT NULL CHECK (held >= 0),
  floor     INTEGER,
  -- how far available is below the floor, after overdraft charges
  debt      INTEGER NOT NULL DEFAULT 0,
  -- those of the account
  standing  INTEGER NOT NULL DEFAULT 0,
  successor TEXT,
  version   INTEGER NOT NULL CHECK (version > 0),
  UNIQUE (account, asset, stripe),
  CHECK (debt >= 0 AND (debt = 0 OR (floor IS NOT NULL AND available + debt = floor))),
  CHECK (available + debt >= floor)
) STRICT;

-- The journal: what one commit posts to one balance is one row, a run, whose lines are JSON (see the view postings). Its key
-- is the lock: two writers that start from one version cannot both insert the next.
CREATE TABLE journal (
  balance_id    INTEGER NOT NULL,
  first_version INTEGER NOT NULL,
  last_version  INTEGER NOT NULL,
  available     INTEGER NOT NULL,
  held          INTEGER NOT NULL,
  at            INTEGER NOT NULL,
  seq           INTEGER NOT NULL,
  packed        TEXT NOT NULL,
  PRIMARY KEY (balance_id, first_version),
  CHECK (last_version >= first_version)
) STRICT, WITHOUT ROWID;

-- One row per request id: the freeze of a hold (kind 'freeze') or an entry. One key for both, so that an id has one effect.
-- Rows are stored in the order of their running numbers; only the index of ids is written at random places.
CREATE TABLE requests (
  seq            INTEGER PRIMARY KEY,
  id             BLOB NOT NULL UNIQUE,
  -- the id, if its key does not tell it: see src/stores/sql/request-key.ts
  id_text        TEXT,
  kind           TEXT NOT NULL,
  at             INTEGER NOT NULL,
  fingerprint    INTEGER NOT NULL,
  metadata       TEXT,
  -- entries
  memo           TEXT,
  floor          INTEGER,
  postings       TEXT,
  legs           TEXT,
  -- entries of steps
  hold_seq       INTEGER,
  hold_number    INTEGER,
  -- holds as they were opened, and charges
  balance_id     INTEGER,
  opened_version INTEGER,
  -- freezes and charges: who receives; an entry without postings: the account that it is about
  payee          TEXT,
  amount         INTEGER CHECK (amount >= 0),
  -- charges: 1 if the floor did not bound it
  overdraft      INTEGER,
  on_expiry      INTEGER,
  -- when a hold expires, as it was opened or as a step left it
  expires_at     INTEGER
) STRICT;

-- The holds that are due are found here, past those that have ended.
CREATE INDEX requests_expiry ON requests (expires_at) WHERE expires_at IS NOT NULL;

-- Whether any hold ever had a step, which most ledgers have not.
CREATE INDEX requests_steps ON requests (hold_seq) WHERE hold_seq IS NOT NULL;

-- Every entry in the order of commits: one row per commit, see src/stores/sql/feed-row.ts.
CREATE TABLE feed (
  position INTEGER PRIMARY KEY,
  entries  TEXT NOT NULL
) STRICT;

-- A hold or a charge after each thing that happened to it, in order. Its key is a lock as that of the journal is.
CREATE TABLE hold_changes (
  hold_seq         INTEGER NOT NULL,
  number           INTEGER NOT NULL CHECK (number > 0),
  at               INTEGER NOT NULL,
  fingerprint      INTEGER NOT NULL,
  version          INTEGER NOT NULL,
  payee_balance_id INTEGER,
  payee_version    INTEGER,
  state            TEXT NOT NULL,
  amount           INTEGER NOT NULL,
  held             INTEGER NOT NULL CHECK (held >= 0),
  settled          INTEGER NOT NULL,
  released         INTEGER NOT NULL,
  drawn            INTEGER NOT NULL,
  shortfall        INTEGER NOT NULL,
  -- steps: the number of the step's request, and what only steps change
  seq              INTEGER,
  payee            TEXT,
  refunded         INTEGER,
  settled_late     INTEGER,
  expires_at       INTEGER,
  on_expiry        INTEGER,
  -- the change that ended the hold, if it came before this one
  end_number       INTEGER,
  -- what the change that ended the hold settled, this one or an earlier one
  end_settled      INTEGER,
  PRIMARY KEY (hold_seq, number),
  CHECK (amount + drawn = settled + released + held),
  CHECK (refunded <= settled),
  CHECK (settled_late <= drawn),
  CHECK (state <> 'open' OR (seq IS NOT NULL AND end_number IS NULL))
) STRICT, WITHOUT ROWID;

-- The ids of requests as text.
CREATE VIEW request_ids AS
  SELECT seq, CASE
      WHEN id_text IS NOT NULL THEN id_text
      WHEN length(id) = 16 AND substr(id, 9, 1) >= x'80'
      THEN lower(substr(hex(id), 1, 8) || '-' || substr(hex(id), 9, 4) || '-' || substr(hex(id), 13, 4) || '-'
        || substr(hex(id), 17, 4) || '-' || substr(hex(id), 21))
      ELSE CAST(id AS TEXT)
    END AS id
  FROM requests;

-- One row per line of the journal. A range of a balance is a range of the journal's key.
CREATE VIEW postings AS
  SELECT l.balance_id, l.version,
         CASE WHEN r.kind = 'freeze' AND l.kind <> 'freeze' THEN i.id || '~' || l.kind ELSE i.id END AS entry_id,
         l.kind, l.available_delta, l.held_delta, l.available, l.held, l.at, l.seq
  FROM (
    SELECT j.balance_id, j.first_version, j.first_version + line.key AS version, j.at,
           j.seq + json_extract(line.value, '$[0]') AS seq, json_extract(line.value, '$[1]') AS kind,
           CAST(json_extract(line.value, '$[2]') AS INTEGER) AS available_delta,
           CAST(json_extract(line.value, '$[3]') AS INTEGER) AS held_delta,
           j.available - COALESCE(SUM(CAST(json_extract(line.value, '$[2]') AS INTEGER)) OVER after_it, 0) AS available,
           j.held - COALESCE(SUM(CAST(json_extract(line.value, '$[3]') AS INTEGER)) OVER after_it, 0) AS held
    FROM journal j, json_each(j.packed) line
    WINDOW after_it AS (
      PARTITION BY j.balance_id, j.first_version ORDER BY line.key DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    )
  ) l
  LEFT JOIN requests r ON r.seq = l.seq
  LEFT JOIN request_ids i ON i.seq = l.seq;

-- One row per hold, as it is now.
CREATE VIEW holds AS
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
CREATE VIEW entries AS
  SELECT i.id, r.kind, CASE WHEN r.kind = 'freeze' THEN i.id ELSE h.id END AS hold, r.at, r.memo, r.metadata, r.floor, r.legs, r.seq
  FROM requests r
  JOIN request_ids i ON i.seq = r.seq
  LEFT JOIN request_ids h ON h.seq = r.hold_seq
  UNION ALL
  SELECT i.id || '~' || e.kind, e.kind, i.id, e.at, NULL, NULL, NULL, NULL, e.hold_seq
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
`,
  '0003_authors': `-- The API keys that gave commands, each with the addresses that it was used from. Rows name an actor by its number.
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
`,
}
