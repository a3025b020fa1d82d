/** Made of migrations/*.sql by `npm run generate`. */
import type { MigrationTexts } from '../sql/migrator.ts'

export const MIGRATION_TEXTS: MigrationTexts = {
  '0001_added_rows': `-- Names and ids are compared byte by byte, whatever the database's collation. No foreign keys: their checks lock the rows
-- that they point to, and the keys below prove the same.

-- What was applied to this schema, see src/stores/sql/migrator.ts.
CREATE TABLE migrations (
  number     INTEGER PRIMARY KEY,
  name       TEXT NOT NULL,
  checksum   TEXT NOT NULL,
  applied_at BIGINT NOT NULL
);

-- Who owns coins, beyond the name: only accounts that were opened with metadata have a row.
CREATE TABLE accounts (
  account  TEXT COLLATE "C" PRIMARY KEY,
  metadata TEXT NOT NULL
);

-- Accounts of users that have balances: whether they are active (0), blocked (1) or closed (2), and, separated by spaces, the
-- assets of which they have balances. Written when a balance is opened and when the standing changes.
CREATE TABLE standings (
  account   TEXT COLLATE "C" PRIMARY KEY,
  standing  SMALLINT NOT NULL CONSTRAINT standings_standing CHECK (standing BETWEEN 0 AND 2),
  -- the account that receives what returns to a closed one
  successor TEXT COLLATE "C" CONSTRAINT standings_successor CHECK ((successor IS NOT NULL) = (standing = 2)),
  assets    TEXT COLLATE "C" NOT NULL,
  version   BIGINT NOT NULL CONSTRAINT standings_version CHECK (version > 0)
);

CREATE TABLE assets (
  code       TEXT COLLATE "C" PRIMARY KEY,
  decimals   INTEGER NOT NULL CONSTRAINT assets_decimals CHECK (decimals BETWEEN 0 AND 18),
  name       TEXT NOT NULL,
  created_at BIGINT NOT NULL
);

INSERT INTO assets VALUES ('credit', 0, 'Credit', 0);

-- The accounts of the operator. Any other account whose name begins with @ does not exist.
CREATE TABLE house_accounts (
  account     TEXT COLLATE "C" PRIMARY KEY,
  declared_at BIGINT NOT NULL
);

INSERT INTO house_accounts VALUES ('@issuer', 0), ('@revenue', 0), ('@exchange', 0);

-- What an amount of one asset comes to in another. The newest version counts; the others tell what entries rest on.
CREATE TABLE rates (
  from_asset    TEXT COLLATE "C" NOT NULL,
  to_asset      TEXT COLLATE "C" NOT NULL,
  version       BIGINT NOT NULL CONSTRAINT rates_version CHECK (version > 0),
  numerator     BIGINT NOT NULL,
  denominator   BIGINT NOT NULL,
  rounding      TEXT COLLATE "C" NOT NULL,
  tolerance_ppm BIGINT NOT NULL CONSTRAINT rates_tolerance CHECK (tolerance_ppm BETWEEN 0 AND 1000000),
  declared_at   BIGINT NOT NULL,
  PRIMARY KEY (from_asset, to_asset, version),
  CONSTRAINT rates_fraction CHECK (numerator > 0 AND denominator > 0)
);

-- One account's coins of one asset. House accounts have one row per stripe.
CREATE TABLE balances (
  id        BIGINT PRIMARY KEY,
  account   TEXT COLLATE "C" NOT NULL,
  asset     TEXT COLLATE "C" NOT NULL,
  stripe    INTEGER NOT NULL,
  available BIGINT NOT NULL,
  held      BIGINT NOT NULL CONSTRAINT balances_held CHECK (held >= 0),
  floor     BIGINT,
  -- how far available is below the floor, after overdraft charges
  debt      BIGINT NOT NULL DEFAULT 0,
  -- those of the account
  standing  SMALLINT NOT NULL DEFAULT 0,
  successor TEXT COLLATE "C",
  version   BIGINT NOT NULL CONSTRAINT balances_version CHECK (version > 0),
  CONSTRAINT balances_name UNIQUE (account, asset, stripe),
  CONSTRAINT balances_debt CHECK (debt >= 0 AND (debt = 0 OR (floor IS NOT NULL AND available + debt = floor))),
  CONSTRAINT balances_floor CHECK (available + debt >= floor)
)
-- No index has a column that changes, so an update that finds room on its page touches no index at all.
WITH (fillfactor = 70);

-- In the tables below rows are only added. Their whole numbers come first, so that none of them is padded.

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
  packed        TEXT NOT NULL,
  PRIMARY KEY (balance_id, first_version),
  CONSTRAINT journal_versions CHECK (last_version >= first_version)
);

-- One row per request id: the freeze of a hold (kind 'freeze') or an entry. One key for both, so that an id has one effect.
-- Rows are stored in the order of their running numbers; only the index of ids is written at random places.
CREATE TABLE requests (
  seq            BIGINT PRIMARY KEY,
  at             BIGINT NOT NULL,
  fingerprint    BIGINT NOT NULL,
  -- holds as they were opened, and charges
  balance_id     BIGINT,
  opened_version BIGINT,
  amount         BIGINT CONSTRAINT requests_amount CHECK (amount >= 0),
  -- charges: 1 if the floor did not bound it
  overdraft      SMALLINT,
  on_expiry      BIGINT,
  -- when a hold expires, as it was opened or as a step left it
  expires_at     BIGINT,
  -- entries of steps
  hold_seq       BIGINT,
  hold_number    BIGINT,
  -- entries that set a floor
  floor          BIGINT,
  id             BYTEA NOT NULL CONSTRAINT requests_id UNIQUE,
  -- the id, if its key does not tell it: see src/stores/sql/request-key.ts
  id_text        TEXT COLLATE "C",
  kind           TEXT COLLATE "C" NOT NULL,
  metadata       TEXT,
  -- holds
  -- freezes and charges: who receives; an entry without postings: the account that it is about
  payee          TEXT COLLATE "C",
  -- entries
  memo           TEXT,
  postings       TEXT,
  legs           TEXT
);

-- Long lists are compressed by LZ4, if the server has it. A run of 500 lines, inserted:
--   not compressed                0.04 ms   11.6 to 13.6 KB of WAL
--   LZ4                           0.05 ms    4.6 to  7.7 KB
--   PostgreSQL's own compression  0.25 ms    3.4 to  5.8 KB
DO $$ BEGIN
  ALTER TABLE journal ALTER COLUMN packed SET COMPRESSION lz4;
  ALTER TABLE requests ALTER COLUMN postings SET COMPRESSION lz4, ALTER COLUMN legs SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN NULL;
END $$;

-- The holds that are due are found here, past those that have ended.
-- Without seq, equal keys are stored once: 7 bytes per hold instead of 33, when 250 holds are opened together.
CREATE INDEX requests_expiry ON requests (expires_at) WHERE expires_at IS NOT NULL;

-- Whether any hold ever had a step, which most ledgers have not.
CREATE INDEX requests_steps ON requests (hold_seq) WHERE hold_seq IS NOT NULL;

-- Every entry in one order: one row per commit, see src/stores/sql/feed-row.ts. Commits come first into a table of their own, with a
-- number that they get when they write. Whoever reads the feed moves those that are visible to its end.
CREATE TABLE feed (
  position BIGINT PRIMARY KEY,
  entries  TEXT NOT NULL
);

CREATE TABLE commits (
  number  BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
  entries TEXT NOT NULL
);

-- A hold or a charge after each thing that happened to it, in order. Its key is a lock as that of the journal is.
CREATE TABLE hold_changes (
  hold_seq         BIGINT NOT NULL,
  number           BIGINT NOT NULL CONSTRAINT hold_changes_number CHECK (number > 0),
  at               BIGINT NOT NULL,
  fingerprint      BIGINT NOT NULL,
  version          BIGINT NOT NULL,
  amount           BIGINT NOT NULL,
  held             BIGINT NOT NULL CONSTRAINT hold_changes_held CHECK (held >= 0),
  settled          BIGINT NOT NULL,
  released         BIGINT NOT NULL,
  drawn            BIGINT NOT NULL,
  shortfall        BIGINT NOT NULL,
  payee_balance_id BIGINT,
  payee_version    BIGINT,
  -- steps: the number of the step's request, and what only steps change
  seq              BIGINT,
  refunded         BIGINT,
  settled_late     BIGINT,
  expires_at       BIGINT,
  on_expiry        BIGINT,
  -- the change that ended the hold, if it came before this one
  end_number       BIGINT,
  -- what the change that ended the hold settled, this one or an earlier one
  end_settled      BIGINT,
  state            TEXT COLLATE "C" NOT NULL,
  payee            TEXT COLLATE "C",
  PRIMARY KEY (hold_seq, number),
  CONSTRAINT hold_changes_sum CHECK (amount + drawn = settled + released + held),
  CONSTRAINT hold_changes_refunded CHECK (refunded <= settled),
  CONSTRAINT hold_changes_late CHECK (settled_late <= drawn),
  CONSTRAINT hold_changes_state CHECK (state <> 'open' OR (seq IS NOT NULL AND end_number IS NULL))
);

-- The ids of requests as text.
CREATE VIEW request_ids AS
  SELECT r.seq, k.id
  FROM requests r
  CROSS JOIN LATERAL (
    SELECT CASE
      WHEN r.id_text IS NOT NULL THEN r.id_text
      WHEN length(r.id) = 16 AND substr(r.id, 9, 1) >= '\\x80' THEN CAST(CAST(encode(r.id, 'hex') AS uuid) AS text)
      -- A long id whose text is lost.
      WHEN get_byte(r.id, 0) >= 128 THEN encode(r.id, 'hex')
      ELSE convert_from(r.id, 'UTF8')
    END AS id
  ) k;

-- One row per line of the journal. Those of one balance are found by the key of the journal.
CREATE VIEW postings AS
  SELECT j.balance_id, l.version,
         CASE WHEN r.kind = 'freeze' AND l.kind <> 'freeze' THEN i.id || '~' || l.kind ELSE i.id END AS entry_id,
         l.kind, l.available_delta, l.held_delta, l.available, l.held, j.at, l.seq
  FROM journal j
  CROSS JOIN LATERAL (
    SELECT j.first_version + line.place - 1 AS version, j.seq + CAST(line.value ->> 0 AS bigint) AS seq,
           (line.value ->> 1) COLLATE "C" AS kind,
           CAST(line.value ->> 2 AS bigint) AS available_delta, CAST(line.value ->> 3 AS bigint) AS held_delta,
           CAST(j.available - COALESCE(SUM(CAST(line.value ->> 2 AS bigint)) OVER after_it, 0) AS bigint) AS available,
           CAST(j.held - COALESCE(SUM(CAST(line.value ->> 3 AS bigint)) OVER after_it, 0) AS bigint) AS held
    FROM jsonb_array_elements(CAST(j.packed AS jsonb)) WITH ORDINALITY AS line (value, place)
    WINDOW after_it AS (ORDER BY line.place DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
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
  number              BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
  name                TEXT COLLATE "C" NOT NULL CONSTRAINT api_keys_name UNIQUE,
  hash                TEXT COLLATE "C" NOT NULL,
  -- the secret before the last rotation, and until when it is valid
  previous_hash       TEXT COLLATE "C",
  previous_until      BIGINT CONSTRAINT api_keys_previous CHECK ((previous_until IS NULL) = (previous_hash IS NULL)),
  -- separated by spaces
  scopes              TEXT COLLATE "C" NOT NULL,
  -- JSON arrays; NULL: any
  within_accounts     TEXT COLLATE "C",
  within_assets       TEXT COLLATE "C",
  within_amount       BIGINT CONSTRAINT api_keys_amount CHECK (within_amount > 0),
  commands_per_second BIGINT CONSTRAINT api_keys_rate CHECK (commands_per_second > 0),
  burst               BIGINT CONSTRAINT api_keys_burst CHECK (burst > 0),
  created_at          BIGINT NOT NULL,
  rotated_at          BIGINT,
  expires_at          BIGINT,
  last_used_at        BIGINT,
  revoked_at          BIGINT
);
`,
  '0003_authors': `-- The API keys that gave commands, each with the addresses that it was used from. Rows name an actor by its number.
CREATE TABLE actors (
  number     INTEGER GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
  key_number BIGINT NOT NULL,
  -- the name of the key, as it was then
  key_name   TEXT COLLATE "C" NOT NULL,
  address    TEXT COLLATE "C" NOT NULL,
  first_at   BIGINT NOT NULL,
  CONSTRAINT actors_use UNIQUE (key_number, address, key_name)
);

-- Who gave the command of a request: the actor, and the 16 bytes of the trace id. NULL: nobody with a key.
ALTER TABLE requests ADD COLUMN actor INTEGER, ADD COLUMN trace BYTEA;

-- Who ended a hold, if that was no step. The author of a step is in its request.
ALTER TABLE hold_changes ADD COLUMN actor INTEGER, ADD COLUMN trace BYTEA;

-- One row per entry that was given with a key.
CREATE VIEW authors AS
  SELECT i.id AS entry_id, r.at, a.key_name, a.address, encode(r.trace, 'hex') AS trace, r.actor, r.seq
  FROM requests r
  JOIN actors a ON a.number = r.actor
  JOIN request_ids i ON i.seq = r.seq
  UNION ALL
  SELECT i.id || '~' || CASE WHEN c.state = 'settled' OR (c.state = 'expired' AND c.payee_version IS NOT NULL) THEN 'settle' ELSE 'release' END,
         c.at, a.key_name, a.address, encode(c.trace, 'hex'), c.actor, c.hold_seq
  FROM hold_changes c
  JOIN actors a ON a.number = c.actor
  JOIN request_ids i ON i.seq = c.hold_seq;
`,
}
