-- Names and ids are compared byte by byte, whatever the database's collation. No foreign keys: their checks lock the rows
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

CREATE TABLE assets (
  code       TEXT COLLATE "C" PRIMARY KEY,
  decimals   INTEGER NOT NULL CONSTRAINT assets_decimals CHECK (decimals BETWEEN 0 AND 18),
  name       TEXT NOT NULL,
  created_at BIGINT NOT NULL
);

INSERT INTO assets VALUES ('credit', 0, 'Credit', 0);

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
  version   BIGINT NOT NULL CONSTRAINT balances_version CHECK (version > 0),
  CONSTRAINT balances_name UNIQUE (account, asset, stripe),
  CONSTRAINT balances_floor CHECK (available >= floor)
)
-- No index has a column that changes, so an update that finds room on its page touches no index at all.
WITH (fillfactor = 70);

-- The journal. Its key is the lock: two writers that start from one version cannot both insert the next.
CREATE TABLE postings (
  balance_id      BIGINT NOT NULL,
  version         BIGINT NOT NULL,
  entry_id        TEXT COLLATE "C" NOT NULL,
  kind            TEXT COLLATE "C" NOT NULL,
  available_delta BIGINT NOT NULL,
  held_delta      BIGINT NOT NULL,
  available       BIGINT NOT NULL,
  held            BIGINT NOT NULL,
  at              BIGINT NOT NULL,
  PRIMARY KEY (balance_id, version)
);

-- One row per request id: a hold (kind 'freeze') or an entry. One key for both, so that an id has one effect.
-- Its pages are filled up: the index of open holds makes the end of a hold write to the indexes wherever it finds room.
CREATE TABLE requests (
  id               TEXT COLLATE "C" PRIMARY KEY,
  kind             TEXT COLLATE "C" NOT NULL,
  at               BIGINT NOT NULL,
  fingerprint      BIGINT NOT NULL,
  metadata         TEXT,
  -- entries
  memo             TEXT,
  floor            BIGINT,
  postings         TEXT,
  legs             TEXT,
  hold_after       TEXT,
  -- holds
  balance_id       BIGINT,
  payee            TEXT COLLATE "C",
  state            TEXT COLLATE "C",
  amount           BIGINT,
  held             BIGINT CONSTRAINT requests_held CHECK (held >= 0),
  settled          BIGINT,
  released         BIGINT,
  drawn            BIGINT,
  shortfall        BIGINT,
  expires_at       BIGINT,
  ended_at         BIGINT,
  end_fingerprint  BIGINT,
  opened_version   BIGINT,
  ended_version    BIGINT,
  payee_balance_id BIGINT,
  payee_version    BIGINT,
  -- what few holds have; NULL is 0 or nothing
  on_expiry        BIGINT,
  refunded         BIGINT,
  settled_late     BIGINT,
  steps            BIGINT,
  first_answers    TEXT,
  CONSTRAINT requests_sum CHECK (amount + drawn = settled + released + held),
  CONSTRAINT requests_refunded CHECK (refunded <= settled),
  CONSTRAINT requests_late CHECK (settled_late <= drawn),
  CONSTRAINT requests_end CHECK ((state = 'open') = (ended_at IS NULL)),
  CONSTRAINT requests_state CHECK (kind <> 'freeze' OR state IS NOT NULL)
);

-- Open holds by expiry.
CREATE INDEX requests_open ON requests (expires_at, id) WHERE state = 'open';

-- What happened to a hold after its freeze under a request id of its own, in its order; most holds have no row here.
CREATE TABLE hold_steps (
  hold     TEXT COLLATE "C" NOT NULL,
  step     BIGINT NOT NULL CONSTRAINT hold_steps_step CHECK (step > 0),
  entry_id TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (hold, step)
);

CREATE VIEW holds AS
  SELECT r.id, b.account, b.asset, r.payee, r.state, r.amount, r.held, r.settled, r.released, r.drawn, r.shortfall,
         COALESCE(r.refunded, 0) AS refunded, COALESCE(r.settled_late, 0) AS settled_late, r.on_expiry,
         r.expires_at, r.at AS created_at, r.ended_at, r.metadata
  FROM requests r JOIN balances b ON b.id = r.balance_id
  WHERE r.kind = 'freeze';
