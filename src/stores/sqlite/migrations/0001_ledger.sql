-- What was applied to this file, see src/stores/sql/migrator.ts.
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

CREATE TABLE assets (
  code       TEXT PRIMARY KEY,
  decimals   INTEGER NOT NULL CHECK (decimals BETWEEN 0 AND 18),
  name       TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO assets VALUES ('credit', 0, 'Credit', 0);

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
  version   INTEGER NOT NULL CHECK (version > 0),
  UNIQUE (account, asset, stripe),
  CHECK (available >= floor)
) STRICT;

-- The journal. Its key is the lock: two writers that start from one version cannot both insert the next.
CREATE TABLE postings (
  balance_id      INTEGER NOT NULL,
  version         INTEGER NOT NULL,
  entry_id        TEXT NOT NULL,
  kind            TEXT NOT NULL,
  available_delta INTEGER NOT NULL,
  held_delta      INTEGER NOT NULL,
  available       INTEGER NOT NULL,
  held            INTEGER NOT NULL,
  at              INTEGER NOT NULL,
  PRIMARY KEY (balance_id, version)
) STRICT, WITHOUT ROWID;

-- One row per request id: a hold (kind 'freeze') or an entry. One key for both, so that an id has one effect.
CREATE TABLE requests (
  id               TEXT PRIMARY KEY,
  kind             TEXT NOT NULL,
  at               INTEGER NOT NULL,
  fingerprint      INTEGER NOT NULL,
  metadata         TEXT,
  -- entries
  memo             TEXT,
  floor            INTEGER,
  postings         TEXT,
  legs             TEXT,
  hold_after       TEXT,
  -- holds
  balance_id       INTEGER,
  payee            TEXT,
  state            TEXT,
  amount           INTEGER,
  held             INTEGER CHECK (held >= 0),
  settled          INTEGER,
  released         INTEGER,
  drawn            INTEGER,
  shortfall        INTEGER,
  expires_at       INTEGER,
  ended_at         INTEGER,
  end_fingerprint  INTEGER,
  opened_version   INTEGER,
  ended_version    INTEGER,
  payee_balance_id INTEGER,
  payee_version    INTEGER,
  -- what few holds have; NULL is 0 or nothing
  on_expiry        INTEGER,
  refunded         INTEGER,
  settled_late     INTEGER,
  steps            INTEGER,
  first_answers    TEXT,
  CHECK (amount + drawn = settled + released + held),
  CHECK (refunded <= settled),
  CHECK (settled_late <= drawn),
  CHECK ((state = 'open') = (ended_at IS NULL)),
  CHECK (kind <> 'freeze' OR state IS NOT NULL)
) STRICT;

-- Open holds by expiry.
CREATE INDEX requests_open ON requests (expires_at, id) WHERE state = 'open';

-- What happened to a hold after its freeze under a request id of its own, in its order; most holds have no row here.
CREATE TABLE hold_steps (
  hold     TEXT NOT NULL,
  step     INTEGER NOT NULL CHECK (step > 0),
  entry_id TEXT NOT NULL,
  PRIMARY KEY (hold, step)
) STRICT, WITHOUT ROWID;

CREATE VIEW holds AS
  SELECT r.id, b.account, b.asset, r.payee, r.state, r.amount, r.held, r.settled, r.released, r.drawn, r.shortfall,
         COALESCE(r.refunded, 0) AS refunded, COALESCE(r.settled_late, 0) AS settled_late, r.on_expiry,
         r.expires_at, r.at AS created_at, r.ended_at, r.metadata
  FROM requests r JOIN balances b ON b.id = r.balance_id
  WHERE r.kind = 'freeze';
