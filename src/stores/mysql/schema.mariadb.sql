-- The tables as the migrations make them, dumped from MariaDB 10.11 by `npm run generate`.
-- Nothing reads this file when Holdfast runs; a test compares it with a database that was just migrated.

CREATE TABLE `accounts` (
  `account` varchar(64) NOT NULL,
  `metadata` mediumtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  PRIMARY KEY (`account`)
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
  `account` varchar(64) NOT NULL,
  `asset` varchar(16) NOT NULL,
  `stripe` int(11) NOT NULL,
  `available` bigint(20) NOT NULL,
  `held` bigint(20) NOT NULL,
  `floor` bigint(20) DEFAULT NULL,
  `version` bigint(20) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `balances_name` (`account`,`asset`,`stripe`),
  CONSTRAINT `balances_held` CHECK (`held` >= 0),
  CONSTRAINT `balances_floor` CHECK (`available` >= `floor`),
  CONSTRAINT `balances_version` CHECK (`version` > 0)
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin ROW_FORMAT=DYNAMIC;

CREATE TABLE `hold_steps` (
  `hold` varchar(128) NOT NULL,
  `step` bigint(20) NOT NULL,
  `entry_id` varchar(160) NOT NULL,
  PRIMARY KEY (`hold`,`step`),
  CONSTRAINT `hold_steps_step` CHECK (`step` > 0)
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

CREATE TABLE `postings` (
  `balance_id` bigint(20) NOT NULL,
  `version` bigint(20) NOT NULL,
  `entry_id` varchar(160) NOT NULL,
  `kind` varchar(16) NOT NULL,
  `available_delta` bigint(20) NOT NULL,
  `held_delta` bigint(20) NOT NULL,
  `available` bigint(20) NOT NULL,
  `held` bigint(20) NOT NULL,
  `at` bigint(20) NOT NULL,
  PRIMARY KEY (`balance_id`,`version`)
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin ROW_FORMAT=DYNAMIC;

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
  `id` varchar(160) NOT NULL,
  `kind` enum('freeze','open','deposit','charge','transfer','settle','release','amend','refund') NOT NULL,
  `at` bigint(20) NOT NULL,
  `fingerprint` bigint(20) NOT NULL,
  `metadata` mediumtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL,
  `memo` varchar(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL,
  `floor` bigint(20) DEFAULT NULL,
  `postings` mediumtext DEFAULT NULL,
  `legs` mediumtext DEFAULT NULL,
  `hold_after` mediumtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL,
  `balance_id` bigint(20) DEFAULT NULL,
  `payee` varchar(64) DEFAULT NULL,
  `state` enum('open','settled','released','expired') DEFAULT NULL,
  `amount` bigint(20) DEFAULT NULL,
  `held` bigint(20) DEFAULT NULL,
  `settled` bigint(20) DEFAULT NULL,
  `released` bigint(20) DEFAULT NULL,
  `drawn` bigint(20) DEFAULT NULL,
  `shortfall` bigint(20) DEFAULT NULL,
  `expires_at` bigint(20) DEFAULT NULL,
  `ended_at` bigint(20) DEFAULT NULL,
  `end_fingerprint` bigint(20) DEFAULT NULL,
  `opened_version` bigint(20) DEFAULT NULL,
  `ended_version` bigint(20) DEFAULT NULL,
  `payee_balance_id` bigint(20) DEFAULT NULL,
  `payee_version` bigint(20) DEFAULT NULL,
  `on_expiry` bigint(20) DEFAULT NULL,
  `refunded` bigint(20) DEFAULT NULL,
  `settled_late` bigint(20) DEFAULT NULL,
  `steps` bigint(20) DEFAULT NULL,
  `first_answers` mediumtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `requests_open` (`state`,`expires_at`),
  CONSTRAINT `requests_held` CHECK (`held` >= 0),
  CONSTRAINT `requests_sum` CHECK (`amount` + `drawn` = `settled` + `released` + `held`),
  CONSTRAINT `requests_refunded` CHECK (`refunded` <= `settled`),
  CONSTRAINT `requests_late` CHECK (`settled_late` <= `drawn`),
  CONSTRAINT `requests_end` CHECK (`state` = 'open' = (coalesce(`ended_at`,0) = 0)),
  CONSTRAINT `requests_state` CHECK (`kind` <> 'freeze' or `state` is not null)
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin ROW_FORMAT=DYNAMIC;

CREATE SQL SECURITY INVOKER VIEW `holds` AS
select
  `r`.`id` AS `id`,
  `b`.`account` AS `account`,
  `b`.`asset` AS `asset`,
  `r`.`payee` AS `payee`,
  `r`.`state` AS `state`,
  `r`.`amount` AS `amount`,
  `r`.`held` AS `held`,
  `r`.`settled` AS `settled`,
  `r`.`released` AS `released`,
  `r`.`drawn` AS `drawn`,
  `r`.`shortfall` AS `shortfall`,coalesce(`r`.`refunded`,0) AS `refunded`,coalesce(`r`.`settled_late`,0) AS `settled_late`,
  `r`.`on_expiry` AS `on_expiry`,
  `r`.`expires_at` AS `expires_at`,
  `r`.`at` AS `created_at`,nullif(`r`.`ended_at`,0) AS `ended_at`,
  `r`.`metadata` AS `metadata`
from (`requests` `r` join `balances` `b` on(`b`.`id` = `r`.`balance_id`))
where `r`.`kind` = 'freeze';
