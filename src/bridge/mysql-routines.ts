/**
 * What a bridge makes on MySQL and MariaDB: its tables, and the routines and triggers that join the two sides
 * (docs/adr/0024-the-bridge-is-in-the-database.md).
 *
 * `@holdfast_side` says whose write is under way in a session: `old` while a trigger of `users` posts, so that the trigger of `balances` is
 * quiet; `ledger` while that one writes `users`.
 */
import type { Flavour } from '../stores/mysql/server.ts'
import { literal } from '../stores/mysql/literals.ts'
import {
  ACCOUNT_TYPE,
  AMOUNT_TYPE,
  ASSET_TYPE,
  knownRoutine,
  meetRoutine,
  routineName,
  signal,
} from './mysql-posting.ts'
import { accountNamed, byAsset, OldRow, quoted, textOf, type KeyColumn, type OldTables } from './mysql-tables.ts'
import { coinsOf } from '../import/mapping.ts'
import { STRIPES_OF_ENGINES } from './bridge-posting.ts'
import { aroundKey, unitText } from './coin-cases.ts'

const OPTIONS = 'ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET ascii COLLATE ascii_bin'

/** The tables of a bridge, in the schema of the ledger. */
export const BRIDGE_TABLES: Readonly<Record<string, string>> = {
  // Row 1: what the old side reads before each write. Row 2: what commits of the ledger read.
  bridge: `(
    side      TINYINT NOT NULL,
    state     VARCHAR(16) NOT NULL,
    -- what store.ts needs to lock old rows, and the whole plan
    locks     MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    plan      MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    -- the last row of the log of freezes that was there before the triggers, as far as it was walked
    walked    VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    PRIMARY KEY (side)
  )`,
  bridge_accounts: `(
    account  VARCHAR(128) NOT NULL,
    asset    VARCHAR(16) NOT NULL,
    -- the stripe of the house account, counted from ${STRIPES_OF_ENGINES}
    number   INT NOT NULL AUTO_INCREMENT,
    old_key  VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    old_kind VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    -- pending, attached, refused or broken
    state    VARCHAR(16) NOT NULL,
    -- the two balances, from the attachment on
    balance_id BIGINT,
    counter_id BIGINT,
    reason   VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    PRIMARY KEY (account, asset),
    UNIQUE KEY bridge_accounts_number (number),
    KEY bridge_accounts_state (state)
  )`,
  bridge_failures: `(
    number    BIGINT NOT NULL AUTO_INCREMENT,
    account   VARCHAR(128) NOT NULL,
    asset     VARCHAR(16) NOT NULL,
    at        TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
    available VARCHAR(90),
    frozen    VARCHAR(90),
    message   VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    PRIMARY KEY (number)
  )`,
}

export function bridgeTable({ ledger }: OldTables, name: string): string {
  return `CREATE TABLE IF NOT EXISTS ${ledger}.${name} ${BRIDGE_TABLES[name]!} ${OPTIONS}`
}

/** Errors that the old code handles by itself: it tries again. They undo more than a statement. */
const PASSED_ON = '1205, 1213, 1020, 3572, 1317, 1927, 1969, 3024'

/** The routines by their names, in the order in which they are made. */
export function routines(tables: OldTables, flavour: Flavour): ReadonlyMap<string, string> {
  return new Map([
    ['meet', meetRoutine(tables)],
    ['know', knownRoutine(tables)],
    ['gate', gateRoutine(tables, flavour)],
    ['write', writeRoutine(tables)],
    ['leave', leaveRoutine(tables)],
    ['forward', forwardRoutine(tables, flavour)],
    ['attach', attachRoutine(tables)],
  ])
}

/**
 * A row of `bridge` under a shared lock: a change of it waits for the transactions that have read it, and no transaction waits for a change,
 * because it skips the row then. MariaDB knows no NOWAIT in routines. In a trigger MySQL waits all the same; where that closes a circle, InnoDB
 * ends the change, which has written nothing, and it is tried again.
 */
function gateRoutine(tables: OldTables, flavour: Flavour): string {
  return `CREATE PROCEDURE ${routineName(tables, 'gate')} (p_side TINYINT) SQL SECURITY DEFINER
BEGIN
  DECLARE v_state VARCHAR(16) DEFAULT 'changing';
  SELECT state INTO v_state FROM ${tables.ledger}.bridge WHERE side = p_side ${flavour === 'mysql' ? 'FOR SHARE' : 'LOCK IN SHARE MODE'} SKIP LOCKED;
  IF v_state <> 'open' THEN ${signal(`CONCAT('the bridge is ', v_state, ', so this side must not write')`)}; END IF;
END`
}

/**
 * Runs `action`. A failure is passed on, unless nothing was written yet: then `onFailure` decides. Nothing is undone here: a savepoint within
 * a trigger of MariaDB keeps a statement that fails later from being undone as a whole.
 */
function attempt(action: string, onFailure: string): string {
  return `BEGIN
    DECLARE v_errno INT;
    DECLARE v_text VARCHAR(255) CHARACTER SET utf8mb4;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
      GET DIAGNOSTICS CONDITION 1 v_errno = MYSQL_ERRNO, v_text = MESSAGE_TEXT;
      SET @holdfast_side = NULL;
      IF @holdfast_begun = 1 OR v_errno IN (${PASSED_ON}) THEN RESIGNAL; END IF;
      ${onFailure}
    END;
    SET @holdfast_side = 'old', @holdfast_begun = 0;
    ${action}
    SET @holdfast_side = NULL;
  END`
}

function linkIs(tables: OldTables): string {
  return `SELECT state, number, balance_id, counter_id INTO v_state, v_number, v_balance, v_counter FROM ${tables.ledger}.bridge_accounts
    WHERE account = p_account AND asset = p_asset FOR UPDATE`
}

/** An old row was inserted or changed. */
function writeRoutine(tables: OldTables): string {
  const { ledger, plan } = tables
  const record = `UPDATE ${ledger}.bridge_accounts SET state = 'broken', reason = v_text WHERE account = p_account AND asset = p_asset;
      INSERT INTO ${ledger}.bridge_failures (account, asset, available, frozen, message)
        VALUES (p_account, p_asset, CONCAT(p_available), CONCAT(p_frozen), v_text);`
  const meet = `CALL ${routineName(tables, 'meet')}(p_account, p_asset, v_number, v_balance, v_counter, p_available, p_frozen, IF(v_state = 'attached', 'write', 'attach'));
    IF v_state = 'pending' THEN
      UPDATE ${ledger}.bridge_accounts SET state = 'attached' WHERE account = p_account AND asset = p_asset;
    END IF;`
  return `CREATE PROCEDURE ${routineName(tables, 'write')} (
  p_account ${ACCOUNT_TYPE}, p_asset ${ASSET_TYPE}, p_available ${AMOUNT_TYPE}, p_frozen ${AMOUNT_TYPE},
  p_key VARCHAR(191) CHARACTER SET utf8mb4, p_kind VARCHAR(191) CHARACTER SET utf8mb4, p_new TINYINT
) SQL SECURITY DEFINER
main: BEGIN
  DECLARE v_state VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin;
  DECLARE v_number INT;
  DECLARE v_balance, v_counter BIGINT;
  IF p_account IS NULL OR p_asset IS NULL THEN LEAVE main; END IF;
  CALL ${routineName(tables, 'gate')}(1);
  IF p_new = 1 THEN
    INSERT IGNORE INTO ${ledger}.bridge_accounts (account, asset, old_key, old_kind, state) VALUES (p_account, p_asset, p_key, p_kind, 'pending');
  END IF;
  ${linkIs(tables)};
  IF v_state IS NULL OR NOT (v_state = 'attached' OR (v_state = 'pending' AND p_new = 1)) THEN LEAVE main; END IF;
  ${attempt(meet, plan.onFailure === 'refuse' ? 'RESIGNAL;' : record)};
END`
}

/** An old row is about to be deleted, or to get another key. */
function leaveRoutine(tables: OldTables): string {
  const { ledger } = tables
  return `CREATE PROCEDURE ${routineName(tables, 'leave')} (
  p_account ${ACCOUNT_TYPE}, p_asset ${ASSET_TYPE}, p_available ${AMOUNT_TYPE}, p_frozen ${AMOUNT_TYPE}
) SQL SECURITY DEFINER
main: BEGIN
  DECLARE v_state VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin;
  DECLARE v_number, v_full INT;
  DECLARE v_balance, v_counter BIGINT;
  IF p_account IS NULL OR p_asset IS NULL THEN LEAVE main; END IF;
  CALL ${routineName(tables, 'gate')}(1);
  ${linkIs(tables)};
  IF v_state = 'pending' THEN
    DELETE FROM ${ledger}.bridge_accounts WHERE account = p_account AND asset = p_asset;
  END IF;
  IF v_state IS NULL OR v_state NOT IN ('attached', 'broken') THEN LEAVE main; END IF;
  IF NOT (p_available <=> 0 AND p_frozen <=> 0) THEN ${signal(`CONCAT(p_account, ' still has coins, so its row must stay')`)}; END IF;
  SELECT available <> 0 OR held <> 0 INTO v_full FROM ${ledger}.balances FORCE INDEX (PRIMARY) WHERE id = v_balance FOR UPDATE;
  IF v_full = 1 OR v_state = 'broken' THEN ${signal(`CONCAT(p_account, ' still has coins in the ledger, so its row must stay')`)}; END IF;
END`
}

/** A commit of the ledger has changed a balance. */
function forwardRoutine(tables: OldTables, flavour: Flavour): string {
  const { plan, users, index, ledger } = tables
  const { mapping, versionColumn } = plan
  const unit = byAsset(tables, 'p_asset', ({ scale }) => unitText(scale))
  const moved =
    mapping.balanceMeans === 'total'
      ? '(CAST(p_available AS DECIMAL(38, 0)) + p_held)'
      : 'CAST(p_available AS DECIMAL(38, 0))'
  const assignments = [
    `u.${quoted(mapping.users.balance)} = u.${quoted(mapping.users.balance)} + ${moved} * ${unit}`,
    `u.${quoted(mapping.users.frozen)} = u.${quoted(mapping.users.frozen)} + CAST(p_held AS DECIMAL(38, 0)) * ${unit}`,
    ...(versionColumn === null ? [] : [`u.${quoted(versionColumn)} = u.${quoted(versionColumn)} + 1`]),
  ]
  return `CREATE PROCEDURE ${routineName(tables, 'forward')} (
  p_account ${ACCOUNT_TYPE}, p_asset ${ASSET_TYPE}, p_available BIGINT, p_held BIGINT
) SQL SECURITY DEFINER
BEGIN
  DECLARE v_state VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin;
  DECLARE v_key VARCHAR(191) CHARACTER SET utf8mb4;
  DECLARE v_kind VARCHAR(191) CHARACTER SET utf8mb4;
  DECLARE v_rows INT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    SET @holdfast_side = NULL;
    RESIGNAL;
  END;
  CALL ${routineName(tables, 'gate')}(2);
  SELECT state, old_key, old_kind INTO v_state, v_key, v_kind FROM ${ledger}.bridge_accounts
    WHERE account = p_account AND asset = p_asset ${flavour === 'mysql' ? 'FOR SHARE' : 'LOCK IN SHARE MODE'};
  IF NOT (v_state <=> 'attached') THEN
    ${signal(`CONCAT(p_account, ' is not bridged (', COALESCE(v_state, 'no old row'), '), so no coins of it can move')`)};
  END IF;
  SET @holdfast_side = 'ledger';
  BEGIN
    DECLARE v_old_key ${tables.key.variable} DEFAULT ${valueOf(tables.key, 'v_key')};
    ${tables.kind === null ? '' : `DECLARE v_old_kind ${tables.kind.variable} DEFAULT ${valueOf(tables.kind, 'v_kind')};`}
    SELECT COUNT(*) INTO v_rows FROM ${users.sql} u FORCE INDEX (${index}) WHERE ${isOldRow(tables)} FOR UPDATE;
    UPDATE ${users.sql} u FORCE INDEX (${index}) SET ${assignments.join(', ')} WHERE ${isOldRow(tables)};
  END;
  SET @holdfast_side = NULL;
  IF v_rows <> 1 THEN ${signal(`CONCAT('the old row of ', p_account, ' is gone')`)}; END IF;
END`
}

function valueOf({ isWhole, variable }: KeyColumn, text: string): string {
  if (!isWhole) return text
  if (variable === 'BIGINT') return `CAST(${text} AS SIGNED)`
  return variable === 'BIGINT UNSIGNED' ? `CAST(${text} AS UNSIGNED)` : `CAST(${text} AS DECIMAL(65, 0))`
}

function isOldRow({ key, kind }: OldTables): string {
  return `u.${key.sql} = v_old_key${kind === null ? '' : ` AND u.${kind.sql} = v_old_kind`}`
}

/** Takes over a user, or repairs one: `p_why` as in `meet`. */
function attachRoutine(tables: OldTables): string {
  const { ledger, users, index } = tables
  const row = new OldRow(tables, 'u')
  const failed = `IF p_why = 'repair' THEN RESIGNAL; END IF;
      UPDATE ${ledger}.bridge_accounts SET state = 'refused', reason = v_text WHERE account = p_account AND asset = p_asset;`
  const meet = `CALL ${routineName(tables, 'meet')}(p_account, p_asset, v_number, v_balance, v_counter, v_available, v_frozen, p_why);
    UPDATE ${ledger}.bridge_accounts SET state = 'attached', reason = NULL WHERE account = p_account AND asset = p_asset;`
  return `CREATE PROCEDURE ${routineName(tables, 'attach')} (
  p_account ${ACCOUNT_TYPE}, p_asset ${ASSET_TYPE}, p_why VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin
) SQL SECURITY DEFINER
main: BEGIN
  DECLARE v_state VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin;
  DECLARE v_key VARCHAR(191) CHARACTER SET utf8mb4;
  DECLARE v_kind VARCHAR(191) CHARACTER SET utf8mb4;
  DECLARE v_available, v_frozen ${AMOUNT_TYPE};
  DECLARE v_number INT;
  DECLARE v_balance, v_counter BIGINT;
  DECLARE v_found INT DEFAULT 0;
  SELECT old_key, old_kind INTO v_key, v_kind FROM ${ledger}.bridge_accounts WHERE account = p_account AND asset = p_asset;
  IF v_key IS NULL THEN LEAVE main; END IF;
  BEGIN
    DECLARE v_old_key ${tables.key.variable} DEFAULT ${valueOf(tables.key, 'v_key')};
    ${tables.kind === null ? '' : `DECLARE v_old_kind ${tables.kind.variable} DEFAULT ${valueOf(tables.kind, 'v_kind')};`}
    SELECT ${row.available}, ${row.frozen}, 1 INTO v_available, v_frozen, v_found FROM ${users.sql} u FORCE INDEX (${index})
      WHERE ${isOldRow(tables)} FOR UPDATE;
  END;
  ${linkIs(tables)};
  IF v_state IS NULL OR (p_why <> 'repair' AND v_state NOT IN ('pending', 'refused')) THEN LEAVE main; END IF;
  IF v_found = 0 THEN
    IF v_state IN ('pending', 'refused') THEN
      DELETE FROM ${ledger}.bridge_accounts WHERE account = p_account AND asset = p_asset;
      LEAVE main;
    END IF;
    SET v_available = 0, v_frozen = 0;
  END IF;
  ${attempt(meet, failed)};
END`
}

/** A trigger by its name. */
export interface Trigger {
  readonly schema: string
  readonly name: string
  readonly sql: string
}

/** In the order in which they are made: the old side first, so that no user is attached before all of them are there. */
export function triggers(tables: OldTables): readonly Trigger[] {
  const { users, freezes, plan, ledger } = tables
  const [old, next] = [new OldRow(tables, 'OLD'), new OldRow(tables, 'NEW')]
  const { mapping } = plan
  const changed = (column: string): string => `NOT (OLD.${quoted(column)} <=> NEW.${quoted(column)})`
  const write = (isNew: 0 | 1): string =>
    `CALL ${routineName(tables, 'write')}(${next.account}, ${next.asset}, ${next.available}, ${next.frozen}, ${next.key}, ${next.kind}, ${isNew})`
  const leave = `CALL ${routineName(tables, 'leave')}(${old.account}, ${old.asset}, ${old.available}, ${old.frozen})`
  const isOutside = `NOT (@holdfast_side <=> 'ledger')`
  const make = (
    table: { readonly schema: string; readonly sql: string },
    name: string,
    moment: string,
    body: string,
  ): Trigger => ({
    schema: table.schema,
    name: `holdfast_bridge_${name}`,
    sql: `CREATE TRIGGER ${quoted(table.schema)}.${quoted(`holdfast_bridge_${name}`)} ${moment} ON ${table.sql} FOR EACH ROW\n${body}`,
  })
  const keys = [mapping.users.key, ...(mapping.coins === null ? [] : [mapping.coins.userColumn])]
  const balances = { schema: ledger.slice(1, -1).replaceAll('``', '`'), sql: `${ledger}.balances` }
  return [
    make(users, 'users_insert', 'AFTER INSERT', `IF ${isOutside} THEN ${write(1)}; END IF`),
    make(
      users,
      'users_update',
      'AFTER UPDATE',
      `IF ${isOutside} THEN
  IF ${keys.map(changed).join(' OR ')} THEN ${signal(`'the key of a bridged row must not change'`)};
  ELSEIF ${[mapping.users.balance, mapping.users.frozen].map(changed).join(' OR ')} THEN ${write(0)}; END IF;
END IF`,
    ),
    make(users, 'users_delete', 'BEFORE DELETE', leave),
    make(freezes, 'freezes_before', 'BEFORE INSERT', lockUser(tables)),
    make(
      freezes,
      'freezes_insert',
      'AFTER INSERT',
      `IF ${isOutside} THEN
  CALL ${routineName(tables, 'gate')}(1);
  CALL ${routineName(tables, 'know')}(NEW.${quoted(mapping.freezes.requestId)}, ${accountNamed(plan, textOf(`NEW.${quoted(mapping.freezes.user)}`))});
END IF`,
    ),
    make(balances, 'balances_insert', 'AFTER INSERT', forwarding(tables, 'NEW.available', 'NEW.held')),
    make(
      balances,
      'balances_update',
      'AFTER UPDATE',
      forwarding(tables, 'NEW.available - OLD.available', 'NEW.held - OLD.held'),
    ),
  ]
}

/** One lock order: the row of the user before that of the log, also where old code inserts the log first. */
function lockUser(tables: OldTables): string {
  const { users, key, kind, index, plan } = tables
  const { freezes, coins } = plan.mapping
  const isUser = `u.${key.sql} = NEW.${quoted(freezes.user)}`
  const isKind = kind === null ? '' : ` AND u.${kind.sql} = NEW.${quoted(coins!.freezeColumn)}`
  return `IF NOT (@holdfast_side <=> 'ledger') THEN
  SET @holdfast_locked = (SELECT COUNT(*) FROM ${users.sql} u FORCE INDEX (${index}) WHERE ${isUser}${isKind} FOR UPDATE);
END IF`
}

function forwarding(tables: OldTables, available: string, held: string): string {
  const { mapping } = tables.plan
  const [before, after] = aroundKey(mapping)
  const isNamed = [
    `LEFT(NEW.account, ${before.length}) = ${literal(before)}`,
    ...(after === '' ? [] : [`RIGHT(NEW.account, ${after.length}) = ${literal(after)}`]),
    `NEW.asset IN (${coinsOf(mapping)
      .map(({ asset }) => literal(asset))
      .join(', ')})`,
  ]
  return `IF NEW.stripe = 0 AND ${isNamed.join(' AND ')} AND NOT (@holdfast_side <=> 'old') AND (${available} <> 0 OR ${held} <> 0) THEN
  CALL ${routineName(tables, 'forward')}(NEW.account, NEW.asset, ${available}, ${held});
END IF`
}
