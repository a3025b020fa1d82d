/**
 * The function that makes a balance of the ledger what an old row says, and the one that makes an old request id known.
 *
 * They write what a commit writes (src/stores/sql/run-row.ts, entry-row.ts, feed-row.ts; src/domain/running-numbers.ts), from within the
 * transaction of the old side. Both are called under the lock of the old row, so no other session waits for the rows that they lock.
 */
import { REQUEST_ID_PATTERN } from '../domain/ids.ts'
import { KNOWN_MEMO, NUMBER_TRIES_MAX, STRIPES_OF_ENGINES } from './bridge-posting.ts'
import { literal, quoted, type OldTables } from './postgres-tables.ts'

const PREFIX = 'holdfast_bridge_'

/** A function of the bridge, with the schema of the ledger. */
export function functionName({ ledger }: Pick<OldTables, 'ledger'>, name: string): string {
  return `${ledger}.${quoted(PREFIX + name)}`
}

export interface FunctionText {
  /** `(p_account text)` */
  readonly parameters: string
  readonly returns: 'void' | 'trigger'
  readonly declare: string
  readonly body: string
}

/**
 * With the rights of the user who installed the bridge. The names of a function mean what they meant then, whatever the search path of a
 * session is. A plan that was made while a table was small must not read all of it later.
 */
export function functionSql(tables: OldTables, name: string, text: FunctionText): string {
  return `CREATE OR REPLACE FUNCTION ${functionName(tables, name)} ${text.parameters} RETURNS ${text.returns} LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS ${literal(`#variable_conflict error
DECLARE
  ${text.declare}
BEGIN
  ${text.body}
END`)}`
}

/** Fails with this message, which names the account. @param message an expression or a literal */
export function signal(message: string): string {
  return `RAISE EXCEPTION USING MESSAGE = 'Holdfast: ' || ${message}`
}

/** An instant, by the clock of the server, in milliseconds. */
export const NOW = 'floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint'
/** As RunningNumbers makes them, at a random place of the period for each number. */
const NUMBER = '(v_now - 1735689600000) / 1048576 * 4294967296 + floor(random() * 4294967296)::bigint'

/** JSON numbers up to this one are read exactly, see run-row.ts. */
function packedAmount(amount: string): string {
  return `CASE WHEN abs(${amount}) <= 9007199254740991 THEN (${amount})::text ELSE '"' || (${amount})::text || '"' END`
}

function run(
  balance: string,
  version: string,
  amounts: { readonly after: string; readonly held: string; readonly by: string },
): string {
  const { after, held, by } = amounts
  return `(${balance}, ${version}, ${version}, ${after}, ${held}, v_now, v_seq, '[[0,"transfer",' || ${packedAmount(by)} || ',0]]')`
}

/**
 * `p_why`: `write`, of an old statement; `attach`, of a user whose account must be empty until then; `adopt`, the same for an account
 * that has coins; `repair`.
 */
export function meetFunction(tables: OldTables): FunctionText {
  const { ledger, plan } = tables
  return {
    parameters:
      '(p_account text, p_asset text, p_number int, p_balance bigint, p_counter bigint, p_available numeric, p_frozen numeric, p_why text)',
    returns: 'void',
    declare: `v_now bigint := ${NOW};
  v_after bigint;
  v_frozen bigint;
  v_balance record;
  v_id bigint;
  v_before bigint := 0;
  v_held bigint := 0;
  v_version bigint := 0;
  v_debt_after bigint := 0;
  v_counter bigint;
  v_counter_before bigint := 0;
  v_counter_version bigint := 0;
  v_delta bigint;
  v_seq bigint;
  v_standing int;
  v_made boolean := false;
  v_tries int := 0;`,
    body: `IF p_available IS NULL OR p_frozen IS NULL THEN ${signal(`p_account || ' has an amount that is NULL'`)}; END IF;
  IF NOT (abs(p_available) <= 9223372036854775807 AND p_frozen <= 9223372036854775807) THEN ${signal(`p_account || ' has an amount that is too large'`)}; END IF;
  IF p_available <> floor(p_available) OR p_frozen <> floor(p_frozen) THEN
    ${signal(`p_account || ' has more decimal places than the scale of ' || p_asset`)};
  END IF;
  IF p_frozen < 0 THEN ${signal(`p_account || ' would have less than nothing frozen'`)}; END IF;
  v_after := p_available;
  v_frozen := p_frozen;
  IF p_why <> 'write' THEN
    ${openedBalance(tables)}
  END IF;
  IF NOT v_made THEN
    SELECT * INTO v_balance FROM ${ledger}.balances b WHERE b.id = p_balance FOR NO KEY UPDATE;
    IF NOT FOUND THEN ${signal(`'the balance of ' || p_account || ' is gone'`)}; END IF;
    v_id := v_balance.id; v_before := v_balance.available; v_held := v_balance.held; v_version := v_balance.version;
    IF p_why = 'attach' AND (v_before <> 0 OR v_held <> 0) THEN ${signal(`p_account || ' has coins of its own in the ledger'`)}; END IF;
    IF v_frozen < v_held THEN ${signal(`p_account || ' would have less frozen than its holds hold: ' || v_held`)}; END IF;
    v_debt_after := CASE WHEN v_after < v_balance.floor THEN v_balance.floor - v_after ELSE 0 END;
    IF v_debt_after > v_balance.debt THEN ${signal(`p_account || ' would have ' || v_after || ' available, below its floor'`)}; END IF;
    IF v_balance.standing = 2 AND v_after <> v_before THEN ${signal(`p_account || ' is closed in the ledger'`)}; END IF;
    IF v_balance.standing = 1 AND v_after < v_before THEN ${signal(`p_account || ' is blocked in the ledger'`)}; END IF;
  END IF;
  v_delta := v_after - v_before;
  IF v_delta = 0 AND p_why = 'write' THEN RETURN; END IF;
  IF p_why <> 'write' THEN
    FOR v_try IN 1..${NUMBER_TRIES_MAX} LOOP
      INSERT INTO ${ledger}.balances (id, account, asset, stripe, available, held, floor, debt, standing, successor, version)
        VALUES (${NUMBER}, ${literal(plan.house)}, p_asset, ${STRIPES_OF_ENGINES} + p_number, -v_delta, 0, NULL, 0, 0, NULL, 1)
        ON CONFLICT DO NOTHING RETURNING id INTO v_counter;
      EXIT WHEN v_counter IS NOT NULL;
      SELECT b.id INTO p_counter FROM ${ledger}.balances b
        WHERE b.account = ${literal(plan.house)} AND b.asset = p_asset AND b.stripe = ${STRIPES_OF_ENGINES} + p_number;
      EXIT WHEN p_counter IS NOT NULL;
    END LOOP;
  END IF;
  IF v_counter IS NULL THEN
    UPDATE ${ledger}.balances b SET available = b.available - v_delta, version = b.version + 1 WHERE b.id = p_counter
      RETURNING b.id, b.available + v_delta, b.version - 1 INTO v_counter, v_counter_before, v_counter_version;
    IF v_counter IS NULL THEN ${signal(`'the stripe of ' || p_account || ' is gone'`)}; END IF;
  END IF;
  IF NOT v_made THEN
    UPDATE ${ledger}.balances b SET available = v_after, debt = v_debt_after, version = v_version + 1 WHERE b.id = v_id;
  END IF;
  ${entered(tables, `'[[' || v_id || ',' || v_version + 1 || ',' || v_version + 1 || '],[' || v_counter || ',' || v_counter_version + 1 || ',' || v_counter_version + 1 || ']]'`)}
  INSERT INTO ${ledger}.journal (balance_id, first_version, last_version, available, held, at, seq, packed) VALUES
    ${run('v_id', 'v_version + 1', { after: 'v_after', held: 'v_held', by: 'v_delta' })},
    ${run('v_counter', 'v_counter_version + 1', { after: 'v_counter_before - v_delta', held: '0', by: '-v_delta' })};
  INSERT INTO ${ledger}.commits (entries) VALUES ('[' || v_seq || ']');
  IF p_why <> 'write' THEN
    UPDATE ${ledger}.bridge_accounts a SET balance_id = v_id, counter_id = v_counter WHERE a.account = p_account AND a.asset = p_asset;
  END IF;`,
  }
}

/** The balance of a new account, and the row of its standing. Its number is drawn again when another balance has it. */
function openedBalance({ ledger }: OldTables): string {
  return `SELECT s.standing INTO v_standing FROM ${ledger}.standings s WHERE s.account = p_account;
    IF v_standing <> 0 THEN ${signal(`p_account || ' is blocked or closed in the ledger'`)}; END IF;
    IF v_after < 0 THEN ${signal(`p_account || ' has ' || v_after || ' available'`)}; END IF;
    FOR v_try IN 1..${NUMBER_TRIES_MAX} LOOP
      INSERT INTO ${ledger}.balances (id, account, asset, stripe, available, held, floor, debt, standing, successor, version)
        VALUES (${NUMBER}, p_account, p_asset, 0, v_after, 0, 0, 0, 0, NULL, 1) ON CONFLICT DO NOTHING RETURNING id INTO v_id;
      v_made := v_id IS NOT NULL;
      EXIT WHEN v_made;
      SELECT b.id INTO p_balance FROM ${ledger}.balances b WHERE b.account = p_account AND b.asset = p_asset AND b.stripe = 0;
      EXIT WHEN p_balance IS NOT NULL;
    END LOOP;
    IF v_made THEN
      INSERT INTO ${ledger}.standings AS s (account, standing, successor, assets, version) VALUES (p_account, 0, NULL, p_asset, 1)
        ON CONFLICT (account) DO UPDATE SET version = s.version + 1,
          assets = CASE WHEN p_asset = ANY (string_to_array(s.assets, ' ')) THEN s.assets ELSE trim(s.assets || ' ' || p_asset) END
        RETURNING s.standing INTO v_standing;
      IF v_standing <> 0 THEN ${signal(`p_account || ' is blocked or closed in the ledger'`)}; END IF;
    END IF;`
}

/** The row of an entry, whose number is drawn until nobody has it. */
function entered({ ledger }: OldTables, postings: string): string {
  return `LOOP
    v_seq := ${NUMBER};
    INSERT INTO ${ledger}.requests (seq, id, kind, at, fingerprint, memo, postings)
      VALUES (v_seq, convert_to('bridge:' || v_seq, 'UTF8'), 'transfer', v_now, 0, 'bridge: ' || p_why, ${postings}) ON CONFLICT DO NOTHING;
    EXIT WHEN FOUND;
    v_tries := v_tries + 1;
    IF v_tries = ${NUMBER_TRIES_MAX} THEN ${signal(`'no number is free'`)}; END IF;
  END LOOP;`
}

/** As request-key.ts makes it. @param id an expression of ASCII text */
function keyOf(id: string): string {
  return `CASE
      WHEN ${id} ~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$' THEN decode(replace(${id}, '-', ''), 'hex')
      WHEN length(${id}) <= 32 THEN convert_to(${id}, 'UTF8')
      ELSE '\\xff'::bytea || substr(sha256(convert_to(${id}, 'UTF8')), 1, 24)
    END`
}

/** An id that no request of the ledger could have needs no entry. */
export function knownFunction(tables: OldTables): FunctionText {
  const { ledger } = tables
  return {
    parameters: '(p_request text, p_account text)',
    returns: 'void',
    declare: `v_now bigint := ${NOW};
  v_key bytea;
  v_seq bigint;
  v_memo text;
  v_tries int := 0;`,
    body: `IF p_request IS NULL OR NOT p_request COLLATE "C" ~ ${literal(REQUEST_ID_PATTERN)} THEN RETURN; END IF;
  v_key := ${keyOf('p_request')};
  LOOP
    v_seq := ${NUMBER};
    INSERT INTO ${ledger}.requests (seq, id, id_text, kind, at, fingerprint, memo, postings, payee) VALUES
      (v_seq, v_key, CASE WHEN length(v_key) = 25 AND get_byte(v_key, 0) = 255 THEN p_request END, 'open', v_now, 0, ${literal(KNOWN_MEMO)}, '[]', p_account)
      ON CONFLICT DO NOTHING;
    EXIT WHEN FOUND;
    SELECT coalesce(r.memo, '') INTO v_memo FROM ${ledger}.requests r WHERE r.id = v_key;
    IF v_memo = ${literal(KNOWN_MEMO)} THEN RETURN; END IF;
    IF v_memo IS NOT NULL THEN
      RAISE unique_violation USING MESSAGE = 'duplicate key: Holdfast has a request with this id';
    END IF;
    v_tries := v_tries + 1;
    IF v_tries = ${NUMBER_TRIES_MAX} THEN ${signal(`'no number is free'`)}; END IF;
  END LOOP;
  INSERT INTO ${ledger}.commits (entries) VALUES ('[' || v_seq || ']');`,
  }
}
