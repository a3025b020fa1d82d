-- Names and ids are ASCII and compared byte by byte; what people write is utf8mb4. No foreign keys: InnoDB's check would
-- take a shared lock on the parent row, and shared-then-exclusive on a hot row is a deadlock.

-- Who owns coins, beyond the name: only accounts that were opened with metadata have a row.
CREATE TABLE accounts (
  account  VARCHAR(64) NOT NULL,
  metadata MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  PRIMARY KEY (account)
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
  account   VARCHAR(64) NOT NULL,
  asset     VARCHAR(16) NOT NULL,
  stripe    INT NOT NULL,
  available BIGINT NOT NULL,
  held      BIGINT NOT NULL,
  floor     BIGINT,
  version   BIGINT NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY balances_name (account, asset, stripe),
  CONSTRAINT balances_held CHECK (held >= 0),
  CONSTRAINT balances_floor CHECK (available >= floor),
  CONSTRAINT balances_version CHECK (version > 0)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET ascii COLLATE ascii_bin;

-- The journal. Its key is the lock: two writers that start from one version cannot both insert the next.
CREATE TABLE postings (
  balance_id      BIGINT NOT NULL,
  version         BIGINT NOT NULL,
  entry_id        VARCHAR(160) NOT NULL,
  kind            VARCHAR(16) NOT NULL,
  available_delta BIGINT NOT NULL,
  held_delta      BIGINT NOT NULL,
  available       BIGINT NOT NULL,
  held            BIGINT NOT NULL,
  at              BIGINT NOT NULL,
  PRIMARY KEY (balance_id, version)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET ascii COLLATE ascii_bin;

-- One row per request id: a hold (kind 'freeze') or an entry. One key for both, so that an id has one effect.
--
-- Open holds by expiry are found by (state, expires_at), behind which InnoDB puts the primary key. There are no partial
-- indexes here; a column that is set for open holds only would have every other row in its index as well, as (NULL, id), in
-- random places. This way an ended hold goes to the end of its state's range.
--
-- InnoDB changes a row in its place only when no column changes its size. So the state has one byte whatever it is, and what a hold's
-- end fills in is 0 before, not NULL.
CREATE TABLE requests (
  id               VARCHAR(160) NOT NULL,
  kind             ENUM ('freeze', 'open', 'deposit', 'charge', 'transfer', 'settle', 'release', 'amend', 'refund') NOT NULL,
  at               BIGINT NOT NULL,
  fingerprint      BIGINT NOT NULL,
  metadata         MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
  -- entries
  memo             VARCHAR(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
  floor            BIGINT,
  postings         MEDIUMTEXT,
  legs             MEDIUMTEXT,
  hold_after       MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
  -- holds
  balance_id       BIGINT,
  payee            VARCHAR(64),
  state            ENUM ('open', 'settled', 'released', 'expired'),
  amount           BIGINT,
  held             BIGINT,
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
  first_answers    MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
  PRIMARY KEY (id),
  KEY requests_open (state, expires_at),
  CONSTRAINT requests_held CHECK (held >= 0),
  CONSTRAINT requests_sum CHECK (amount + drawn = settled + released + held),
  CONSTRAINT requests_refunded CHECK (refunded <= settled),
  CONSTRAINT requests_late CHECK (settled_late <= drawn),
  CONSTRAINT requests_end CHECK ((state = 'open') = (COALESCE(ended_at, 0) = 0)),
  CONSTRAINT requests_state CHECK (kind <> 'freeze' OR state IS NOT NULL)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET ascii COLLATE ascii_bin;

-- What happened to a hold after its freeze under a request id of its own, in its order; most holds have no row here.
CREATE TABLE hold_steps (
  hold     VARCHAR(128) NOT NULL,
  step     BIGINT NOT NULL,
  entry_id VARCHAR(160) NOT NULL,
  PRIMARY KEY (hold, step),
  CONSTRAINT hold_steps_step CHECK (step > 0)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET ascii COLLATE ascii_bin;

CREATE SQL SECURITY INVOKER VIEW holds AS
  SELECT r.id, b.account, b.asset, r.payee, r.state, r.amount, r.held, r.settled, r.released, r.drawn, r.shortfall,
         COALESCE(r.refunded, 0) AS refunded, COALESCE(r.settled_late, 0) AS settled_late, r.on_expiry,
         r.expires_at, r.at AS created_at, NULLIF(r.ended_at, 0) AS ended_at, r.metadata
  FROM requests r JOIN balances b ON b.id = r.balance_id
  WHERE r.kind = 'freeze';
