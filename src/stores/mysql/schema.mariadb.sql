-- The tables as the migrations make them, dumped from MariaDB 10.11 by `npm run generate`.
-- Nothing reads this file when Holdfast runs; a test compares it with a database that was just migrated.

CREATE TABLE `accounts` (
  `account` varchar(128) NOT NULL,
  `metadata` mediumtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  PRIMARY KEY (`account`)
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin ROW_FORMAT=DYNAMIC;

CREATE TABLE `actors` (
  `number` int(11) NOT NULL AUTO_INCREMENT,
  `key_number` bigint(20) NOT NULL,
  `key_name` varchar(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `address` varchar(64) NOT NULL,
  `first_at` bigint(20) NOT NULL,
  PRIMARY KEY (`number`),
  UNIQUE KEY `actors_use` (`key_number`,`address`,`key_name`)
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin ROW_FORMAT=DYNAMIC;

CREATE TABLE `api_keys` (
  `number` bigint(20) NOT NULL AUTO_INCREMENT,
  `name` varchar(64) NOT NULL,
  `hash` char(64) NOT NULL,
  `previous_hash` char(64) DEFAULT NULL,
  `previous_until` bigint(20) DEFAULT NULL,
  `scopes` varchar(1024) NOT NULL,
  `within_accounts` text DEFAULT NULL,
  `within_assets` text DEFAULT NULL,
  `within_amount` bigint(20) DEFAULT NULL,
  `commands_per_second` bigint(20) DEFAULT NULL,
  `burst` bigint(20) DEFAULT NULL,
  `created_at` bigint(20) NOT NULL,
  `rotated_at` bigint(20) DEFAULT NULL,
  `expires_at` bigint(20) DEFAULT NULL,
  `last_used_at` bigint(20) DEFAULT NULL,
  `revoked_at` bigint(20) DEFAULT NULL,
  PRIMARY KEY (`number`),
  UNIQUE KEY `api_keys_name` (`name`),
  CONSTRAINT `api_keys_previous` CHECK (`previous_until` is null = (`previous_hash` is null)),
  CONSTRAINT `api_keys_amount` CHECK (`within_amount` > 0),
  CONSTRAINT `api_keys_rate` CHECK (`commands_per_second` > 0 and `burst` > 0)
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin ROW_FORMAT=DYNAMIC;

CREATE TABLE `assets` (
  `code` varchar(16) NOT NULL,
  `decimals` tinyint(4) NOT NULL,
  `name` varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `created_at` bigint(20) NOT NULL,
  PRIMARY KEY (`code`),
  CONSTRAINT `assets_decimals` CHECK (`decimals` between 0 and 18)
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin ROW_FORMAT=DYNAMIC;

CREATE TABLE `balances` (
  `id` bigint(20) NOT NULL,
  `account` varchar(128) NOT NULL,
  `asset` varchar(16) NOT NULL,
  `stripe` int(11) NOT NULL,
  `available` bigint(20) NOT NULL,
  `held` bigint(20) NOT NULL,
  `floor` bigint(20) DEFAULT NULL,
  `debt` bigint(20) NOT NULL DEFAULT 0,
  `standing` tinyint(4) NOT NULL DEFAULT 0,
  `successor` varchar(128) DEFAULT NULL,
  `version` bigint(20) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `balances_name` (`account`,`asset`,`stripe`),
  CONSTRAINT `balances_held` CHECK (`held` >= 0),
  CONSTRAINT `balances_debt` CHECK (`debt` >= 0 and (`debt` = 0 or `floor` is not null and `available` + `debt` = `floor`)),
  CONSTRAINT `balances_floor` CHECK (`available` + `debt` >= `floor`),
  CONSTRAINT `balances_version` CHECK (`version` > 0)
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin ROW_FORMAT=DYNAMIC;

CREATE TABLE `commits` (
  `number` bigint(20) NOT NULL AUTO_INCREMENT,
  `entries` mediumtext NOT NULL,
  PRIMARY KEY (`number`)
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin ROW_FORMAT=DYNAMIC;

CREATE TABLE `feed` (
  `position` bigint(20) NOT NULL,
  `entries` mediumtext NOT NULL,
  PRIMARY KEY (`position`)
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin ROW_FORMAT=DYNAMIC;

CREATE TABLE `hold_changes` (
  `hold_seq` bigint(20) NOT NULL,
  `number` bigint(20) NOT NULL,
  `at` bigint(20) NOT NULL,
  `fingerprint` bigint(20) NOT NULL,
  `version` bigint(20) NOT NULL,
  `payee_balance_id` bigint(20) DEFAULT NULL,
  `payee_version` bigint(20) DEFAULT NULL,
  `state` varchar(16) NOT NULL,
  `amount` bigint(20) NOT NULL,
  `held` bigint(20) NOT NULL,
  `settled` bigint(20) NOT NULL,
  `released` bigint(20) NOT NULL,
  `drawn` bigint(20) NOT NULL,
  `shortfall` bigint(20) NOT NULL,
  `seq` bigint(20) DEFAULT NULL,
  `payee` varchar(128) DEFAULT NULL,
  `refunded` bigint(20) DEFAULT NULL,
  `settled_late` bigint(20) DEFAULT NULL,
  `expires_at` bigint(20) DEFAULT NULL,
  `on_expiry` bigint(20) DEFAULT NULL,
  `end_number` bigint(20) DEFAULT NULL,
  `end_settled` bigint(20) DEFAULT NULL,
  `actor` int(11) DEFAULT NULL,
  `trace` binary(16) DEFAULT NULL,
  PRIMARY KEY (`hold_seq`,`number`),
  CONSTRAINT `hold_changes_number` CHECK (`number` > 0),
  CONSTRAINT `hold_changes_held` CHECK (`held` >= 0),
  CONSTRAINT `hold_changes_sum` CHECK (`amount` + `drawn` = `settled` + `released` + `held`),
  CONSTRAINT `hold_changes_refunded` CHECK (`refunded` <= `settled`),
  CONSTRAINT `hold_changes_late` CHECK (`settled_late` <= `drawn`),
  CONSTRAINT `hold_changes_open` CHECK (`state` <> 'open' or `seq` is not null and `end_number` is null)
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin ROW_FORMAT=DYNAMIC;

CREATE TABLE `house_accounts` (
  `account` varchar(128) NOT NULL,
  `declared_at` bigint(20) NOT NULL,
  PRIMARY KEY (`account`)
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin ROW_FORMAT=DYNAMIC;

CREATE TABLE `journal` (
  `balance_id` bigint(20) NOT NULL,
  `first_version` bigint(20) NOT NULL,
  `last_version` bigint(20) NOT NULL,
  `available` bigint(20) NOT NULL,
  `held` bigint(20) NOT NULL,
  `at` bigint(20) NOT NULL,
  `seq` bigint(20) NOT NULL,
  `packed` mediumtext NOT NULL,
  PRIMARY KEY (`balance_id`,`first_version`),
  CONSTRAINT `journal_versions` CHECK (`last_version` >= `first_version`)
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin ROW_FORMAT=DYNAMIC;

CREATE TABLE `migrations` (
  `number` int(11) NOT NULL,
  `name` varchar(128) NOT NULL,
  `checksum` char(64) NOT NULL,
  `statements_begun` int(11) NOT NULL,
  `statements_done` int(11) NOT NULL,
  `applied_at` bigint(20) DEFAULT NULL,
  PRIMARY KEY (`number`)
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin;

CREATE TABLE `rates` (
  `from_asset` varchar(16) NOT NULL,
  `to_asset` varchar(16) NOT NULL,
  `version` bigint(20) NOT NULL,
  `numerator` bigint(20) NOT NULL,
  `denominator` bigint(20) NOT NULL,
  `rounding` varchar(16) NOT NULL,
  `tolerance_ppm` bigint(20) NOT NULL,
  `declared_at` bigint(20) NOT NULL,
  PRIMARY KEY (`from_asset`,`to_asset`,`version`),
  CONSTRAINT `rates_version` CHECK (`version` > 0),
  CONSTRAINT `rates_fraction` CHECK (`numerator` > 0 and `denominator` > 0),
  CONSTRAINT `rates_tolerance` CHECK (`tolerance_ppm` between 0 and 1000000)
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin ROW_FORMAT=DYNAMIC;

CREATE TABLE `requests` (
  `seq` bigint(20) NOT NULL,
  `id` varbinary(32) NOT NULL,
  `id_text` varchar(160) DEFAULT NULL,
  `kind` varchar(16) NOT NULL,
  `at` bigint(20) NOT NULL,
  `fingerprint` bigint(20) NOT NULL,
  `metadata` mediumtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL,
  `memo` varchar(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL,
  `floor` bigint(20) DEFAULT NULL,
  `postings` mediumtext DEFAULT NULL,
  `legs` mediumtext DEFAULT NULL,
  `hold_seq` bigint(20) DEFAULT NULL,
  `hold_number` bigint(20) DEFAULT NULL,
  `balance_id` bigint(20) DEFAULT NULL,
  `opened_version` bigint(20) DEFAULT NULL,
  `payee` varchar(128) DEFAULT NULL,
  `amount` bigint(20) DEFAULT NULL,
  `overdraft` tinyint(4) DEFAULT NULL,
  `on_expiry` bigint(20) DEFAULT NULL,
  `expires_at` bigint(20) DEFAULT NULL,
  `actor` int(11) DEFAULT NULL,
  `trace` binary(16) DEFAULT NULL,
  PRIMARY KEY (`seq`),
  UNIQUE KEY `requests_id` (`id`),
  KEY `requests_expiry` (`expires_at`),
  KEY `requests_steps` (`hold_seq`),
  CONSTRAINT `requests_amount` CHECK (`amount` >= 0)
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin ROW_FORMAT=DYNAMIC;

CREATE TABLE `standings` (
  `account` varchar(128) NOT NULL,
  `standing` tinyint(4) NOT NULL,
  `successor` varchar(128) DEFAULT NULL,
  `assets` mediumtext NOT NULL,
  `version` bigint(20) NOT NULL,
  PRIMARY KEY (`account`),
  CONSTRAINT `standings_standing` CHECK (`standing` between 0 and 2),
  CONSTRAINT `standings_successor` CHECK (`successor` is not null = (`standing` = 2)),
  CONSTRAINT `standings_version` CHECK (`version` > 0)
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin ROW_FORMAT=DYNAMIC;

CREATE SQL SECURITY INVOKER VIEW `request_ids` AS
select
  `requests`.`seq` AS `seq`,case when `requests`.`id_text` is not null then `requests`.`id_text` when octet_length(`requests`.`id`) = 16 and ord(substr(`requests`.`id`,9,1)) >= 128 then convert(lcase(concat_ws('-',hex(substr(`requests`.`id`,1,4)),hex(substr(`requests`.`id`,5,2)),hex(substr(`requests`.`id`,7,2)),hex(substr(`requests`.`id`,9,2)),hex(substr(`requests`.`id`,11)))) using ascii) collate ascii_bin else convert(`requests`.`id` using ascii) collate ascii_bin end AS `id`
from `requests`;

CREATE SQL SECURITY INVOKER VIEW `authors` AS
select
  `i`.`id` AS `entry_id`,
  `r`.`at` AS `at`,
  `a`.`key_name` AS `key_name`,
  `a`.`address` AS `address`,lcase(hex(`r`.`trace`)) AS `trace`,
  `r`.`actor` AS `actor`,
  `r`.`seq` AS `seq`
from ((`requests` `r` join `actors` `a` on(`a`.`number` = `r`.`actor`)) join `request_ids` `i` on(`i`.`seq` = `r`.`seq`)) union all select concat(`i`.`id`,'~',case when `c`.`state` = 'settled' or `c`.`state` = 'expired' and `c`.`payee_version` is not null then 'settle' else 'release' end) AS `Name_exp_1`,
  `c`.`at` AS `at`,
  `a`.`key_name` AS `key_name`,
  `a`.`address` AS `address`,lcase(hex(`c`.`trace`)) AS `LOWER(HEX(c.trace))`,
  `c`.`actor` AS `actor`,
  `c`.`hold_seq` AS `hold_seq`
from ((`hold_changes` `c` join `actors` `a` on(`a`.`number` = `c`.`actor`)) join `request_ids` `i` on(`i`.`seq` = `c`.`hold_seq`));

CREATE SQL SECURITY INVOKER VIEW `entries` AS
select
  `i`.`id` AS `id`,
  `r`.`kind` AS `kind`,case when `r`.`kind` = 'freeze' then `i`.`id` else `h`.`id` end AS `hold`,
  `r`.`at` AS `at`,
  `r`.`memo` AS `memo`,
  `r`.`metadata` AS `metadata`,
  `r`.`floor` AS `floor`,
  `r`.`legs` AS `legs`,
  `r`.`seq` AS `seq`
from ((`requests` `r` join `request_ids` `i` on(`i`.`seq` = `r`.`seq`)) left join `request_ids` `h` on(`h`.`seq` = `r`.`hold_seq`)) union all select concat(`i`.`id`,'~',
  `e`.`kind`) AS `CONCAT(i.id, '~', e.kind)`,
  `e`.`kind` AS `kind`,
  `i`.`id` AS `id`,
  `e`.`at` AS `at`,NULL AS `NULL`,NULL AS `NULL`,NULL AS `NULL`,NULL AS `NULL`,
  `e`.`hold_seq` AS `hold_seq`
from ((select `hold_changes`.`hold_seq` AS `hold_seq`,
  `hold_changes`.`at` AS `at`,case when `hold_changes`.`state` = 'settled' or `hold_changes`.`state` = 'expired' and `hold_changes`.`payee_version` is not null then 'settle' else 'release' end AS `kind`
from `hold_changes`
where `hold_changes`.`seq` is null) `e` join `request_ids` `i` on(`i`.`seq` = `e`.`hold_seq`));

CREATE SQL SECURITY INVOKER VIEW `holds` AS
select
  `i`.`id` AS `id`,
  `b`.`account` AS `account`,
  `b`.`asset` AS `asset`,coalesce(`c`.`payee`,
  `r`.`payee`) AS `payee`,coalesce(`c`.`state`,'open') AS `state`,coalesce(`c`.`amount`,
  `r`.`amount`) AS `amount`,coalesce(`c`.`held`,
  `r`.`amount`) AS `held`,coalesce(`c`.`settled`,0) AS `settled`,coalesce(`c`.`released`,0) AS `released`,coalesce(`c`.`drawn`,0) AS `drawn`,coalesce(`c`.`shortfall`,0) AS `shortfall`,coalesce(`c`.`refunded`,0) AS `refunded`,coalesce(`c`.`settled_late`,0) AS `settled_late`,case when `c`.`seq` is null then `r`.`on_expiry` else `c`.`on_expiry` end AS `on_expiry`,coalesce(`c`.`expires_at`,
  `r`.`expires_at`) AS `expires_at`,
  `r`.`at` AS `created_at`,case when `c`.`state` <> 'open' then coalesce(`e`.`at`,
  `c`.`at`) end AS `ended_at`,
  `r`.`metadata` AS `metadata`,
  `r`.`seq` AS `seq`
from ((((`requests` `r` join `request_ids` `i` on(`i`.`seq` = `r`.`seq`)) join `balances` `b` on(`b`.`id` = `r`.`balance_id`)) left join `hold_changes` `c` on(`c`.`hold_seq` = `r`.`seq` and `c`.`number` = (select max(`m`.`number`)
from `hold_changes` `m`
where `m`.`hold_seq` = `r`.`seq`))) left join `hold_changes` `e` on(`e`.`hold_seq` = `c`.`hold_seq` and `e`.`number` = `c`.`end_number`))
where `r`.`kind` = 'freeze';

CREATE SQL SECURITY INVOKER VIEW `postings` AS
select
  `l`.`balance_id` AS `balance_id`,
  `l`.`version` AS `version`,case when `r`.`kind` = 'freeze' and `l`.`kind` <> 'freeze' then concat(`i`.`id`,'~',
  `l`.`kind`) else `i`.`id` end AS `entry_id`,
  `l`.`kind` AS `kind`,
  `l`.`available_delta` AS `available_delta`,
  `l`.`held_delta` AS `held_delta`,
  `l`.`available` AS `available`,
  `l`.`held` AS `held`,
  `l`.`at` AS `at`,
  `l`.`seq` AS `seq`
from (((select `j`.`balance_id` AS `balance_id`,
  `j`.`first_version` AS `first_version`,
  `j`.`first_version` + `line`.`place` - 1 AS `version`,
  `j`.`at` AS `at`,
  `j`.`seq` + `line`.`seq` AS `seq`,
  `line`.`kind` AS `kind`,
  `line`.`available_delta` AS `available_delta`,
  `line`.`held_delta` AS `held_delta`,cast(`j`.`available` - sum(`line`.`available_delta`) over ( partition by `j`.`balance_id`,
  `j`.`first_version` order by `line`.`place` desc rows between  unbounded  preceding  and  current row ) + `line`.`available_delta` as signed) AS `available`,cast(`j`.`held` - sum(`line`.`held_delta`) over ( partition by `j`.`balance_id`,
  `j`.`first_version` order by `line`.`place` desc rows between  unbounded  preceding  and  current row ) + `line`.`held_delta` as signed) AS `held`
from (`journal` `j` join JSON_TABLE(`j`.`packed`, '$[*]' COLUMNS (`place` FOR ORDINALITY, `seq` bigint(20) PATH '$[0]', `kind` varchar(16) CHARSET ascii COLLATE ascii_bin PATH '$[1]', `available_delta` bigint(20) PATH '$[2]', `held_delta` bigint(20) PATH '$[3]')) `line`)) `l` left join `requests` `r` on(`r`.`seq` = `l`.`seq`)) left join `request_ids` `i` on(`i`.`seq` = `l`.`seq`));
