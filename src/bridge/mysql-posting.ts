/**
 * The routine that makes a balance of the ledger what an old row says, and the one that makes an old request id known.
 *
 * They write what a commit writes (src/stores/sql/run-row.ts, entry-row.ts, feed-row.ts; src/domain/running-numbers.ts), from within the
 * transaction of the old side. Both are called under the lock of the old row, so no other session waits for the rows that they lock.
 */
import { REQUEST_ID_PATTERN } from '../domain/ids.ts'
import { literal } from '../stores/mysql/literals.ts'
import { KNOWN_MEMO, NUMBER_TRIES_MAX, STRIPES_OF_ENGINES } from './bridge-posting.ts'
import { quoted, type OldTables } from './mysql-tables.ts'

const PREFIX = 'holdfast_bridge_'

/** A routine of the bridge, with the schema of the ledger. */
export function routineName({ ledger }: Pick<OldTables, 'ledger'>, name: string): string {
  return `${ledger}.${quoted(PREFIX + name)}`
}

export const ACCOUNT_TYPE = 'VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin'
export const ASSET_TYPE = 'VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin'
export const AMOUNT_TYPE = 'DECIMAL(65, 18)'

/** Fails with this message, which names the account. @param message an expression or a literal */
export function signal(message: string): string {
  return `BEGIN
      DECLARE v_message VARCHAR(128) DEFAULT LEFT(CONCAT('Holdfast: ', ${message}), 128);
      SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = v_message;
    END`
}

/** An instant, by the clock of the server. */
export const NOW = `TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', UTC_TIMESTAMP(6)) DIV 1000`
/** As RunningNumbers makes them, at a random place of the period for each number. */
const NUMBER = `(v_now - 1735689600000) DIV 1048576 * 4294967296 + FLOOR(RAND() * 4294967296)`

/** JSON numbers up to this one are read exactly, see run-row.ts. */
function packedAmount(amount: string): string {
  return `IF(ABS(${amount}) <= 9007199254740991, CONCAT(${amount}), CONCAT('"', ${amount}, '"'))`
}

function run(
  balance: string,
  version: string,
  amounts: { readonly after: string; readonly held: string; readonly by: string },
): string {
  const { after, held, by } = amounts
  return `(${balance}, ${version}, ${version}, ${after}, ${held}, v_now, v_seq, CONCAT('[[0,"transfer",', ${packedAmount(by)}, ',0]]'))`
}

/**
 * Locking reads are by primary key, because those of another index lock the gap before the row on MariaDB, where others insert.
 *
 * `p_why`: `write`, of an old statement; `attach`, of a user whose account must be empty until then; `adopt`, the same for an account
 * that has coins; `repair`.
 */
export function meetRoutine(tables: OldTables): string {
  const { ledger, plan } = tables
  return `CREATE PROCEDURE ${routineName(tables, 'meet')} (
  p_account ${ACCOUNT_TYPE}, p_asset ${ASSET_TYPE}, p_number INT, p_balance BIGINT, p_counter BIGINT, p_available ${AMOUNT_TYPE}, p_frozen ${AMOUNT_TYPE}, p_why VARCHAR(16)
) SQL SECURITY DEFINER
main: BEGIN
  DECLARE v_now, v_id, v_counter, v_seq, v_before, v_after, v_delta, v_held, v_floor, v_debt, v_debt_after, v_counter_before, v_frozen BIGINT;
  DECLARE v_version, v_counter_version BIGINT DEFAULT 0;
  DECLARE v_standing TINYINT DEFAULT 0;
  DECLARE v_made, v_counter_made, v_taken, v_tries INT DEFAULT 0;
  IF p_available IS NULL OR p_frozen IS NULL THEN ${signal(`CONCAT(p_account, ' has an amount that is NULL')`)}; END IF;
  IF p_available <> FLOOR(p_available) OR p_frozen <> FLOOR(p_frozen) THEN
    ${signal(`CONCAT(p_account, ' has more decimal places than the scale of ', p_asset)`)};
  END IF;
  IF p_frozen < 0 THEN ${signal(`CONCAT(p_account, ' would have less than nothing frozen')`)}; END IF;
  SET v_now = ${NOW}, v_after = p_available, v_frozen = p_frozen;
  IF p_why <> 'write' THEN
    ${openedBalance(tables)}
  END IF;
  IF v_made = 0 THEN
    IF p_why <> 'write' THEN
      SELECT id INTO p_balance FROM ${ledger}.balances FORCE INDEX (balances_name) WHERE account = p_account AND asset = p_asset AND stripe = 0;
    END IF;
    SELECT id, available, held, floor, debt, standing, version
      INTO v_id, v_before, v_held, v_floor, v_debt, v_standing, v_version
      FROM ${ledger}.balances FORCE INDEX (PRIMARY) WHERE id = p_balance FOR UPDATE;
    IF v_id IS NULL THEN ${signal(`CONCAT('the balance of ', p_account, ' is gone')`)}; END IF;
    IF p_why = 'attach' AND (v_before <> 0 OR v_held <> 0) THEN ${signal(`CONCAT(p_account, ' has coins of its own in the ledger')`)}; END IF;
    IF v_frozen < v_held THEN ${signal(`CONCAT(p_account, ' would have less frozen than its holds hold: ', v_held)`)}; END IF;
    SET v_delta = v_after - v_before, v_debt_after = IF(v_after < v_floor, v_floor - v_after, 0);
    IF v_debt_after > v_debt THEN ${signal(`CONCAT(p_account, ' would have ', v_after, ' available, below its floor')`)}; END IF;
    IF v_standing = 2 AND v_delta <> 0 THEN ${signal(`CONCAT(p_account, ' is closed in the ledger')`)}; END IF;
    IF v_standing = 1 AND v_delta < 0 THEN ${signal(`CONCAT(p_account, ' is blocked in the ledger')`)}; END IF;
  END IF;
  IF p_why <> 'write' THEN
    SET @holdfast_begun = 1;
    REPEAT
      SET v_counter = ${NUMBER}, v_tries = v_tries + 1;
      INSERT IGNORE INTO ${ledger}.balances (id, account, asset, stripe, available, held, floor, debt, standing, successor, version)
        VALUES (v_counter, ${literal(plan.house)}, p_asset, ${STRIPES_OF_ENGINES} + p_number, -v_delta, 0, NULL, 0, 0, NULL, 1);
      SELECT COUNT(*) INTO v_counter_made FROM ${ledger}.balances
        WHERE id = v_counter AND account = ${literal(plan.house)} AND asset = p_asset AND stripe = ${STRIPES_OF_ENGINES} + p_number;
      SELECT COUNT(*) INTO v_taken FROM ${ledger}.balances FORCE INDEX (balances_name)
        WHERE account = ${literal(plan.house)} AND asset = p_asset AND stripe = ${STRIPES_OF_ENGINES} + p_number;
    UNTIL v_taken = 1 OR v_tries = ${NUMBER_TRIES_MAX} END REPEAT;
    SET v_tries = 0;
    IF v_counter_made = 1 THEN SET v_counter_before = 0, v_counter_version = 0; END IF;
  END IF;
  IF v_delta = 0 AND p_why = 'write' THEN LEAVE main; END IF;
  SET @holdfast_begun = 1;
  IF v_counter_made = 0 THEN
    IF p_why <> 'write' THEN
      SELECT id INTO p_counter FROM ${ledger}.balances FORCE INDEX (balances_name)
        WHERE account = ${literal(plan.house)} AND asset = p_asset AND stripe = ${STRIPES_OF_ENGINES} + p_number;
    END IF;
    SET v_counter = NULL;
    SELECT id, available, version INTO v_counter, v_counter_before, v_counter_version
      FROM ${ledger}.balances FORCE INDEX (PRIMARY) WHERE id = p_counter FOR UPDATE;
    IF v_counter IS NULL THEN ${signal(`CONCAT('the stripe of ', p_account, ' is gone')`)}; END IF;
    UPDATE ${ledger}.balances FORCE INDEX (PRIMARY) SET available = v_counter_before - v_delta, version = v_counter_version + 1 WHERE id = v_counter;
  END IF;
  IF v_made = 0 THEN
    UPDATE ${ledger}.balances FORCE INDEX (PRIMARY) SET available = v_after, debt = v_debt_after, version = v_version + 1 WHERE id = v_id;
  END IF;
  ${entered(tables, `CONCAT('[[', v_id, ',', v_version + 1, ',', v_version + 1, '],[', v_counter, ',', v_counter_version + 1, ',', v_counter_version + 1, ']]')`)}
  INSERT INTO ${ledger}.journal (balance_id, first_version, last_version, available, held, at, seq, packed) VALUES
    ${run('v_id', 'v_version + 1', { after: 'v_after', held: 'v_held', by: 'v_delta' })},
    ${run('v_counter', 'v_counter_version + 1', { after: 'v_counter_before - v_delta', held: '0', by: '-v_delta' })};
  INSERT INTO ${ledger}.commits (entries) VALUES (CONCAT('[', v_seq, ']'));
  IF p_why <> 'write' THEN
    UPDATE ${ledger}.bridge_accounts SET balance_id = v_id, counter_id = v_counter WHERE account = p_account AND asset = p_asset;
  END IF;
END`
}

/**
 * The balance of a new account, and the row of its standing. INSERT IGNORE takes no gap lock, as a search in vain would. Which row is there
 * after it says who made it: ROW_COUNT() says nothing in a trigger of MariaDB.
 */
function openedBalance({ ledger }: OldTables): string {
  return `IF v_after < 0 THEN ${signal(`CONCAT(p_account, ' has ', v_after, ' available')`)}; END IF;
    SELECT COALESCE(MAX(standing), 0) INTO v_standing FROM ${ledger}.standings WHERE account = p_account;
    IF v_standing <> 0 THEN ${signal(`CONCAT(p_account, ' is blocked or closed in the ledger')`)}; END IF;
    REPEAT
      SET v_id = ${NUMBER}, v_tries = v_tries + 1;
      INSERT IGNORE INTO ${ledger}.balances (id, account, asset, stripe, available, held, floor, debt, standing, successor, version)
        VALUES (v_id, p_account, p_asset, 0, v_after, 0, 0, 0, 0, NULL, 1);
      SELECT COUNT(*) INTO v_made FROM ${ledger}.balances WHERE id = v_id AND account = p_account;
      SELECT COUNT(*) INTO v_taken FROM ${ledger}.balances FORCE INDEX (balances_name) WHERE account = p_account AND asset = p_asset AND stripe = 0;
    UNTIL v_taken = 1 OR v_tries = ${NUMBER_TRIES_MAX} END REPEAT;
    SET v_tries = 0;
    IF v_made = 1 THEN
      SET @holdfast_begun = 1, v_before = 0, v_held = 0, v_delta = v_after;
      INSERT INTO ${ledger}.standings (account, standing, successor, assets, version) VALUES (p_account, 0, NULL, p_asset, 1)
        ON DUPLICATE KEY UPDATE version = version + 1,
          assets = IF(CONCAT(' ', assets, ' ') LIKE CONCAT('% ', p_asset, ' %'), assets, TRIM(CONCAT(assets, ' ', p_asset)));
      SELECT standing INTO v_standing FROM ${ledger}.standings WHERE account = p_account FOR UPDATE;
      IF v_standing <> 0 THEN ${signal(`CONCAT(p_account, ' is blocked or closed in the ledger')`)}; END IF;
    ELSE
      SET v_id = NULL;
    END IF;`
}

/** The row of an entry, whose number is drawn until nobody has it. */
function entered({ ledger }: OldTables, postings: string): string {
  return `REPEAT
    SET v_seq = ${NUMBER}, v_taken = 0, v_tries = v_tries + 1;
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1062 SET v_taken = 1;
      INSERT INTO ${ledger}.requests (seq, id, kind, at, fingerprint, memo, postings) VALUES
        (v_seq, CONCAT('bridge:', v_seq), 'transfer', v_now, 0, CONCAT('bridge: ', p_why), ${postings});
    END;
  UNTIL v_taken = 0 OR v_tries = ${NUMBER_TRIES_MAX} END REPEAT;
  IF v_taken = 1 THEN ${signal(`'no number is free'`)}; END IF;`
}

/** As request-key.ts makes it. @param id an expression of ASCII text */
function keyOf(id: string): string {
  return `CASE
      WHEN ${id} REGEXP '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$' THEN UNHEX(REPLACE(${id}, '-', ''))
      WHEN LENGTH(${id}) <= 32 THEN CAST(${id} AS BINARY)
      ELSE UNHEX(CONCAT('ff', LEFT(SHA2(${id}, 256), 48)))
    END`
}

/** An id that no request of the ledger could have needs no entry. */
export function knownRoutine(tables: OldTables): string {
  const { ledger } = tables
  return `CREATE PROCEDURE ${routineName(tables, 'know')} (
  p_request VARCHAR(1024) CHARACTER SET utf8mb4, p_account ${ACCOUNT_TYPE}
) SQL SECURITY DEFINER
main: BEGIN
  DECLARE v_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin;
  DECLARE v_key VARBINARY(32);
  DECLARE v_now, v_seq BIGINT;
  DECLARE v_taken, v_tries, v_ours INT DEFAULT 0;
  DECLARE v_memo VARCHAR(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
  IF p_request IS NULL OR NOT p_request REGEXP ${literal(REQUEST_ID_PATTERN)} THEN LEAVE main; END IF;
  SET v_now = ${NOW}, v_id = p_request;
  SET v_key = ${keyOf('v_id')};
  REPEAT
    SET v_seq = ${NUMBER}, v_taken = 0, v_tries = v_tries + 1;
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1062 SET v_taken = 1;
      INSERT INTO ${ledger}.requests (seq, id, id_text, kind, at, fingerprint, memo, postings, payee) VALUES
        (v_seq, v_key, IF(LENGTH(v_key) = 25, v_id, NULL), 'open', v_now, 0, ${literal(KNOWN_MEMO)}, '[]', p_account);
    END;
    IF v_taken = 1 THEN
      SELECT memo, 1 INTO v_memo, v_ours FROM ${ledger}.requests FORCE INDEX (requests_id) WHERE id = v_key FOR UPDATE;
      IF v_ours = 1 AND v_memo <=> ${literal(KNOWN_MEMO)} THEN LEAVE main; END IF;
      IF v_ours = 1 THEN SIGNAL SQLSTATE '23000' SET MYSQL_ERRNO = 1062, MESSAGE_TEXT = 'Duplicate entry: Holdfast has a request with this id'; END IF;
    END IF;
  UNTIL v_taken = 0 OR v_tries = ${NUMBER_TRIES_MAX} END REPEAT;
  IF v_taken = 1 THEN ${signal(`'no number is free'`)}; END IF;
  INSERT INTO ${ledger}.commits (entries) VALUES (CONCAT('[', v_seq, ']'));
END`
}
