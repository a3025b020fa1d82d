-- The tables as the migrations make them, dumped from MySQL 9.7 by `npm run generate`.
-- Nothing reads this file when Holdfast runs; a test compares it with a database that was just migrated.

CREATE TABLE `accounts` (
  `account` varchar(64) NOT NULL,
  `metadata` mediumtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  PRIMARY KEY (`account`)
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin ROW_FORMAT=DYNAMIC;

CREATE TABLE `assets` (
  `code` varchar(16) NOT NULL,
  `decimals` tinyint NOT NULL,
  `name` varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `created_at` bigint NOT NULL,
  PRIMARY KEY (`code`),
  CONSTRAINT `assets_decimals` CHECK ((`decimals` between 0 and 18))
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin ROW_FORMAT=DYNAMIC;

CREATE TABLE `balances` (
  `id` bigint NOT NULL,
  `account` varchar(64) NOT NULL,
  `asset` varchar(16) NOT NULL,
  `stripe` int NOT NULL,
  `available` bigint NOT NULL,
  `held` bigint NOT NULL,
  `floor` bigint DEFAULT NULL,
  `version` bigint NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `balances_name` (`account`,`asset`,`stripe`),
  CONSTRAINT `balances_floor` CHECK ((`available` >= `floor`)),
  CONSTRAINT `balances_held` CHECK ((`held` >= 0)),
  CONSTRAINT `balances_version` CHECK ((`version` > 0))
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin ROW_FORMAT=DYNAMIC;

CREATE TABLE `hold_steps` (
  `hold` varchar(128) NOT NULL,
  `step` bigint NOT NULL,
  `entry_id` varchar(160) NOT NULL,
  PRIMARY KEY (`hold`,`step`),
  CONSTRAINT `hold_steps_step` CHECK ((`step` > 0))
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin ROW_FORMAT=DYNAMIC;

CREATE TABLE `migrations` (
  `number` int NOT NULL,
  `name` varchar(128) NOT NULL,
  `checksum` char(64) NOT NULL,
  `statements_begun` int NOT NULL,
  `statements_done` int NOT NULL,
  `applied_at` bigint DEFAULT NULL,
  PRIMARY KEY (`number`)
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin;

CREATE TABLE `postings` (
  `balance_id` bigint NOT NULL,
  `version` bigint NOT NULL,
  `entry_id` varchar(160) NOT NULL,
  `kind` varchar(16) NOT NULL,
  `available_delta` bigint NOT NULL,
  `held_delta` bigint NOT NULL,
  `available` bigint NOT NULL,
  `held` bigint NOT NULL,
  `at` bigint NOT NULL,
  PRIMARY KEY (`balance_id`,`version`)
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin ROW_FORMAT=DYNAMIC;

CREATE TABLE `rates` (
  `from_asset` varchar(16) NOT NULL,
  `to_asset` varchar(16) NOT NULL,
  `version` bigint NOT NULL,
  `numerator` bigint NOT NULL,
  `denominator` bigint NOT NULL,
  `rounding` varchar(16) NOT NULL,
  `tolerance_ppm` bigint NOT NULL,
  `declared_at` bigint NOT NULL,
  PRIMARY KEY (`from_asset`,`to_asset`,`version`),
  CONSTRAINT `rates_fraction` CHECK (((`numerator` > 0) and (`denominator` > 0))),
  CONSTRAINT `rates_tolerance` CHECK ((`tolerance_ppm` between 0 and 1000000)),
  CONSTRAINT `rates_version` CHECK ((`version` > 0))
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin ROW_FORMAT=DYNAMIC;

CREATE TABLE `requests` (
  `id` varchar(160) NOT NULL,
  `kind` enum('freeze','open','deposit','charge','transfer','settle','release','amend','refund') NOT NULL,
  `at` bigint NOT NULL,
  `fingerprint` bigint NOT NULL,
  `metadata` mediumtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
  `memo` varchar(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL,
  `floor` bigint DEFAULT NULL,
  `postings` mediumtext,
  `legs` mediumtext,
  `hold_after` mediumtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
  `balance_id` bigint DEFAULT NULL,
  `payee` varchar(64) DEFAULT NULL,
  `state` enum('open','settled','released','expired') DEFAULT NULL,
  `amount` bigint DEFAULT NULL,
  `held` bigint DEFAULT NULL,
  `settled` bigint DEFAULT NULL,
  `released` bigint DEFAULT NULL,
  `drawn` bigint DEFAULT NULL,
  `shortfall` bigint DEFAULT NULL,
  `expires_at` bigint DEFAULT NULL,
  `ended_at` bigint DEFAULT NULL,
  `end_fingerprint` bigint DEFAULT NULL,
  `opened_version` bigint DEFAULT NULL,
  `ended_version` bigint DEFAULT NULL,
  `payee_balance_id` bigint DEFAULT NULL,
  `payee_version` bigint DEFAULT NULL,
  `on_expiry` bigint DEFAULT NULL,
  `refunded` bigint DEFAULT NULL,
  `settled_late` bigint DEFAULT NULL,
  `steps` bigint DEFAULT NULL,
  `first_answers` mediumtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
  PRIMARY KEY (`id`),
  KEY `requests_open` (`state`,`expires_at`),
  CONSTRAINT `requests_end` CHECK (((`state` = _utf8mb4'open') = (coalesce(`ended_at`,0) = 0))),
  CONSTRAINT `requests_held` CHECK ((`held` >= 0)),
  CONSTRAINT `requests_late` CHECK ((`settled_late` <= `drawn`)),
  CONSTRAINT `requests_refunded` CHECK ((`refunded` <= `settled`)),
  CONSTRAINT `requests_state` CHECK (((`kind` <> _utf8mb4'freeze') or (`state` is not null))),
  CONSTRAINT `requests_sum` CHECK (((`amount` + `drawn`) = ((`settled` + `released`) + `held`)))
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
from (`requests` `r` join `balances` `b` on((`b`.`id` = `r`.`balance_id`)))
where (`r`.`kind` = 'freeze');
