-- The tables as the migrations make them, dumped from PostgreSQL 15 by `npm run generate`.
-- Nothing reads this file when Holdfast runs; a test compares it with a database that was just migrated.

CREATE TABLE accounts (
  account text COLLATE "C" NOT NULL,
  metadata text NOT NULL,
  CONSTRAINT accounts_pkey PRIMARY KEY (account)
);

CREATE TABLE assets (
  code text COLLATE "C" NOT NULL,
  decimals integer NOT NULL,
  name text NOT NULL,
  created_at bigint NOT NULL,
  CONSTRAINT assets_pkey PRIMARY KEY (code),
  CONSTRAINT assets_decimals CHECK (((decimals >= 0) AND (decimals <= 18)))
);

CREATE TABLE balances (
  id bigint NOT NULL,
  account text COLLATE "C" NOT NULL,
  asset text COLLATE "C" NOT NULL,
  stripe integer NOT NULL,
  available bigint NOT NULL,
  held bigint NOT NULL,
  floor bigint,
  version bigint NOT NULL,
  CONSTRAINT balances_pkey PRIMARY KEY (id),
  CONSTRAINT balances_name UNIQUE (account, asset, stripe),
  CONSTRAINT balances_floor CHECK ((available >= floor)),
  CONSTRAINT balances_held CHECK ((held >= 0)),
  CONSTRAINT balances_version CHECK ((version > 0))
) WITH (fillfactor=70);

CREATE TABLE hold_steps (
  hold text COLLATE "C" NOT NULL,
  step bigint NOT NULL,
  entry_id text COLLATE "C" NOT NULL,
  CONSTRAINT hold_steps_pkey PRIMARY KEY (hold, step),
  CONSTRAINT hold_steps_step CHECK ((step > 0))
);

CREATE TABLE migrations (
  number integer NOT NULL,
  name text NOT NULL,
  checksum text NOT NULL,
  applied_at bigint NOT NULL,
  CONSTRAINT migrations_pkey PRIMARY KEY (number)
);

CREATE TABLE postings (
  balance_id bigint NOT NULL,
  version bigint NOT NULL,
  entry_id text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL,
  available_delta bigint NOT NULL,
  held_delta bigint NOT NULL,
  available bigint NOT NULL,
  held bigint NOT NULL,
  at bigint NOT NULL,
  CONSTRAINT postings_pkey PRIMARY KEY (balance_id, version)
);

CREATE TABLE rates (
  from_asset text COLLATE "C" NOT NULL,
  to_asset text COLLATE "C" NOT NULL,
  version bigint NOT NULL,
  numerator bigint NOT NULL,
  denominator bigint NOT NULL,
  rounding text COLLATE "C" NOT NULL,
  tolerance_ppm bigint NOT NULL,
  declared_at bigint NOT NULL,
  CONSTRAINT rates_pkey PRIMARY KEY (from_asset, to_asset, version),
  CONSTRAINT rates_fraction CHECK (((numerator > 0) AND (denominator > 0))),
  CONSTRAINT rates_tolerance CHECK (((tolerance_ppm >= 0) AND (tolerance_ppm <= 1000000))),
  CONSTRAINT rates_version CHECK ((version > 0))
);

CREATE TABLE requests (
  id text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL,
  at bigint NOT NULL,
  fingerprint bigint NOT NULL,
  metadata text,
  memo text,
  floor bigint,
  postings text,
  legs text,
  hold_after text,
  balance_id bigint,
  payee text COLLATE "C",
  state text COLLATE "C",
  amount bigint,
  held bigint,
  settled bigint,
  released bigint,
  drawn bigint,
  shortfall bigint,
  expires_at bigint,
  ended_at bigint,
  end_fingerprint bigint,
  opened_version bigint,
  ended_version bigint,
  payee_balance_id bigint,
  payee_version bigint,
  on_expiry bigint,
  refunded bigint,
  settled_late bigint,
  steps bigint,
  first_answers text,
  CONSTRAINT requests_pkey PRIMARY KEY (id),
  CONSTRAINT requests_end CHECK (((state = 'open'::text) = (ended_at IS NULL))),
  CONSTRAINT requests_held CHECK ((held >= 0)),
  CONSTRAINT requests_late CHECK ((settled_late <= drawn)),
  CONSTRAINT requests_refunded CHECK ((refunded <= settled)),
  CONSTRAINT requests_state CHECK (((kind <> 'freeze'::text) OR (state IS NOT NULL))),
  CONSTRAINT requests_sum CHECK (((amount + drawn) = ((settled + released) + held)))
);

CREATE INDEX requests_open ON requests USING btree (expires_at, id) WHERE (state = 'open'::text);

CREATE VIEW holds AS
 SELECT r.id,
    b.account,
    b.asset,
    r.payee,
    r.state,
    r.amount,
    r.held,
    r.settled,
    r.released,
    r.drawn,
    r.shortfall,
    COALESCE(r.refunded, 0::bigint) AS refunded,
    COALESCE(r.settled_late, 0::bigint) AS settled_late,
    r.on_expiry,
    r.expires_at,
    r.at AS created_at,
    r.ended_at,
    r.metadata
   FROM requests r
     JOIN balances b ON b.id = r.balance_id
  WHERE r.kind = 'freeze'::text;
